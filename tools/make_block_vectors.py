"""Writes io/testdata/blocks.gguf: random blocks of every block type and the numbers that the gguf package decodes them to.

    pip install gguf numpy && python3 tools/make_block_vectors.py

Tensor `q5_k` holds the blocks, `q5_k.decoded` the float32 numbers; both are [2, 256]. Made with gguf 0.19.0, numpy 2.4.6.
"""
import pathlib

import gguf
import numpy as np

ROWS, WIDTH = 2, 256
TYPES = ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K")
# Bytes from a block's beginning at which its binary16 scales stand.
SCALES = {"Q4_1": (0, 2), "Q5_1": (0, 2), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}

random = np.random.default_rng(1)
path = pathlib.Path(__file__).parent.parent / "io/testdata/blocks.gguf"
path.parent.mkdir(exist_ok=True)
writer = gguf.GGUFWriter(path, "blocks")
for name in TYPES:
    kind = gguf.GGMLQuantizationType[name]
    numbers, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, (ROWS * WIDTH // numbers, size), dtype=np.uint8)
    for at in SCALES.get(name, (0,)):
        blocks[:, at : at + 2] = random.normal(size=(len(blocks), 1)).astype(np.float16).view(np.uint8)
    rows = blocks.reshape(ROWS, -1)
    writer.add_tensor(name.lower(), rows, raw_dtype=kind)
    writer.add_tensor(name.lower() + ".decoded", gguf.dequantize(rows, kind).astype(np.float32))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
print(path, path.stat().st_size)
