"""The state of a sequence between calls: generation goes on from it without computing anything again."""

from __future__ import annotations

import os
from types import TracebackType

from . import _jet


class State:
    """What a model has consumed of one sequence. Made by `JetNemotronModel.state()`; give it to `generate(ids, state=state)`.

    It takes a place of the model's `max_sequences` until `close()`, or until nothing refers to it."""

    def __init__(self, inner: _jet.State) -> None:
        self._inner = inner

    @property
    def ids(self) -> list[int]:
        """The tokens that the state has consumed: all that `generate` returned but the last one."""
        return self._inner.ids()

    def __len__(self) -> int:
        return len(self._inner.ids())

    def fork(self) -> State:
        """A second state that begins where this one stands; neither sees what follows in the other."""
        return State(self._inner.fork())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the state to a file, whole or not at all; `model.state(path)` restores it, in any process."""
        self._inner.save(os.fspath(path))

    def close(self) -> None:
        """Gives its place back."""
        self._inner.close()

    def __enter__(self) -> State:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
