"""Results with names, as transformers' ModelOutput: attributes, keys, and positions of what is there."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


class _Named:
    def __getitem__(self, key: str | int) -> Any:
        if isinstance(key, str):
            return getattr(self, key)
        return self.to_tuple()[key]

    def keys(self) -> list[str]:
        return [each.name for each in fields(self) if getattr(self, each.name) is not None]  # type: ignore[arg-type]

    def to_tuple(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.keys())


@dataclass
class GenerateOutput(_Named):
    """generate(return_dict_in_generate=True)."""

    sequences: Any
    """[B n, T]: prompts and answers, as generate gives them without return_dict_in_generate."""
    sequences_scores: Any = None
    """[B n]: of beams, with output_scores: what they were ranked by."""
    scores: tuple[Any, ...] | None = None
    """With output_scores: for each step [B n or B beams, vocabulary], what tokens were chosen from."""


@dataclass
class CausalLMOutput(_Named):
    """model(ids)."""

    logits: Any
    """[B, T, vocabulary] float32; zeros where the attention mask is 0."""
