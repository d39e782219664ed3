"""The models of the tests. JET is the program, which makes one of them; JET_SMOLLM2 a GGUF file that may be missing."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

import pytest
from jet_nemotron import JetNemotronModel, JetNemotronTokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"


@pytest.fixture(scope="session")
def llama_folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A random Llama of 2 layers with the tokenizer of 512 tokens: what vectors.json was made with."""
    folder = tmp_path_factory.mktemp("models") / "llama"
    config = pathlib.Path(__file__).with_name("tiny_llama.json")
    subprocess.run(
        [os.environ["JET"], "convert", "--random-init", "--config", config, "--seed", "1", folder], check=True, capture_output=True
    )
    for file in (DATA / "tokenizer-512").glob("tokenizer*.json"):
        shutil.copy(file, folder)
    return folder


@pytest.fixture(scope="session")
def llama(llama_folder: pathlib.Path) -> JetNemotronModel:
    return JetNemotronModel.from_pretrained(llama_folder, dtype="float32", threads=1)


@pytest.fixture(scope="session")
def tokenizer(llama_folder: pathlib.Path) -> JetNemotronTokenizer:
    return JetNemotronTokenizer.from_pretrained(llama_folder)


@pytest.fixture(scope="session", params=["tiny-tied", "tiny-untied"])
def tiny(request: pytest.FixtureRequest) -> tuple[str, JetNemotronModel]:
    """The checkpoints that the published modelling code has been run on: JetBlock, full attention, windows."""
    return request.param, JetNemotronModel.from_pretrained(DATA / request.param, dtype="float32", threads=1)


@pytest.fixture(scope="session")
def smollm2() -> str:
    path = os.environ.get("JET_SMOLLM2", "")
    if not os.path.exists(path):
        pytest.skip("the small model is not here: tools/fetch_model.py brings it")
    return path
