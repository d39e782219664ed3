"""Hybrid checkpoints: logits of the published code, and transformers' searches on them (tests/data/generation.json)."""

from __future__ import annotations

import json
import warnings

import numpy as np
import safetensors_file
from conftest import DATA
from jet_nemotron import JetNemotronModel


def test_logits_are_those_of_the_published_code(tiny: tuple[str, JetNemotronModel]) -> None:
    name, model = tiny
    expected = safetensors_file.read(DATA / name / "expected.safetensors")
    logits = model(expected["prompt"]).logits
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, expected["prefill_logits"], rtol=0, atol=3e-5)  # of another float32 implementation
    np.testing.assert_array_equal(model(expected["prompt"], logits_to_keep=3).logits, logits[:, -3:])


def test_padding_on_the_left_changes_nothing(tiny: tuple[str, JetNemotronModel]) -> None:
    _, model = tiny
    ids = np.arange(20, 33)[None]
    padded = np.concatenate([np.zeros((1, 5), dtype=np.int64), ids], axis=1)
    mask = np.concatenate([np.zeros((1, 5), dtype=np.int64), np.ones_like(ids)], axis=1)
    out = model(padded, attention_mask=mask).logits
    np.testing.assert_array_equal(out[:, 5:], model(ids).logits)
    assert not out[:, :5].any()
    np.testing.assert_array_equal(model(padded, attention_mask=mask, logits_to_keep=15).logits, out[:, -15:])


def test_searches_are_those_of_transformers(tiny: tuple[str, JetNemotronModel]) -> None:
    name, model = tiny
    cases = [each for each in json.loads((DATA / "generation.json").read_text())["searches"] if each["model"] == name]
    assert len(cases) >= 50
    for case in cases:

        def bias_the_end(ids: np.ndarray, scores: np.ndarray, bias: float = case["end_bias"]) -> np.ndarray:
            scores[:, 1] += bias
            return scores

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            output = model.generate(
                [case["prompt"]],
                **case["settings"],
                eos_token_id=1,
                pad_token_id=0,
                logits_processor=[bias_the_end],
                output_scores=True,
                return_dict_in_generate=True,
            )
        longest = max(len(each) for each in case["answers"])
        fill = [0 if case["settings"].get("num_beams", 1) == 1 else 1]
        assert output.sequences == [case["prompt"] + each + fill * (longest - len(each)) for each in case["answers"]], case
        if case["scores"] is not None:
            np.testing.assert_allclose(output.sequences_scores, case["scores"], rtol=1e-4, atol=1e-4)
