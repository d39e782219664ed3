"""How answers are generated: transformers' arguments, defaults, precedence and checks."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

DEFAULTS: dict[str, Any] = {
    "max_length": 20,
    "min_length": 0,
    "do_sample": False,
    "num_beams": 1,
    "early_stopping": False,
    "length_penalty": 1.0,
    "num_return_sequences": 1,
    "temperature": 1.0,
    "top_k": 50,
    "top_p": 1.0,
    "min_p": 0.0,
    "typical_p": 1.0,
    "epsilon_cutoff": 0.0,
    "eta_cutoff": 0.0,
    "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "use_cache": True,
    "output_scores": False,
    "return_dict_in_generate": False,
}
SAMPLING = ("temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff")
ATTENTION = ("eager", "sdpa", "flash_attention_2")


@dataclass
class GenerationConfig:
    """None: as the model's generation_config says, or else transformers' default. docs/python.md says what each does."""

    max_length: int | None = None
    max_new_tokens: int | None = None
    min_length: int | None = None
    min_new_tokens: int | None = None
    do_sample: bool | None = None
    num_beams: int | None = None
    early_stopping: bool | str | None = None
    length_penalty: float | None = None
    num_return_sequences: int | None = None
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    typical_p: float | None = None
    epsilon_cutoff: float | None = None
    eta_cutoff: float | None = None
    repetition_penalty: float | None = None
    no_repeat_ngram_size: int | None = None
    bad_words_ids: list[list[int]] | None = None
    suppress_tokens: list[int] | None = None
    bos_token_id: int | None = None
    eos_token_id: int | list[int] | None = None
    pad_token_id: int | None = None
    use_cache: bool | None = None
    output_scores: bool | None = None
    return_dict_in_generate: bool | None = None
    attention_implementation: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """What is set."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def updated(self, values: Mapping[str, Any]) -> GenerationConfig:
        """A copy in which the values that are not None replace its own."""
        return GenerationConfig(**(self.to_dict() | {name: value for name, value in values.items() if value is not None}))


# How a caller wants a result, not which: never taken from a model's files.
CALLERS = ("use_cache", "output_scores", "return_dict_in_generate", "attention_implementation")


def of_model(values: Mapping[str, Any]) -> GenerationConfig:
    """What a model's generation_config.json says of the fields here; it may hold any others."""
    left_out = {*unknown(values), *CALLERS}
    return GenerationConfig().updated({name: value for name, value in values.items() if name not in left_out})


def unknown(names: Iterable[str]) -> list[str]:
    """Those of the names that are no field of GenerationConfig."""
    known = {each.name for each in fields(GenerationConfig)}
    return [name for name in names if name not in known]


@dataclass
class Effective:
    """A configuration with every default filled in, checked."""

    values: dict[str, Any]
    has_default_length: bool

    def __getattr__(self, name: str) -> Any:
        return self.values.get(name)

    @property
    def ends(self) -> list[int]:
        eos = self.values.get("eos_token_id")
        return [] if eos is None else [int(each) for each in np.atleast_1d(eos)]

    @property
    def pad(self) -> int | None:
        """What fills up shorter answers: the pad token, or else the first end token; with beams also in the place of pad
        token 0, as transformers has it (`pad_token_id or eos_token_id[0]`)."""
        pad = self.values.get("pad_token_id")
        has_pad = pad is not None and (pad != 0 or self.num_beams == 1 or not self.ends)
        return pad if has_pad else next(iter(self.ends), None)


def resolve(asked: Mapping[str, Any], passed: GenerationConfig | None, of_model: GenerationConfig) -> Effective:
    """Arguments of the call before a passed configuration's values, before the model's, before the defaults."""
    asked = {name: value for name, value in asked.items() if value is not None}
    set_by_user = (passed.to_dict() if passed is not None else {}) | asked
    set_values = of_model.to_dict() | set_by_user
    config = Effective(DEFAULTS | set_values, "max_length" not in set_values)
    _check(config)
    _warn(config, set_by_user)
    return config


def _check(config: Effective) -> None:
    if config.early_stopping not in (True, False, "never"):
        raise ValueError(f"early_stopping is {config.early_stopping!r}, expected True, False or 'never'")
    if config.max_new_tokens is not None and config.max_new_tokens < 1:
        raise ValueError(f"max_new_tokens is {config.max_new_tokens}, expected 1 or more")
    for name in ("num_beams", "num_return_sequences"):
        if config.values[name] < 1:
            raise ValueError(f"{name} is {config.values[name]}, expected 1 or more")
    if config.do_sample and not config.temperature > 0:
        raise ValueError(f"temperature is {config.temperature}, expected more than 0; for greedy search set do_sample=False")
    if config.num_beams == 1 and not config.do_sample and config.num_return_sequences > 1:
        raise ValueError("num_return_sequences needs do_sample=True or as many num_beams: greedy search has one result")
    if 1 < config.num_beams < config.num_return_sequences:
        raise ValueError(f"num_return_sequences is {config.num_return_sequences}, more than num_beams, {config.num_beams}")
    if config.attention_implementation not in (None, *ATTENTION):
        raise ValueError(f"attention_implementation is {config.attention_implementation!r}, expected one of {', '.join(ATTENTION)}")
    if config.use_cache is not True:
        raise ValueError("use_cache=False is not supported: tokens are computed once and their state is kept")
    if config.output_scores and not config.return_dict_in_generate:
        raise ValueError("output_scores needs return_dict_in_generate=True")


def _warn(config: Effective, set_by_user: Mapping[str, Any]) -> None:
    unused = []
    if not config.do_sample:
        unused += [(name, "do_sample=True") for name in SAMPLING if name in set_by_user and config.values[name] != DEFAULTS[name]]
    if config.num_beams == 1:
        for name in ("early_stopping", "length_penalty"):
            if name in set_by_user and config.values[name] != DEFAULTS[name]:
                unused.append((name, "num_beams > 1"))
    for name, needed in unused:
        warnings.warn(f"{name} has an effect with {needed} alone", UserWarning, stacklevel=5)
    if "max_new_tokens" in set_by_user and "max_length" in set_by_user:
        warnings.warn("max_new_tokens and max_length are both given: max_new_tokens counts", UserWarning, stacklevel=5)
