"""Against transformers: vectors.json (make_vectors.py), and fresh cases where transformers and torch can be imported."""

from __future__ import annotations

import json
import pathlib
import warnings
from typing import Any

import cases
import numpy as np
import pytest
from jet_nemotron import JetNemotronModel, JetNemotronTokenizer

VECTORS = json.loads(pathlib.Path(__file__).with_name("vectors.json").read_text())
FRESH = range(10_000, 10_100)


def search(model: JetNemotronModel, _: JetNemotronTokenizer, case: dict[str, Any], expected: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        output = model.generate(**case["inputs"], **case["arguments"], return_dict_in_generate=True, output_scores=True)
    assert output.sequences == expected["sequences"], case
    if expected["scores"] is None:
        assert output.sequences_scores is None
    else:  # sums of float32 log-probabilities in transformers
        np.testing.assert_allclose(output.sequences_scores, expected["scores"], rtol=2e-5, atol=2e-5)


def draw(model: JetNemotronModel, _: JetNemotronTokenizer, case: dict[str, Any], expected: dict[str, Any]) -> None:
    output = model.generate(**case["inputs"], **case["arguments"], return_dict_in_generate=True, output_scores=True)
    for sequence, row, kept in zip(output.sequences, output.scores[0], expected["kept"]):
        assert sorted(int(i) for i in kept) == np.flatnonzero(row > -np.inf).tolist()
        for token, score in kept.items():
            assert row[int(token)] == pytest.approx(score, abs=1e-4)
        assert str(sequence[-1]) in kept


def call(_: JetNemotronModel, tokenizer: JetNemotronTokenizer, case: dict[str, Any], expected: dict[str, Any]) -> None:
    tokenizer.truncation_side = case["truncation_side"]
    assert tokenizer(case["text"], **case["arguments"]) == expected


def chat(_: JetNemotronModel, tokenizer: JetNemotronTokenizer, case: dict[str, Any], expected: dict[str, Any]) -> None:
    assert tokenizer.apply_chat_template(case["messages"], tokenize=False, **case["arguments"]) == expected["text"]
    ids = tokenizer.apply_chat_template(case["messages"], **case["arguments"]).input_ids
    assert ids == expected["ids"]
    assert tokenizer.decode(ids, skip_special_tokens=True) == expected["decoded"]


CHECKS = {"search": search, "draw": draw, "call": call, "chat": chat}


@pytest.mark.parametrize("kind", CHECKS)
def test_recorded(kind: str, llama: JetNemotronModel, tokenizer: JetNemotronTokenizer) -> None:
    found = [each for each in VECTORS if each["kind"] == kind]
    assert len(found) >= 20
    for each in found:
        CHECKS[kind](llama, tokenizer, each["case"], each["expected"])


@pytest.fixture(scope="module")
def reference(llama_folder: pathlib.Path) -> Any:
    pytest.importorskip("torch", reason="PyPI's torch is not installed: the recorded cases alone are compared")
    pytest.importorskip("transformers", reason="PyPI's transformers is not installed: the recorded cases alone are compared")
    from reference import Reference

    return Reference(str(llama_folder))


@pytest.mark.parametrize("kind", CHECKS)
def test_live(kind: str, reference: Any, llama: JetNemotronModel, tokenizer: JetNemotronTokenizer) -> None:
    compared = 0
    for seed in FRESH:
        case = getattr(cases, kind)(seed)
        expected = getattr(reference, kind)(case)
        if expected is not None:
            CHECKS[kind](llama, tokenizer, case, expected)
            compared += 1
    assert compared > len(FRESH) * 0.8
