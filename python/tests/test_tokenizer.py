"""What the vectors of transformers do not cover: names of tokens, settings, refusals, GGUF."""

from __future__ import annotations

import json
import pathlib
import shutil
from typing import Any

import numpy as np
import pytest
from conftest import DATA, ROOT
from jet_nemotron import JetError, JetNemotronTokenizer


def test_texts_of_transformers(tokenizer: JetNemotronTokenizer) -> None:
    texts = json.loads((ROOT / "text/testdata/tokenizer_texts.json").read_text())
    recorded = json.loads((ROOT / "text/testdata/tokenizer_512.json").read_text())["qwen2"]
    assert len(texts) == len(recorded) > 100
    for text, ids in zip(texts, recorded):
        assert tokenizer(text).input_ids == ids[0]
        assert tokenizer(text, split_special_tokens=True).input_ids == ids[-1]


def test_special_tokens(tokenizer: JetNemotronTokenizer) -> None:
    assert (tokenizer.eos_token, tokenizer.eos_token_id) == ("<|im_end|>", 1)
    assert (tokenizer.pad_token, tokenizer.pad_token_id) == ("<|endoftext|>", 0)
    assert tokenizer.bos_token is None and tokenizer.unk_token_id is None
    assert tokenizer.all_special_tokens == ["<|endoftext|>", "<|im_end|>", "<|im_start|>"] and tokenizer.all_special_ids == [0, 1, 2]
    assert tokenizer.convert_ids_to_tokens([0, 260]) == ["<|endoftext|>", tokenizer.convert_ids_to_tokens(260)]
    assert tokenizer.convert_tokens_to_ids(["<|im_end|>", "no such token"]) == [1, None]
    assert len(tokenizer) == tokenizer.vocab_size == 512
    assert tokenizer.convert_tokens_to_ids(tokenizer.tokenize("hello world")) == tokenizer("hello world").input_ids
    assert tokenizer.decode([260, 292, 81, 1]) == "hello<|im_end|>"
    assert tokenizer.decode(np.array([260, 292, 81, 1]), skip_special_tokens=True) == "hello"
    assert tokenizer.decode([]) == "" and tokenizer.decode(260) == tokenizer.decode([260])
    assert tokenizer.decode([[260, 292, 81], [1]]) == tokenizer.batch_decode([[260, 292, 81], [1]]) == ["hello", "<|im_end|>"]


def test_settings_come_from_the_files(llama_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    shutil.copytree(llama_folder, tmp_path / "model")
    config = tmp_path / "model" / "tokenizer_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"padding_side": "left", "model_max_length": 6}))
    tokenizer = JetNemotronTokenizer.from_pretrained(tmp_path / "model", truncation_side="left")
    encoding = tokenizer(["hello hello hello hello", "hello"], padding=True, truncation=True, return_tensors="np")
    assert encoding.input_ids.shape == (2, 6) and encoding["attention_mask"][1].tolist() == [0, 0, 0, 1, 1, 1]
    tokenizer.pad_token = "<|im_start|>"
    assert tokenizer(["hello", ""], padding=True).input_ids[1] == [2, 2, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"return_tensors": "np"}, "the texts differ in length"),
        ({"return_tensors": "tf", "padding": True}, "return_tensors is 'tf'"),
        ({"padding": "longer"}, "padding is 'longer'"),
        ({"truncation": "only_first"}, "truncation is 'only_first'"),
        ({"padding": True, "padding_side": "top"}, "padding_side is 'top'"),
    ],
)
def test_refuses(tokenizer: JetNemotronTokenizer, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tokenizer(["hello", "hello world"], **arguments)


def test_refuses_what_is_no_text(tokenizer: JetNemotronTokenizer) -> None:
    with pytest.raises(TypeError, match="expected a text"):
        tokenizer(["hello", 3])  # type: ignore[list-item]
    with pytest.raises(AttributeError, match="there are input_ids, attention_mask"):
        _ = tokenizer("hello").token_type_ids
    with pytest.raises(ValueError, match="no token of the vocabulary"):
        tokenizer.pad_token = "[PAD]"
    with pytest.raises(JetError, match="is no token"):
        tokenizer.decode([-5])


def test_chat_templates(tokenizer: JetNemotronTokenizer) -> None:
    messages = [{"role": "user", "content": "hi", "name": None}]
    template = "{% for m in messages %}{{ m.role }}{{ 'name' in m }}{% endfor %}{{ tools | length if tools }}{{ mood }}"
    assert tokenizer.apply_chat_template(messages, chat_template=template, mood="!", tokenize=False) == "userFalse!"
    tools = [{"type": "function"}]
    assert tokenizer.apply_chat_template([messages] * 2, tools, chat_template=template, tokenize=False) == ["userFalse1"] * 2
    batch = tokenizer.apply_chat_template([messages, messages * 2], padding=True, return_tensors="np")
    assert batch.input_ids.shape == batch.attention_mask.shape
    with pytest.raises(ValueError, match="continue_final_message is not supported"):
        tokenizer.apply_chat_template(messages, continue_final_message=True)
    with pytest.raises(ValueError, match="the conversation is empty"):
        tokenizer.apply_chat_template([])
    with pytest.raises(JetError, match="no more"):
        tokenizer.apply_chat_template(messages, chat_template="{{ raise_exception('no more') }}")
    without_template = JetNemotronTokenizer(tokenizer._inner, {}, "")
    without_template.chat_template = None
    with pytest.raises(ValueError, match="has no chat template"):
        without_template.apply_chat_template(messages)


def test_gguf(smollm2: str) -> None:
    tokenizer = JetNemotronTokenizer.from_pretrained(smollm2)
    for case in json.loads((DATA / "smollm2" / "tokenizer.json").read_text()):
        assert tokenizer(case["text"]).input_ids == case["ids"]
    assert tokenizer.eos_token == "<|im_end|>"
    text = tokenizer.apply_chat_template([{"role": "user", "content": "hi"}], add_generation_prompt=True, tokenize=False)
    assert text.endswith("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")
