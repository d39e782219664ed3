"""Hybrid language models on the CPU and on NVIDIA GPUs, with transformers' names: docs/python.md."""

from __future__ import annotations

import os as _os
from pathlib import Path as _Path

# A CUDA library that was installed beside the extension is the one that was built with it.
_cuda = _Path(__file__).with_name("libjet_cuda.so")
if _cuda.exists():
    _os.environ.setdefault("JET_CUDA_LIBRARY", str(_cuda))

from ._jet import JetError
from .batch_encoding import BatchEncoding
from .generation_config import GenerationConfig
from .model import JetNemotronModel
from .outputs import CausalLMOutput, GenerateOutput
from .state import State
from .streamers import AsyncTextIteratorStreamer, TextIteratorStreamer, TextStreamer
from .tokenizer import JetNemotronTokenizer

__version__ = "0.1.0"
__all__ = [
    "AsyncTextIteratorStreamer",
    "BatchEncoding",
    "CausalLMOutput",
    "GenerateOutput",
    "GenerationConfig",
    "JetError",
    "JetNemotronModel",
    "JetNemotronTokenizer",
    "State",
    "TextIteratorStreamer",
    "TextStreamer",
]
