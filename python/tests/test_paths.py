"""Where models are found."""

from __future__ import annotations

import pathlib
import shutil

import pytest
from jet_nemotron import JetNemotronModel, JetNemotronTokenizer, paths


@pytest.fixture
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, llama_folder: pathlib.Path) -> pathlib.Path:
    folder = tmp_path / "models--someone--tiny"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc123")
    shutil.copytree(llama_folder, folder / "snapshots" / "abc123")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def test_names_in_the_cache_folder(cache: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert JetNemotronModel.from_pretrained("someone/tiny").num_parameters() > 0
    assert JetNemotronTokenizer.from_pretrained("someone/tiny", revision="abc123").decode([260, 292, 81]) == "hello"
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.setenv("HF_HOME", str(cache / "home"))
    assert paths.cache_folder() == cache / "home" / "hub"
    assert paths.find("someone/tiny", cache_dir=str(cache)).endswith("abc123")


def test_nothing_is_downloaded(cache: pathlib.Path) -> None:
    for name, revision in (("someone/other", "main"), ("someone/tiny", "v2"), ("someone/tiny", "../snapshots/abc123")):
        with pytest.raises(OSError, match="Nothing is downloaded here: fetch it first"):
            JetNemotronModel.from_pretrained(name, revision=revision)


def test_gguf_files_in_folders(tmp_path: pathlib.Path, smollm2: str) -> None:
    (tmp_path / "a.gguf").symlink_to(smollm2)
    assert paths.find(tmp_path) == str(tmp_path / "a.gguf")
    (tmp_path / "b.gguf").symlink_to(smollm2)
    with pytest.raises(OSError, match="2 GGUF files"):
        paths.find(tmp_path)
    assert len(JetNemotronTokenizer.from_pretrained(tmp_path, gguf_file="b.gguf")) == 49152
    with pytest.raises(OSError, match="no such file"):
        paths.find(tmp_path, gguf_file="c.gguf")
