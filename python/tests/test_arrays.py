"""Ids in, ids and numbers out, of the same kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from jet_nemotron import JetNemotronModel, JetNemotronTokenizer, arrays

PROMPT = [[5, 9, 300, 41]]
ARGUMENTS: dict[str, Any] = {"max_new_tokens": 3, "eos_token_id": []}


def test_lists_numpy_and_their_types(llama: JetNemotronModel) -> None:
    as_list = llama.generate(PROMPT, **ARGUMENTS)
    assert isinstance(as_list, list) and len(as_list[0]) == 7
    assert llama.generate(PROMPT[0], **ARGUMENTS) == as_list  # a flat list is a batch of one
    for dtype in (np.int32, np.int64, np.uint16):
        out = llama.generate(np.array(PROMPT, dtype=dtype), **ARGUMENTS)
        assert out.dtype == dtype and out.tolist() == as_list
    every_second = np.array([[5, 0, 9, 0, 300, 0, 41]], dtype=np.int32)[:, ::2]  # strides
    assert llama.generate(every_second, **ARGUMENTS).tolist() == as_list


def test_arrays_are_not_copied() -> None:
    ids = np.array(PROMPT, dtype=np.int32)
    assert np.shares_memory(arrays.batch(ids), ids)


def test_logits_own_their_memory(llama: JetNemotronModel) -> None:
    logits = llama(PROMPT).logits
    kept = logits.copy()
    del logits
    again = llama(PROMPT).logits
    np.testing.assert_array_equal(again, kept)
    assert not llama(PROMPT).logits.base is None  # the engine's vector, handed over


def test_torch(llama: JetNemotronModel, tokenizer: JetNemotronTokenizer) -> None:
    torch = pytest.importorskip("torch", reason="PyPI's torch is not installed")
    as_list = llama.generate(PROMPT, **ARGUMENTS)
    for dtype in (torch.int64, torch.int32):
        out = llama.generate(torch.tensor(PROMPT, dtype=dtype), **ARGUMENTS)
        assert isinstance(out, torch.Tensor) and out.dtype == dtype and out.tolist() == as_list
    ids = torch.tensor(PROMPT)
    assert arrays.batch(ids).ctypes.data == ids.data_ptr()
    logits = llama(ids).logits
    assert isinstance(logits, torch.Tensor) and logits.dtype == torch.float32
    np.testing.assert_array_equal(logits.numpy(), llama(PROMPT).logits)

    def processor(context: Any, scores: Any) -> Any:
        assert context.dtype == torch.int64 and scores.shape == (1, 512)
        return scores.masked_fill(torch.arange(512) % 2 == 0, -torch.inf)

    out = llama.generate(ids, logits_processor=[processor], stopping_criteria=[lambda c, _: torch.tensor([c.shape[1] > 5])], **ARGUMENTS)
    assert out.shape == (1, 6) and (out[0, 4:] % 2 == 1).all()
    encoding = tokenizer("Hello", return_tensors="pt")
    assert encoding.input_ids.dtype == torch.int64 and encoding.to("cpu").attention_mask.all()
    assert tokenizer.decode(encoding.input_ids[0]) == "Hello" == tokenizer.decode(torch.tensor(tokenizer("Hello").input_ids))


def test_without_torch(tokenizer: JetNemotronTokenizer) -> None:
    try:
        import torch  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match="return_tensors='pt' needs torch"):
            tokenizer("Hello", return_tensors="pt")
    else:
        pytest.skip("torch is installed here")
