#!/usr/bin/env python3
"""Gives `jet` the damaged and hostile files of one format, and asks of each: exit code 1, one line on standard error that
names the file and the place, nothing on standard output, within seconds and within little memory.

    tests/bad_files/run.py JET FORMAT         (FORMAT: a module beside this one)

A format's module has `cases(make)`, which yields Case; `make` is a Maker with the folder to write into.
"""
import dataclasses
import functools
import importlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
SECONDS = 20
MEGABYTES = 64  # of memory beyond a file's own size: the program itself, libraries included, takes about 15


@dataclasses.dataclass
class Case:
    name: str  # what is wrong, in words
    arguments: list  # of jet; the model is written by then
    words: list  # what the line must hold: the file, the place
    input: str = ""


@dataclasses.dataclass
class Maker:
    jet: str
    folder: pathlib.Path
    count: int = 0

    def place(self):
        """A new empty folder in the working folder."""
        self.count += 1
        path = self.folder / f"{self.count}"
        path.mkdir()
        return path

    def file(self, name, data):
        path = self.place() / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def model(self, source, **replaced):
        """A model directory like `source`, with some files replaced: model(x, config_json=b"...")."""
        path = self.place() / "model"
        shutil.copytree(source, path)
        for name, data in replaced.items():
            file = path / {"index_json": "model.safetensors.index.json"}.get(name, name.replace("_json", ".json").replace(
                "_safetensors", ".safetensors").replace("_jinja", ".jinja"))
            file.unlink(missing_ok=True)
            if data is not None:
                file.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def talker(self, name):
        """A tiny model with random weights, a tokenizer and a chat template, by `jet convert`; .gguf makes it one file."""
        config = json.loads((DATA / "tiny-tied/config.json").read_text()) | {"vocab_size": 512}
        path = self.place() / name
        subprocess.run([self.jet, "convert", "--random-init", "--config", self.file("config.json", json.dumps(config)),
                        "--tokenizer", DATA / "tokenizer-512", path], check=True)
        return path


@functools.cache
def is_instrumented(jet):
    """Sanitizers take memory of their own."""
    with open(jet, "rb") as program:
        return b"__asan_init" in program.read() or b"__tsan_init" in program.read()


def run(command, text, folder):
    """Exit code, standard output, standard error, peak memory in bytes; the code is None where it took too long."""
    with open(folder / "out", "wb") as out, open(folder / "err", "wb") as err, open(folder / "in", "w+") as given:
        given.write(text)
        given.seek(0)
        process = subprocess.Popen(command, stdin=given, stdout=out, stderr=err, cwd=folder)
        patience = SECONDS * (10 if is_instrumented(command[0]) else 1)
        # Not process.kill, which takes a child that has just ended from os.wait4.
        timer = threading.Timer(patience, os.kill, (process.pid, signal.SIGKILL))
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        late = not timer.is_alive()
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    code = None if late else process.returncode
    return code, (folder / "out").read_bytes(), (folder / "err").read_text(errors="replace"), usage.ru_maxrss * 1024


def fault(case, command, folder, limit):
    """What is wrong with the program's answer, or None."""
    code, out, err, memory = run(command, case.input, folder)
    lines = err.splitlines()
    if code is None:
        return "no answer in time"
    if code != 1:
        return f"exit code {code}: {err[-2000:]}"
    if len(lines) != 1 or not lines[0].startswith("jet: ") or len(lines[0]) > 600:
        return f"expected one line of jet: {err[-2000:]}"
    if out:
        return f"standard output: {out[:200]!r}"
    for word in case.words:
        if str(word) not in lines[0]:
            return f"no {word!r} in: {lines[0]}"
    if limit and memory > limit:
        return f"{memory / 1e6:.0f} MB of memory, expected at most {limit / 1e6:.0f}"
    return None


def main():
    jet, form = os.path.abspath(sys.argv[1]), sys.argv[2]
    limit = None if is_instrumented(jet) else MEGABYTES * 1_000_000
    module = importlib.import_module(form)
    bad = count = 0
    with tempfile.TemporaryDirectory() as folder:
        make = Maker(jet, pathlib.Path(folder))
        for case in module.cases(make):
            count += 1
            problem = fault(case, [jet, *map(str, case.arguments)], make.folder, limit)
            if problem:
                bad += 1
                print(f"FAILED {case.name}: {problem}")
    print(f"{form}: {count} bad files, {bad} not answered as they must be")
    sys.exit(1 if bad or count < 30 else 0)


if __name__ == "__main__":
    main()
