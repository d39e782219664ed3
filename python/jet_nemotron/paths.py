"""Where a model's files are: a path, or a name in the Hugging Face cache folder. Nothing is downloaded."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """The folder that huggingface_hub keeps downloads in."""
    if "HF_HUB_CACHE" in os.environ:
        return Path(os.environ["HF_HUB_CACHE"]).expanduser()
    home = os.environ.get("HF_HOME")
    if home is None:
        home = str(Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface")
    return Path(home).expanduser() / "hub"


def find(name: str | os.PathLike[str], *, revision: str = "main", gguf_file: str | None = None, cache_dir: str | None = None) -> str:
    """The directory or GGUF file of a model. Raises OSError, saying what to do, where there is none."""
    path = Path(name).expanduser()
    if not path.exists():
        path = _snapshot(os.fspath(name), revision, Path(cache_dir) if cache_dir else cache_folder())
    if gguf_file is not None:
        path = path / gguf_file
        if not path.is_file():
            raise OSError(f"{path}: no such file (gguf_file={gguf_file!r})")
    if path.is_dir() and not (path / "config.json").exists():
        files = sorted(path.glob("*.gguf"))
        if len(files) != 1:
            raise OSError(
                f"{path}: holds no config.json and {len(files)} GGUF files; expected a Hugging Face model, or one GGUF file"
                " (name one of several with gguf_file=)"
            )
        path = files[0]
    return str(path)


def _snapshot(name: str, revision: str, cache: Path) -> Path:
    folder = cache / ("models--" + name.replace("/", "--"))
    reference = folder / "refs" / revision
    commit = reference.read_text().strip() if reference.is_file() else revision
    snapshot = folder / "snapshots" / commit
    if "/" in commit or commit in ("", ".", "..") or not snapshot.is_dir():
        raise OSError(
            f"{name!r} is no directory and no file, and the Hugging Face cache folder {cache} does not hold it at revision"
            f" {revision!r}. Nothing is downloaded here: fetch it first (`hf download {name}`), or give the path of a model"
            " directory or of a GGUF file"
        )
    return snapshot
