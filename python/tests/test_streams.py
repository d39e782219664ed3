"""Streamers, threads, asyncio, Ctrl-C."""

from __future__ import annotations

import asyncio
import pathlib
import signal
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest
from jet_nemotron import AsyncTextIteratorStreamer, JetNemotronModel, JetNemotronTokenizer, TextIteratorStreamer, TextStreamer

ARGUMENTS: dict[str, Any] = {"max_new_tokens": 30, "eos_token_id": []}


def test_streamers_give_the_text(llama: JetNemotronModel, tokenizer: JetNemotronTokenizer, capsys: pytest.CaptureFixture[str]) -> None:
    ids = tokenizer("Hello, world", return_tensors="np").input_ids
    out = llama.generate(ids, **ARGUMENTS)[0]
    llama.generate(ids, streamer=TextStreamer(tokenizer), **ARGUMENTS)
    assert capsys.readouterr().out == tokenizer.decode(out) + "\n"

    streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, timeout=60)
    thread = threading.Thread(target=llama.generate, args=(ids,), kwargs={"streamer": streamer, **ARGUMENTS})
    thread.start()
    pieces = list(streamer)
    thread.join()
    assert "".join(pieces) == tokenizer.decode(out[ids.shape[1] :])


def test_pieces_end_at_words(tokenizer: JetNemotronTokenizer) -> None:
    pieces: list[str] = []

    class Kept(TextStreamer):
        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            pieces.append(text)

    streamer = Kept(tokenizer)
    for token in tokenizer("one two\nthree 世").input_ids:
        streamer.put(np.array([token]))
    streamer.end()
    assert "".join(pieces) == "one two\nthree 世"
    assert [piece for piece in pieces if piece] == ["one ", "two\n", "three ", "世"]


def test_what_a_streamer_is_given(llama: JetNemotronModel) -> None:
    calls: list[Any] = []

    class Kept:
        def put(self, value: np.ndarray) -> None:
            calls.append(value.tolist())

        def end(self) -> None:
            calls.append("end")

    out = llama.generate([[5, 6, 7]], max_new_tokens=3, eos_token_id=[], streamer=Kept())[0]
    assert calls == [[[5, 6, 7]], [out[3]], [out[4]], [out[5]], "end"]
    with pytest.raises(ValueError, match="a streamer takes one sequence"):
        llama.generate([[5], [6]], streamer=Kept())


def test_asyncio(llama: JetNemotronModel, tokenizer: JetNemotronTokenizer) -> None:
    ids = tokenizer("Hello, world", return_tensors="np").input_ids
    expected = tokenizer.decode(llama.generate(ids, **ARGUMENTS)[0])

    async def stream() -> str:
        streamer = AsyncTextIteratorStreamer(tokenizer, timeout=60)
        work = asyncio.create_task(asyncio.to_thread(llama.generate, ids, streamer=streamer, **ARGUMENTS))
        text = "".join([piece async for piece in streamer])
        await work
        return text

    async def several() -> list[str]:
        return await asyncio.gather(*(stream() for _ in range(3)))

    assert asyncio.run(several()) == [expected] * 3


def test_other_threads_run_meanwhile(llama: JetNemotronModel) -> None:
    """A thread that generates ends by what another does: with the interpreter's lock held it would never end."""
    stop, begun = threading.Event(), threading.Event()

    def criterion(ids: np.ndarray, scores: None) -> bool:
        begun.set()
        return stop.is_set()

    arguments: dict[str, Any] = {"max_new_tokens": 200, "eos_token_id": [], "stopping_criteria": [criterion]}
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(llama.generate([[5, 6]], pad_token_id=0, **arguments))) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert begun.wait(60)
    stop.set()
    for thread in threads:
        thread.join(60)
    assert len(results) == 3


INTERRUPTED = """
import os, signal, sys, threading
from jet_nemotron import JetNemotronModel
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored in the background
model = JetNemotronModel.from_pretrained(sys.argv[1], context_length=100_000, threads=1)
class Streamer:
    sent = False
    def put(self, value):
        if not self.sent: threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
        self.sent = True
    def end(self): pass
try:
    model.generate([[5, 6]], max_new_tokens=90_000, eos_token_id=[], streamer=Streamer())
except KeyboardInterrupt:
    print("interrupted", len(model.generate([[5, 6]], max_new_tokens=3, eos_token_id=[])[0]))
"""


def test_ctrl_c_ends_generate_and_the_model_lives(llama_folder: pathlib.Path) -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, llama_folder], capture_output=True, text=True, timeout=400)
    assert (done.returncode, done.stdout) == (0, "interrupted 5\n"), done.stderr
    assert signal.getsignal(signal.SIGINT) is not None
