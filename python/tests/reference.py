"""What transformers makes of a case (cases.py), as plain values."""

from __future__ import annotations

import math
import warnings
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

warnings.filterwarnings("ignore")


class Reference:
    def __init__(self, folder: str) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.models = [AutoModelForCausalLM.from_pretrained(folder, dtype=dtype) for dtype in (torch.float32, torch.float64)]

    def search(self, case: dict[str, Any]) -> dict[str, Any] | None:
        """None where float32 and float64 choose differently: the case is nearer than rounding."""
        inputs = {name: torch.tensor(rows) for name, rows in case["inputs"].items()}
        both = []
        for model in self.models:
            both.append(model.generate(**inputs, **case["arguments"], return_dict_in_generate=True, output_scores=True))
        if both[0].sequences.tolist() != both[1].sequences.tolist():
            return None
        scores = both[0].get("sequences_scores")
        return {"sequences": both[0].sequences.tolist(), "scores": None if scores is None else scores.tolist()}

    def draw(self, case: dict[str, Any]) -> dict[str, Any] | None:
        """None where float32 and float64 keep different tokens."""
        inputs = {name: torch.tensor(rows) for name, rows in case["inputs"].items()}
        kept = []
        for model in self.models:
            rows = model.generate(**inputs, **case["arguments"], return_dict_in_generate=True, output_scores=True).scores[0].tolist()
            kept.append([{i: score for i, score in enumerate(row) if score > -math.inf} for row in rows])
        if [list(row) for row in kept[0]] != [list(row) for row in kept[1]]:
            return None
        return {"kept": [{str(i): round(score, 5) for i, score in row.items()} for row in kept[0]]}

    def call(self, case: dict[str, Any]) -> dict[str, Any]:
        self.tokenizer.truncation_side = case["truncation_side"]
        encoding = self.tokenizer(case["text"], **case["arguments"])
        return {name: encoding[name] for name in ("input_ids", "attention_mask")}

    def chat(self, case: dict[str, Any]) -> dict[str, Any]:
        text = self.tokenizer.apply_chat_template(case["messages"], tokenize=False, **case["arguments"])
        ids = self.tokenizer.apply_chat_template(case["messages"], **case["arguments"]).input_ids
        return {"text": text, "ids": ids, "decoded": self.tokenizer.decode(ids, skip_special_tokens=True)}
