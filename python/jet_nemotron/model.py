"""JetNemotronModel: a model from files, its logits, its answers."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from . import _jet, arrays, generation, paths
from .arrays import Criterion, Processor
from .generation_config import ATTENTION, GenerationConfig, of_model, resolve, unknown
from .outputs import CausalLMOutput
from .state import State

DTYPES = {"auto": "auto", "float32": "f32", "f32": "f32", "bfloat16": "bf16", "bf16": "bf16", "float16": "f16", "f16": "f16"}


class JetNemotronModel:
    """Made by `from_pretrained`. Immutable but for `generation_config`; threads may share it, one computes at a time."""

    def __init__(self, inner: _jet.Model, session: _jet.Session, name: str, threads: int) -> None:
        self._inner = inner
        self._session = session
        self._threads = threads
        self.name_or_path = name
        self.generation_config = of_model(json.loads(inner.generation_config))

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | os.PathLike[str],
        *,
        device: Any = "cpu",
        dtype: Any = "auto",
        context_length: int | None = None,
        max_sequences: int = 32,
        state_bytes: int | None = None,
        threads: int | None = None,
        prefill_chunk: int = 512,
        memory_fraction: float = 0.9,
        deterministic: bool = False,
        attention_implementation: str | None = None,
        rnn_hidden_size: int | None = None,
        attention_sparse_ratio: float | None = None,
        revision: str = "main",
        gguf_file: str | None = None,
        cache_dir: str | None = None,
    ) -> JetNemotronModel:
        """From a model directory, a GGUF file, or a name in the Hugging Face cache folder. docs/python.md tells the keywords."""
        path = paths.find(pretrained_model_name_or_path, revision=revision, gguf_file=gguf_file, cache_dir=cache_dir)
        if attention_implementation not in (None, *ATTENTION):
            raise ValueError(f"attention_implementation is {attention_implementation!r}, expected one of {', '.join(ATTENTION)}")
        inner = _jet.Model.load(
            path, dtype=_dtype(dtype), device=_device(device), memory_fraction=memory_fraction, deterministic=deterministic
        )
        _check_block(inner, "rnn_hidden_size", rnn_hidden_size)
        _check_block(inner, "attention_sparse_ratio", attention_sparse_ratio)
        if context_length is not None and context_length > inner.trained_context:
            warnings.warn(
                f"context_length is {context_length}, the model was trained for {inner.trained_context} tokens", UserWarning, stacklevel=2
            )
        if names := unknown(inner.unapplied_fields):
            warnings.warn(f"generation_config.json also asks for {', '.join(names)}, which is not applied", UserWarning, stacklevel=2)
        session = _jet.Session(
            inner,
            threads=threads or 0,
            context_length=context_length or 0,
            max_sequences=max_sequences,
            state_bytes=state_bytes if state_bytes is not None else _state_bytes(),
            snapshot_bytes=256 << 20,
            prefill_chunk=prefill_chunk,
        )
        return cls(inner, session, os.fspath(pretrained_model_name_or_path), threads or 0)

    @property
    def device(self) -> str:
        """ "cpu", or the GPU's name."""
        return self._inner.device

    @property
    def config(self) -> dict[str, Any]:
        """The checkpoint's config.json, as the engine understands it."""
        config: dict[str, Any] = json.loads(self._inner.config)
        return config

    @property
    def context_length(self) -> int:
        """The most tokens of one sequence, prompt and answer."""
        return self._session.context_length

    def num_parameters(self) -> int:
        return self._inner.parameters

    def __call__(self, input_ids: Any, attention_mask: Any = None, *, logits_to_keep: int = 0) -> CausalLMOutput:
        """Logits [B, T, vocabulary] float32 of ids [B, T]; with logits_to_keep of each row's last tokens alone."""
        kind, ids = arrays.Kind(input_ids), arrays.batch(input_ids)
        mask = np.ones_like(ids) if attention_mask is None else arrays.batch(attention_mask, "attention_mask")
        if mask.shape != ids.shape:
            raise ValueError(f"attention_mask is {list(mask.shape)}, input_ids are {list(ids.shape)}")
        if logits_to_keep < 0:
            raise ValueError(f"logits_to_keep is {logits_to_keep}, expected 0 (all) or more")
        kept = min(logits_to_keep, ids.shape[1]) or ids.shape[1]
        if len(ids) == 1 and mask.all():
            logits = self._inner.logits(ids[0], threads=self._threads, keep=kept)[None]
            return CausalLMOutput(kind.numbers(logits))
        out = np.zeros((len(ids), kept, self._inner.vocabulary), dtype=np.float32)
        for row, (tokens, real) in enumerate(zip(ids, mask != 0)):
            places = np.flatnonzero(real[-kept:])
            if len(places):
                out[row, places] = self._inner.logits(tokens[real], threads=self._threads, keep=len(places))
        return CausalLMOutput(kind.numbers(out))

    def generate(
        self,
        inputs: Any = None,
        generation_config: GenerationConfig | None = None,
        logits_processor: Sequence[Processor] | None = None,
        stopping_criteria: Sequence[Criterion] | None = None,
        streamer: Any = None,
        *,
        input_ids: Any = None,
        attention_mask: Any = None,
        state: State | None = None,
        seed: int | None = None,
        max_length: int | None = None,
        max_new_tokens: int | None = None,
        min_length: int | None = None,
        min_new_tokens: int | None = None,
        do_sample: bool | None = None,
        num_beams: int | None = None,
        early_stopping: bool | Literal["never"] | None = None,
        length_penalty: float | None = None,
        num_return_sequences: int | None = None,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        typical_p: float | None = None,
        epsilon_cutoff: float | None = None,
        eta_cutoff: float | None = None,
        repetition_penalty: float | None = None,
        no_repeat_ngram_size: int | None = None,
        bad_words_ids: list[list[int]] | None = None,
        suppress_tokens: list[int] | None = None,
        eos_token_id: int | list[int] | None = None,
        pad_token_id: int | None = None,
        use_cache: bool | None = None,
        attention_implementation: str | None = None,
        output_scores: bool | None = None,
        return_dict_in_generate: bool | None = None,
    ) -> Any:
        """Prompts [B, T] and their continuations [B num_return_sequences, T + new], padded: transformers' generate.

        None means as `generation_config` says, else the model's, else transformers' default. docs/python.md tells the arguments."""
        settings = {name: value for name, value in locals().items() if name in GenerationConfig.__dataclass_fields__}
        given = inputs if input_ids is None else input_ids
        if given is None or (inputs is not None and input_ids is not None):
            raise ValueError("generate needs input_ids, once")
        config = resolve(settings, generation_config, self.generation_config)
        ids = arrays.batch(given)
        mask = generation.default_mask(ids, config) if attention_mask is None else arrays.batch(attention_mask, "attention_mask")
        call = generation.Call(
            config=config,
            kind=arrays.Kind(given),
            ids=ids,
            mask=mask,
            processors=list(logits_processor or []),
            criteria=list(stopping_criteria or []),
            streamer=streamer,
            state=state,
            seed=generation.new_seed() if seed is None else seed,
        )
        return generation.run(call, self._session)

    def state(self, path: str | os.PathLike[str] | None = None) -> State:
        """An empty state for `generate(ids, state=...)`, or the one that `State.save` wrote to a file."""
        if path is None:
            return State(_jet.State(self._session))
        return State(_jet.State(self._session, os.fspath(path)))


def _dtype(dtype: Any) -> _jet.ComputeType:
    name = str(dtype).removeprefix("torch.")
    if name not in DTYPES:
        raise ValueError(f"dtype is {dtype!r}, expected one of {', '.join(DTYPES)}")
    found: _jet.ComputeType = getattr(_jet.ComputeType, DTYPES[name])
    return found


def _device(device: Any) -> _jet.DeviceChoice:
    name = str(device)
    if name not in ("auto", "cpu", "cuda", "cuda:0"):
        raise ValueError(f"device is {name!r}, expected 'cpu', 'cuda' or 'auto'")
    found: _jet.DeviceChoice = getattr(_jet.DeviceChoice, name.split(":")[0])
    return found


def _check_block(model: _jet.Model, keyword: str, value: object) -> None:
    if value is None:
        return
    kinds = ", ".join(sorted(set(model.layer_kinds)))
    raise ValueError(
        f"{keyword}={value} describes a layer that this checkpoint does not have: its layers are {kinds}. What a checkpoint"
        f" fixes cannot be changed when it is loaded; leave {keyword} out"
    )


def _state_bytes() -> int:
    """Half of the machine's memory: what is used of it is taken as sequences grow."""
    if sys.platform == "linux":
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return 4 << 30
