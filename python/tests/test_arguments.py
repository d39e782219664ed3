"""What arguments do, and what is refused."""

from __future__ import annotations

import json
import pathlib
import shutil
import warnings
from typing import Any

import numpy as np
import pytest
from conftest import DATA
from jet_nemotron import GenerationConfig, JetError, JetNemotronModel, JetNemotronTokenizer

PROMPT = [[5, 9, 300, 41]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_length": 4}, "input_ids are 4 tokens long, max_length is 4"),
        ({"max_new_tokens": 0}, "max_new_tokens is 0, expected 1 or more"),
        ({"num_beams": 0}, "num_beams is 0"),
        ({"num_beams": 2, "num_return_sequences": 3}, "more than num_beams"),
        ({"num_return_sequences": 2}, "greedy search has one result"),
        ({"early_stopping": "soon"}, "expected True, False or 'never'"),
        ({"do_sample": True, "temperature": 0.0}, "temperature is 0.0, expected more than 0"),
        ({"do_sample": True, "top_p": 1.5}, "top_p is 1.5, expected 0 to 1"),
        ({"use_cache": False}, "use_cache=False is not supported"),
        ({"output_scores": True}, "output_scores needs return_dict_in_generate"),
        ({"attention_implementation": "paged"}, "expected one of eager, sdpa, flash_attention_2"),
        ({"attention_mask": [[1, 1]]}, r"attention_mask is \[1, 2\]"),
        ({"attention_mask": [[0, 0, 0, 0]]}, "the prompt is empty"),
        ({"eos_token_id": 512}, "end_tokens holds token 512"),
        ({"num_beams": 64}, "the request runs 64 sequences at a time, max_sequences is 32"),
        ({"max_new_tokens": 3, "streamer": object(), "num_beams": 2}, "a streamer does not go with num_beams"),
        ({"max_new_tokens": 3, "num_beams": 2, "stopping_criteria": [print]}, "stopping_criteria do not go with num_beams"),
    ],
)
def test_refuses(llama: JetNemotronModel, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        llama.generate(PROMPT, **arguments)


def test_refuses_unknown_arguments(llama: JetNemotronModel, llama_folder: pathlib.Path) -> None:
    with pytest.raises(TypeError, match="penalty_alpha"):
        llama.generate(PROMPT, penalty_alpha=0.6)
    with pytest.raises(TypeError, match="load_in_8bit"):
        JetNemotronModel.from_pretrained(llama_folder, load_in_8bit=True)


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([[1, 2], [3]], ValueError, "the rows differ in length"),
        ([[0.5, 1.0]], TypeError, "expected integers"),
        (np.zeros((1, 2, 3), dtype=np.int64), ValueError, "3 dimensions, expected 2"),
        ([[512]], JetError, "the prompt holds token 512"),
        ([[-1]], JetError, "-1 at position 0 is no token"),
        ([[2**40]], JetError, "is no token"),
        (None, ValueError, "generate needs input_ids"),
    ],
)
def test_refuses_ids(llama: JetNemotronModel, ids: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        llama.generate(ids, max_new_tokens=1)


def test_what_a_checkpoint_fixes_cannot_be_changed() -> None:
    for keyword in ({"rnn_hidden_size": 2048}, {"attention_sparse_ratio": 0.3}):
        with pytest.raises(ValueError, match=f"{next(iter(keyword))}=.* its layers are attn, jet, swa"):
            JetNemotronModel.from_pretrained(DATA / "tiny-tied", **keyword)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"device": "tpu"}, "device is 'tpu'"),
        ({"device": "cuda"}, "CUDA is not available"),
        ({"dtype": "int8"}, "dtype is 'int8'"),
        ({"dtype": "bfloat16"}, "the CPU computes in f32, not in bf16"),
        ({"attention_implementation": "xformers"}, "attention_implementation is 'xformers'"),
        ({"context_length": -1}, "context_length is -1"),
        ({"max_sequences": 0}, "max_sequences is 0"),
    ],
)
def test_from_pretrained_refuses(llama_folder: pathlib.Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        JetNemotronModel.from_pretrained(llama_folder, **arguments)


def test_context_length_ends_answers_and_refuses_prompts(llama_folder: pathlib.Path) -> None:
    model = JetNemotronModel.from_pretrained(llama_folder, context_length=6, attention_implementation="flash_attention_2")
    assert model.context_length == 6
    out = model.generate(PROMPT, max_new_tokens=20, eos_token_id=[])
    assert len(out[0]) == 7  # the last token is chosen, never consumed
    with pytest.raises(JetError, match="at most 6 fit"):
        model.generate([[5] * 7], max_new_tokens=1)


def test_warns_of_contexts_that_the_model_was_not_trained_for(llama_folder: pathlib.Path) -> None:
    with pytest.warns(UserWarning, match="context_length is 65536, the model was trained for 256 tokens"):
        model = JetNemotronModel.from_pretrained(llama_folder, context_length=65536)
    assert len(model.generate([[5] * 300], max_new_tokens=2, eos_token_id=[])[0]) == 302


def test_warns_of_what_has_no_effect(llama: JetNemotronModel) -> None:
    for arguments in ({"temperature": 0.7}, {"early_stopping": True}, {"length_penalty": 2.0}, {"max_length": 9}):
        with pytest.warns(UserWarning, match=next(iter(arguments))):
            llama.generate(PROMPT, max_new_tokens=2, **arguments)


def test_precedence(llama_folder: pathlib.Path) -> None:
    model = JetNemotronModel.from_pretrained(llama_folder)
    model.generation_config = GenerationConfig(max_new_tokens=3, eos_token_id=[])
    passed = GenerationConfig(max_new_tokens=5)
    assert len(model.generate(PROMPT)[0]) == 7
    assert len(model.generate(PROMPT, passed)[0]) == 9
    assert len(model.generate(PROMPT, passed, max_new_tokens=7)[0]) == 11


def with_generation_config(llama_folder: pathlib.Path, folder: pathlib.Path, config: dict[str, Any]) -> pathlib.Path:
    """A copy of the model that says this in generation_config.json."""
    copy = shutil.copytree(llama_folder, folder / "model")
    (copy / "generation_config.json").write_text(json.dumps(config))
    return copy


def test_opens_what_hugging_face_writes(llama_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    config: dict[str, Any] = {
        "_from_model_config": True,
        "bos_token_id": 1,
        "do_sample": True,
        "eos_token_id": [1, 2],
        "forced_eos_token_id": None,
        "max_new_tokens": 3,
        "pad_token_id": 0,
        "renormalize_logits": False,
        "temperature": 0.6,
        "top_p": 0.9,
        "transformers_version": "4.40.0",
        "use_cache": False,
    }
    folder = with_generation_config(llama_folder, tmp_path, config)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = JetNemotronModel.from_pretrained(folder)
    kept = {"bos_token_id", "do_sample", "eos_token_id", "max_new_tokens", "pad_token_id", "temperature", "top_p"}
    assert model.generation_config.to_dict() == {name: config[name] for name in kept}
    assert len(model.generate(PROMPT, eos_token_id=[])[0]) == 7


def test_names_what_a_model_asks_for_in_vain(llama_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    config = {"diversity_penalty": 0.5, "num_beams": 2, "penalty_alpha": 0.6, "transformers_version": "4.40.0"}
    folder = with_generation_config(llama_folder, tmp_path, config)
    with pytest.warns(UserWarning, match="also asks for diversity_penalty, penalty_alpha, which is not applied$") as caught:
        model = JetNemotronModel.from_pretrained(folder)
    assert len(caught) == 1
    assert model.generation_config.num_beams == 2  # which generate follows


def test_samples_follow_the_seed_and_the_temperature(llama: JetNemotronModel) -> None:
    arguments: dict[str, Any] = {"do_sample": True, "max_new_tokens": 12, "eos_token_id": [], "num_return_sequences": 3, "top_k": 0}
    first = llama.generate(PROMPT, seed=1, **arguments)
    assert llama.generate(PROMPT, seed=1, **arguments) == first
    assert llama.generate(PROMPT, seed=2, **arguments) != first
    assert len({tuple(row) for row in first}) == 3
    kept = llama.generate(PROMPT, seed=1, output_scores=True, return_dict_in_generate=True, **arguments)
    assert kept.sequences == first  # a request each, the same draws
    assert len(kept.scores) == 12 and kept.scores[0].shape == (3, 512)


def test_greedy_scores_are_logits(llama: JetNemotronModel) -> None:
    out = llama.generate(PROMPT, max_new_tokens=5, eos_token_id=[], output_scores=True, return_dict_in_generate=True)
    logits = llama(out.sequences).logits[0, 3:-1]
    np.testing.assert_array_equal(np.concatenate(out.scores), logits)  # the same bits: one order of sums
    assert out["sequences"] == out[0] == out.sequences and out.keys() == ["sequences", "scores"]


def test_beam_scores_have_a_row_for_each_beam(llama: JetNemotronModel) -> None:
    arguments: dict[str, Any] = {"output_scores": True, "return_dict_in_generate": True}
    out = llama.generate(PROMPT, max_new_tokens=4, num_beams=3, eos_token_id=[], **arguments)
    assert [each.shape for each in out.scores] == [(3, 512)] * 4
    first = llama(PROMPT).logits[0, -1].astype(np.float64)
    expected = first - first.max() - np.log(np.exp(first - first.max()).sum())
    for row in out.scores[0]:
        np.testing.assert_allclose(row, expected, atol=1e-5)


def test_stopping_criteria_end_their_row_alone(llama: JetNemotronModel) -> None:
    free = llama.generate(PROMPT * 2, max_new_tokens=10, eos_token_id=[])
    stop_at = free[0][6]

    arguments: dict[str, Any] = {"max_new_tokens": 10, "eos_token_id": [], "pad_token_id": 0}
    out = llama.generate(PROMPT, stopping_criteria=[lambda ids, _: ids[0, -1] == stop_at], **arguments)
    assert out[0] == free[0][: free[0].index(stop_at, 4) + 1]
    both = llama.generate(
        [PROMPT[0], [7, 7, 7, 7]], stopping_criteria=[lambda ids, _: np.array([ids[0, 0] == 5 and ids.shape[1] >= 6])], **arguments
    )
    assert both[0][6:] == [0] * 8 and len(both[1]) == 14


def test_a_processor_that_raises_ends_generate(llama: JetNemotronModel) -> None:
    def fails(ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
        raise KeyError("the processor's own")

    with pytest.raises(KeyError, match="the processor's own"):
        llama.generate(PROMPT * 3, max_new_tokens=4, logits_processor=[fails])
    with pytest.raises(JetError, match="called from a callback"):
        llama.generate(PROMPT, max_new_tokens=4, logits_processor=[lambda ids, scores: llama.generate(ids)])
    assert len(llama.generate(PROMPT, max_new_tokens=4, eos_token_id=[])[0]) == 8


def test_the_mask_is_inferred_from_the_pad_token(llama: JetNemotronModel) -> None:
    padded = [[0, 0, *PROMPT[0]]]
    arguments: dict[str, Any] = {"max_new_tokens": 6, "pad_token_id": 0}
    alone = llama.generate(PROMPT, eos_token_id=1, **arguments)[0]
    assert llama.generate(padded, eos_token_id=1, **arguments)[0][2:] == alone
    assert llama.generate(padded, eos_token_id=0, **arguments)[0][2:] != alone  # an end token is no padding


def test_decode_takes_what_generate_gives(llama: JetNemotronModel, tokenizer: JetNemotronTokenizer) -> None:
    inputs = tokenizer(["Hello, world!", "Hello"], padding=True, padding_side="left", return_tensors="np")
    out = llama.generate(**inputs, max_new_tokens=3, eos_token_id=[])
    texts = tokenizer.batch_decode(out, skip_special_tokens=True)
    assert texts[0].startswith("Hello, world!") and texts[1].startswith("Hello")
    assert tokenizer.decode(out[0], skip_special_tokens=True) == texts[0]
