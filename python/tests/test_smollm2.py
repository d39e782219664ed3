"""The snippet that people type, on SmolLM2: greedy texts are those of transformers (tests/data/smollm2)."""

from __future__ import annotations

import json

import numpy as np
from conftest import DATA
from jet_nemotron import JetNemotronModel, JetNemotronTokenizer


def test_the_snippet(smollm2: str) -> None:
    model = JetNemotronModel.from_pretrained(smollm2)
    tokenizer = JetNemotronTokenizer.from_pretrained(smollm2)
    inputs = tokenizer("The capital of France is", return_tensors="np")
    outputs = model.generate(inputs.input_ids, max_length=16, num_beams=4, early_stopping=True)
    assert outputs.shape == (1, 16)
    assert tokenizer.decode(outputs[0], skip_special_tokens=True).startswith("The capital of France is Paris.")


def test_greedy_texts_are_those_of_transformers(smollm2: str) -> None:
    recorded = json.loads((DATA / "smollm2" / "generation.json").read_text())
    model = JetNemotronModel.from_pretrained(smollm2, dtype="float32")
    tokenizer = JetNemotronTokenizer.from_pretrained(smollm2)
    case = recorded[0]
    assert tokenizer(case["prompt"]).input_ids == case["ids"]
    out = model.generate(np.array([case["ids"]]), max_new_tokens=12)
    assert out[0].tolist() == case["ids"] + case["greedy_ids"][:12]
    assert case["greedy_text"].startswith(tokenizer.decode(out[0, len(case["ids"]) :]))
