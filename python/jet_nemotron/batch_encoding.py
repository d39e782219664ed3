"""What a tokenizer's call gives: a dict whose entries are attributes too, as transformers' BatchEncoding."""

from __future__ import annotations

from typing import Any


class BatchEncoding(dict[str, Any]):
    """`encoding.input_ids` is `encoding["input_ids"]`; `model.generate(**encoding)` works."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"there is no {name}; there are {', '.join(self)}") from None

    def to(self, device: Any) -> BatchEncoding:
        """Tensors go to the device; lists and arrays stay what they are."""
        for name, value in self.items():
            if hasattr(value, "to"):
                self[name] = value.to(device)
        return self
