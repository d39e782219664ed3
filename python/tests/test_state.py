"""States: generation goes on where it stood, in forks and from files."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from conftest import DATA
from jet_nemotron import JetError, JetNemotronModel


def test_goes_on_forks_and_comes_back(tiny: tuple[str, JetNemotronModel], tmp_path: pathlib.Path) -> None:
    name, model = tiny
    prompt = [list(range(20, 60))]
    whole = model.generate(prompt, max_new_tokens=12, eos_token_id=[])
    with model.state() as state:
        first = model.generate(prompt, max_new_tokens=5, eos_token_id=[], state=state)
        assert first[0] == whole[0][:45] and state.ids == first[0][:-1] and len(state) == 44
        state.save(tmp_path / "state")
        fork = state.fork()
        assert model.generate(first, max_new_tokens=7, eos_token_id=[], state=state) == whole

        other = [first[0] + [33]]
        expected = model.generate(other, max_new_tokens=6, eos_token_id=[])
        assert model.generate(other, max_new_tokens=6, eos_token_id=[], state=fork) == expected
        restored = JetNemotronModel.from_pretrained(DATA / name, dtype="float32").state(tmp_path / "state")
        assert restored.ids == first[0][:-1]
        with pytest.raises(ValueError, match="differ from what the state has consumed at token 3"):
            model.generate([[*range(20, 23), 9, *range(24, 80)]], state=fork)
        with pytest.raises(ValueError, match="give these and what follows"):
            model.generate(prompt, state=fork)
        with pytest.raises(ValueError, match="a state is one sequence's"):
            model.generate(prompt * 2, state=fork)
    with pytest.raises(JetError, match="closed"):
        _ = state.ids


def test_nothing_is_computed_again(tiny: tuple[str, JetNemotronModel]) -> None:
    _, model = tiny
    seen: list[int] = []

    def count(ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        seen.append(ids.shape[1])
        return scores

    state = model.state()
    out = model.generate([[5, 6, 7]], max_new_tokens=2, eos_token_id=[], state=state)
    model.generate(out, max_new_tokens=2, eos_token_id=[], state=state, logits_processor=[count])
    assert seen == [5, 6]


def test_places_come_back(llama_folder: pathlib.Path) -> None:
    model = JetNemotronModel.from_pretrained(llama_folder, max_sequences=2)
    states = [model.state(), model.state()]
    with pytest.raises(JetError, match="all 2 places"):
        model.state()
    with pytest.raises(JetError, match="states keep them all; close one"):
        model.generate([[5, 6]], max_new_tokens=2)
    del states[0]  # with nothing that refers to it
    states[0].close()
    assert len(model.generate([[5, 6]] * 5, max_new_tokens=2, eos_token_id=[])) == 5


def test_damaged_files(llama: JetNemotronModel, tmp_path: pathlib.Path) -> None:
    (tmp_path / "state").write_bytes(b"no state")
    with pytest.raises(JetError, match="state"):
        llama.state(tmp_path / "state")
    with pytest.raises(JetError):
        llama.state(tmp_path / "nothing")
