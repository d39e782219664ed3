"""Compares the tensors of two safetensors files or sharded directories, bit for bit: tensors.py A B.
With --types it prints each tensor's name and type instead: tensors.py --types A."""
import json
import pathlib
import struct
import sys


def read(path):
    path = pathlib.Path(path)
    files = sorted(path.glob("model*.safetensors")) if path.is_dir() else [path]
    tensors = {}
    for file in files:
        data = file.read_bytes()
        (size,) = struct.unpack("<Q", data[:8])
        for name, info in json.loads(data[8 : 8 + size]).items():
            if name == "__metadata__":
                continue
            begin, end = info["data_offsets"]
            tensors[name] = (info["dtype"], tuple(info["shape"]), data[8 + size + begin : 8 + size + end])
    return tensors


if sys.argv[1] == "--types":
    for name, (dtype, _, _) in sorted(read(sys.argv[2]).items()):
        print(name, dtype)
    sys.exit()
a, b = (read(path) for path in sys.argv[1:3])
assert a and a.keys() == b.keys(), f"names differ: {a.keys() ^ b.keys()}"
for name in a:
    assert a[name][:2] == b[name][:2], f"{name}: {a[name][:2]} and {b[name][:2]}"
    assert a[name][2] == b[name][2], f"{name}: the bytes differ"
