"""Text as it is generated: transformers' streamers, for generate(streamer=...) with one sequence."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncIterator, Iterator
from typing import Any

from .tokenizer import JetNemotronTokenizer

CJK = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class TextStreamer:
    """Prints whole words: up to the last blank, line end or Chinese character; the rest at the end."""

    def __init__(self, tokenizer: JetNemotronTokenizer, skip_prompt: bool = False, **decode_arguments: Any) -> None:
        self.tokenizer = tokenizer
        self.skip_prompt = skip_prompt
        self.decode_arguments = decode_arguments
        self._reset()

    def _reset(self) -> None:
        self._ids: list[int] = []
        self._given = 0  # characters of their text
        self._is_prompt = True

    def put(self, value: Any) -> None:
        """Takes the prompt [1, T], then each token [1]."""
        if value.ndim > 1:
            if value.shape[0] > 1:
                raise ValueError("a TextStreamer takes one sequence, not a batch")
            value = value[0]
        is_prompt, self._is_prompt = self._is_prompt, False
        if is_prompt and self.skip_prompt:
            return
        self._ids.extend(value.tolist())
        text = self._text()
        end = len(text) if text.endswith("\n") or _is_cjk(text[-1:]) else text.rfind(" ") + 1
        piece = text[self._given : end]
        self._given += len(piece)
        if text.endswith("\n"):
            self._ids, self._given = [], 0
        self.on_finalized_text(piece)

    def end(self) -> None:
        """Gives what was held back."""
        rest = self._text()[self._given :] if self._ids else ""
        self._reset()
        self.on_finalized_text(rest, stream_end=True)

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        print(text, flush=True, end="\n" if stream_end else "")

    def _text(self) -> str:
        return self.tokenizer.decode(self._ids, **self.decode_arguments)


class TextIteratorStreamer(TextStreamer):
    """Iterates over pieces of text while generate runs in another thread. `timeout` seconds without one raise queue.Empty."""

    def __init__(
        self, tokenizer: JetNemotronTokenizer, skip_prompt: bool = False, timeout: float | None = None, **decode_arguments: Any
    ) -> None:
        super().__init__(tokenizer, skip_prompt, **decode_arguments)
        self.timeout = timeout
        self._pieces: queue.Queue[str | None] = queue.Queue()  # None: the end

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        self._pieces.put(text)
        if stream_end:
            self._pieces.put(None)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        piece = self._pieces.get(timeout=self.timeout)
        if piece is None:
            raise StopIteration
        return piece


class AsyncTextIteratorStreamer(TextStreamer):
    """The same for `async for`, made in a coroutine, while generate runs in `asyncio.to_thread`. `timeout` seconds without a
    piece raise TimeoutError."""

    def __init__(
        self, tokenizer: JetNemotronTokenizer, skip_prompt: bool = False, timeout: float | None = None, **decode_arguments: Any
    ) -> None:
        super().__init__(tokenizer, skip_prompt, **decode_arguments)
        self.timeout = timeout
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        self._loop.call_soon_threadsafe(self._pieces.put_nowait, text)
        if stream_end:
            self._loop.call_soon_threadsafe(self._pieces.put_nowait, None)

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        try:
            piece = await asyncio.wait_for(self._pieces.get(), self.timeout)
        except asyncio.TimeoutError:  # TimeoutError itself from Python 3.11 on
            raise TimeoutError(f"no text for {self.timeout} s") from None
        if piece is None:
            raise StopAsyncIteration
        return piece


def _is_cjk(character: str) -> bool:
    return character != "" and any(first <= ord(character) <= last for first, last in CJK)
