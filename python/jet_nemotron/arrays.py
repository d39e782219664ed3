"""Ids as lists, NumPy arrays or torch tensors: in as whichever it is, out as the same."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


def is_tensor(value: object) -> bool:
    torch = sys.modules.get("torch")  # whoever has a tensor has imported it
    return torch is not None and isinstance(value, torch.Tensor)


class Kind:
    """What an argument was, to give results of the same kind."""

    def __init__(self, like: object) -> None:
        self._like: Any = like
        self._is_tensor = is_tensor(like)
        self._is_list = isinstance(like, (list, tuple))

    def ids(self, array: Ids) -> Any:
        """Ids of any shape as what came in: nested lists, an array of its type, a tensor on its device."""
        if self._is_list:
            return array.tolist()
        if self._is_tensor:
            return self._tensor(array).to(device=self._like.device, dtype=self._like.dtype)
        return array.astype(self._like.dtype, copy=False)

    def numbers(self, array: npt.NDArray[Any]) -> Any:
        """Floating-point numbers as a tensor where a tensor came in, else as an array; without a copy on the CPU."""
        return self._tensor(array).to(self._like.device) if self._is_tensor else array

    def rows(self, array: npt.NDArray[Any]) -> Any:
        """Ids as a tensor or an array: what streamers, processors and criteria are given."""
        return self.numbers(array)

    def _tensor(self, array: npt.NDArray[Any]) -> Any:
        return sys.modules["torch"].from_numpy(np.ascontiguousarray(array))


def batch(value: object, name: str = "input_ids") -> npt.NDArray[Any]:
    """[B, T] integers: a view of the array or tensor where it is one on the CPU. A flat sequence is a batch of one."""
    if is_tensor(value):
        array: npt.NDArray[Any] = value.detach().cpu().numpy()  # type: ignore[attr-defined]
    elif isinstance(value, np.ndarray):
        array = value
    else:
        try:
            array = np.asarray(value)
        except ValueError:
            raise ValueError(f"{name}: the rows differ in length; pad them (the tokenizer's padding=True)") from None
        if array.size == 0 and array.dtype == np.float64:
            array = array.astype(np.int64)
    if array.ndim == 1 and not is_tensor(value):
        array = array[None]
    if array.ndim != 2:
        raise ValueError(f"{name}: {array.ndim} dimensions, expected 2: [batch, tokens]")
    if array.dtype.kind not in "iub":
        raise TypeError(f"{name}: expected integers, not {array.dtype}")
    return array if array.dtype in (np.int32, np.int64) else array.astype(np.int64)


def changed_scores(scores: Any, into: Floats) -> None:
    """Writes what a logits processor gave, [1, vocabulary], back to where it came from."""
    into[:] = (scores.detach().cpu().numpy() if is_tensor(scores) else np.asarray(scores)).reshape(-1)


Processor = Callable[[Any, Any], Any]  # (ids [1, T], scores [1, vocabulary]) -> scores
Criterion = Callable[[Any, Any], Any]  # (ids [1, T], None) -> whether to stop
