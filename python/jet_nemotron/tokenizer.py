"""Text to ids and back, as transformers' fast tokenizers do it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np

from . import _jet, arrays, paths
from .batch_encoding import BatchEncoding

UNLIMITED = int(1e30)  # transformers' model_max_length where the files name none
Side = Literal["left", "right"]


class JetNemotronTokenizer:
    """Made by `from_pretrained`. `pad_token`, `padding_side`, `truncation_side`, `model_max_length` and `chat_template` can be set."""

    def __init__(self, inner: _jet.Tokenizer, settings: Mapping[str, Any], name: str) -> None:
        self._inner = inner
        self.name_or_path = name
        self.model_max_length = min(int(settings.get("model_max_length") or UNLIMITED), UNLIMITED)
        self.padding_side: Side = settings.get("padding_side", "right")
        self.truncation_side: Side = settings.get("truncation_side", "right")
        self.chat_template: str | None = inner.chat_template or None
        self.bos_token_id: int | None = inner.bos
        self.eos_token_id: int | None = inner.eos[0] if inner.eos else None
        self.unk_token_id: int | None = inner.unk
        self.pad_token_id: int | None = inner.pad

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | os.PathLike[str],
        *,
        revision: str = "main",
        gguf_file: str | None = None,
        cache_dir: str | None = None,
        padding_side: Side | None = None,
        truncation_side: Side | None = None,
        model_max_length: int | None = None,
    ) -> JetNemotronTokenizer:
        """From a model directory, a GGUF file, or a name in the Hugging Face cache folder; weights are not read."""
        path = paths.find(pretrained_model_name_or_path, revision=revision, gguf_file=gguf_file, cache_dir=cache_dir)
        settings: dict[str, Any] = {}
        config = Path(path) / "tokenizer_config.json"
        if config.is_file():
            settings = json.loads(config.read_text(encoding="utf-8"))
        given = {"padding_side": padding_side, "truncation_side": truncation_side, "model_max_length": model_max_length}
        settings |= {key: value for key, value in given.items() if value is not None}
        return cls(_jet.Tokenizer.open(path), settings, os.fspath(pretrained_model_name_or_path))

    # Tokens and their names.

    def __len__(self) -> int:
        return self._inner.vocabulary

    @property
    def vocab_size(self) -> int:
        return self._inner.vocabulary

    def convert_ids_to_tokens(self, ids: int | Sequence[int]) -> Any:
        if isinstance(ids, int):
            return self._inner.token(ids)
        return [self._inner.token(int(each)) for each in ids]

    def convert_tokens_to_ids(self, tokens: str | Sequence[str]) -> Any:
        if isinstance(tokens, str):
            found = self._inner.id_of(tokens)
            return self.unk_token_id if found is None else found
        return [self.convert_tokens_to_ids(each) for each in tokens]

    @property
    def all_special_ids(self) -> list[int]:
        return self._inner.special_ids

    @property
    def all_special_tokens(self) -> list[str]:
        return [self._inner.token(each) or "" for each in self._inner.special_ids]

    @property
    def bos_token(self) -> str | None:
        return self._name(self.bos_token_id)

    @property
    def eos_token(self) -> str | None:
        return self._name(self.eos_token_id)

    @property
    def unk_token(self) -> str | None:
        return self._name(self.unk_token_id)

    @property
    def pad_token(self) -> str | None:
        return self._name(self.pad_token_id)

    @pad_token.setter
    def pad_token(self, token: str) -> None:
        found = self._inner.id_of(token)
        if found is None:
            raise ValueError(f"{token!r} is no token of the vocabulary, and none can be added")
        self.pad_token_id = found

    def _name(self, token: int | None) -> str | None:
        return None if token is None else self._inner.token(token)

    # Text to ids.

    def __call__(
        self,
        text: str | Sequence[str],
        *,
        add_special_tokens: bool = True,
        padding: bool | Literal["longest", "max_length", "do_not_pad"] = False,
        truncation: bool | Literal["longest_first", "do_not_truncate"] | None = None,
        max_length: int | None = None,
        pad_to_multiple_of: int | None = None,
        padding_side: Side | None = None,
        split_special_tokens: bool = False,
        return_attention_mask: bool = True,
        return_tensors: Literal["pt", "np"] | None = None,
    ) -> BatchEncoding:
        """`input_ids` and `attention_mask` of a text, flat, or of a list of them: lists, or [B, T] of NumPy or torch."""
        is_batch = not isinstance(text, str)
        rows = self._encode([text] if isinstance(text, str) else list(text), add_special_tokens, not split_special_tokens)
        longest = self._limits(padding, truncation, max_length)
        if longest.truncate is not None:
            cut = longest.truncate
            rows = [row[-cut:] if self.truncation_side == "left" and len(row) > cut else row[:cut] for row in rows]
        encoding = BatchEncoding(input_ids=rows, attention_mask=[[1] * len(row) for row in rows])
        if longest.pads:
            encoding = self.pad(
                encoding,
                padding="longest" if longest.pad is None else "max_length",
                max_length=longest.pad,
                pad_to_multiple_of=pad_to_multiple_of,
                padding_side=padding_side,
            )
        if not return_attention_mask:
            del encoding["attention_mask"]
        if return_tensors is not None:
            return BatchEncoding({key: _tensor(value, return_tensors) for key, value in encoding.items()})
        return encoding if is_batch else BatchEncoding({key: value[0] for key, value in encoding.items()})

    def encode(self, text: str, *, return_tensors: Literal["pt", "np"] | None = None, **arguments: Any) -> Any:
        """The ids alone of a call with the same arguments."""
        return self(text, return_tensors=return_tensors, **arguments).input_ids

    def tokenize(self, text: str, *, add_special_tokens: bool = False) -> list[str]:
        tokens: list[str] = self.convert_ids_to_tokens(self.encode(text, add_special_tokens=add_special_tokens))
        return tokens

    def pad(
        self,
        encoded: Mapping[str, Any],
        *,
        padding: bool | Literal["longest", "max_length"] = True,
        max_length: int | None = None,
        pad_to_multiple_of: int | None = None,
        padding_side: Side | None = None,
        return_tensors: Literal["pt", "np"] | None = None,
    ) -> BatchEncoding:
        """Rows of `input_ids` filled up with the pad token to one length; `attention_mask` is 0 there."""
        if self.pad_token_id is None:
            raise ValueError("the tokenizer has no pad token; set one, such as tokenizer.pad_token = tokenizer.eos_token")
        rows: list[list[int]] = [list(row) for row in encoded["input_ids"]]
        length = max((len(row) for row in rows), default=0)
        if padding == "max_length":
            if max_length is None and self.model_max_length == UNLIMITED:
                raise ValueError("padding='max_length' needs max_length: the tokenizer's files name none")
            length = max_length if max_length is not None else self.model_max_length
        if pad_to_multiple_of:
            length = -(-length // pad_to_multiple_of) * pad_to_multiple_of
        side = padding_side or self.padding_side
        if side not in ("left", "right"):
            raise ValueError(f"padding_side is {side!r}, expected 'left' or 'right'")
        masks: list[list[int]] = [list(row) for row in encoded.get("attention_mask") or [[1] * len(row) for row in rows]]
        result = BatchEncoding(
            input_ids=[_filled(row, self.pad_token_id, length, side) for row in rows],
            attention_mask=[_filled(row, 0, length, side) for row in masks],
        )
        if return_tensors is None:
            return result
        return BatchEncoding({key: _tensor(value, return_tensors) for key, value in result.items()})

    def _encode(self, texts: list[str], add_special_tokens: bool, special: bool) -> list[list[int]]:
        for text in texts:
            if not isinstance(text, str):
                raise TypeError(f"expected a text or a list of texts, not {type(text).__name__} in a list")
        rows = self._inner.encode(texts, special=special)
        if add_special_tokens and self._inner.add_bos and self.bos_token_id is not None:
            rows = [[self.bos_token_id, *row] for row in rows]
        return rows

    def _limits(self, padding: bool | str, truncation: bool | str | None, max_length: int | None) -> _Limits:
        if padding not in (True, False, "longest", "max_length", "do_not_pad"):
            raise ValueError(f"padding is {padding!r}, expected True, False, 'longest', 'max_length' or 'do_not_pad'")
        if truncation not in (True, False, None, "longest_first", "do_not_truncate"):
            raise ValueError(f"truncation is {truncation!r}, expected True, False, 'longest_first' or 'do_not_truncate'")
        if truncation is None and max_length is not None and padding is False:
            truncation = True  # as transformers does where max_length alone is given
        most = max_length if max_length is not None else self.model_max_length
        bounded = most < UNLIMITED
        pads = padding not in (False, "do_not_pad") and (padding != "max_length" or bounded)
        truncates = truncation in (True, "longest_first") and bounded
        return _Limits(most if truncates else None, pads, most if padding == "max_length" else None)

    # Ids to text.

    @overload
    def decode(self, token_ids: Sequence[Sequence[int]], skip_special_tokens: bool = False) -> list[str]: ...
    @overload
    def decode(self, token_ids: Any, skip_special_tokens: bool = False) -> str: ...
    def decode(self, token_ids: Any, skip_special_tokens: bool = False) -> str | list[str]:
        """The text of ids: an id, a sequence of them, an array or a tensor; a list of texts for a batch of sequences."""
        if isinstance(token_ids, int):
            token_ids = [token_ids]
        if isinstance(token_ids, (list, tuple)) and token_ids and not isinstance(token_ids[0], int) and np.ndim(token_ids[0]) > 0:
            return self.batch_decode(token_ids, skip_special_tokens)
        array = token_ids.detach().cpu().numpy() if arrays.is_tensor(token_ids) else np.asarray(token_ids)
        if array.ndim > 1:
            return self.batch_decode(array, skip_special_tokens)
        if array.size == 0:
            return ""
        if array.dtype.kind not in "iu":
            raise TypeError(f"expected ids, not {array.dtype}")
        return self._inner.decode(array.reshape(-1).astype(np.int64, copy=False), skip_special=skip_special_tokens)

    def batch_decode(self, sequences: Any, skip_special_tokens: bool = False) -> list[str]:
        return [self.decode(sequence, skip_special_tokens) for sequence in sequences]

    # Dialogues.

    def apply_chat_template(
        self,
        conversation: Sequence[Any],
        tools: Sequence[Mapping[str, Any]] | None = None,
        documents: Sequence[Mapping[str, Any]] | None = None,
        chat_template: str | None = None,
        add_generation_prompt: bool = False,
        continue_final_message: bool = False,
        tokenize: bool = True,
        padding: bool | Literal["longest", "max_length", "do_not_pad"] = False,
        truncation: bool = False,
        max_length: int | None = None,
        return_tensors: Literal["pt", "np"] | None = None,
        return_dict: bool = True,
        **variables: Any,
    ) -> Any:
        """The dialogue [{"role": ..., "content": ...}, ...], or each of a list of them, as the model's template writes it.

        Further keywords are variables of the template."""
        template = chat_template if chat_template is not None else self.chat_template
        if template is None:
            raise ValueError("the model has no chat template; give one as chat_template=")
        if continue_final_message:
            raise ValueError("continue_final_message is not supported; render with tokenize=False and append the text")
        if not conversation:
            raise ValueError("the conversation is empty; it needs a message")
        is_batch = not isinstance(conversation[0], Mapping)
        if documents is not None:
            variables["documents"] = documents
        texts = [
            self._render(template, messages, tools, add_generation_prompt, variables)
            for messages in (conversation if is_batch else [conversation])
        ]
        text = texts if is_batch else texts[0]
        if not tokenize:
            return text
        encoding = self(
            text,
            add_special_tokens=False,
            padding=padding,
            truncation=truncation,
            max_length=max_length,
            return_tensors=return_tensors,
        )
        return encoding if return_dict else encoding.input_ids

    def _render(
        self,
        template: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] | None,
        add_generation_prompt: bool,
        variables: Mapping[str, Any],
    ) -> str:
        values = {
            "messages": [{key: value for key, value in message.items() if value is not None} for message in messages],
            "tools": list(tools) if tools is not None else None,
            "add_generation_prompt": add_generation_prompt,
            "bos_token": self.bos_token or "",
            "eos_token": self.eos_token or "",
            "extra": dict(variables),
        }
        return _jet.render(template, json.dumps(values, ensure_ascii=False))


class _Limits:
    def __init__(self, truncate: int | None, pads: bool, pad: int | None) -> None:
        self.truncate = truncate  # to at most so many tokens
        self.pads = pads
        self.pad = pad  # to so many; None: the longest row's


def _filled(row: list[int], value: int, length: int, side: Side) -> list[int]:
    fill = [value] * max(0, length - len(row))
    return fill + row if side == "left" else row + fill


def _tensor(rows: list[list[int]], kind: str) -> Any:
    if kind not in ("np", "pt"):
        raise ValueError(f"return_tensors is {kind!r}, expected 'np' or 'pt'")
    if len({len(row) for row in rows}) > 1:
        raise ValueError("the texts differ in length; a tensor of them needs padding=True, or truncation=True and max_length")
    array = np.asarray(rows, dtype=np.int64)
    if kind == "np":
        return array
    try:
        import torch
    except ImportError:
        raise ImportError("return_tensors='pt' needs torch; install it, or ask for 'np'") from None
    return torch.from_numpy(array)
