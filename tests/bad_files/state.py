"""Bad files of a conversation's state: changed from one that `jet chat --save` writes, most of them with a right checksum."""
import struct
import subprocess

import safetensors
from run import Case

MASK = (1 << 64) - 1
NAMES = {"U8": "u8", "I32": "i32", "F32": "f32", "I64": "i64"}  # core/dtype.cpp's


class Hash:
    """core/hash.h."""

    def __init__(self):
        self.value = 0x9E3779B97F4A7C15

    def mix(self, word):
        value = (self.value ^ word) * 0xBF58476D1CE4E5B9 & MASK
        value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK
        self.value = value ^ value >> 31

    def add(self, data):
        self.mix(len(data))
        data += bytes(-len(data) % 8)
        for (word,) in struct.iter_unpack("<Q", data):
            self.mix(word)


def signed(metadata, tensors):
    """The file of {name: (type, shape, bytes)}, with the checksum that belongs to it."""
    checksum = Hash()
    for key, value in sorted(metadata.items()):
        if key != "checksum":
            checksum.add(key.encode())
            checksum.add(value.encode())
    for name, (kind, shape, data) in sorted(tensors.items()):
        for piece in (name, NAMES[kind], "[" + ", ".join(map(str, shape)) + "]"):
            checksum.add(piece.encode())
        checksum.add(data)
    header, whole = {"__metadata__": metadata | {"checksum": f"{checksum.value:016x}"}}, b""
    for name, (kind, shape, data) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(whole), len(whole) + len(data)]}
        whole += data
    return safetensors.pack(header, whole)


def damaged(good):
    """Of the file as bytes: the checksum, or safetensors, finds it."""
    yield "empty", b"", ""
    for size in (7, 8, 100, 1000, len(good) // 2, len(good) - 1):
        yield f"cut to {size} bytes", good[:size], ""
    yield "a byte too many", good + b"\0", ""
    begin = 8 + struct.unpack("<Q", good[:8])[0]
    for at in (begin, begin + 5, (begin + len(good)) // 2, len(good) - 1):
        changed = bytearray(good)
        changed[at] ^= 1
        yield f"bit of byte {at} turned", bytes(changed), "checksum"
    yield "no state at all", safetensors.one(), ""
    yield "header of 2^60 bytes", struct.pack("<Q", 1 << 60) + good[8:], "header"


def changed(good):
    """With a right checksum."""
    header, data = safetensors.split(good)
    metadata = header.pop("__metadata__")
    tensors = {n: (e["dtype"], e["shape"], data[slice(*e["data_offsets"])]) for n, e in header.items()}
    for key in ("format", "version", "model", "computing", "types", "note"):
        yield f"no {key}", signed({k: v for k, v in metadata.items() if k != key}, tensors), key
    yield "no checksum", safetensors.pack({"__metadata__": {k: v for k, v in metadata.items() if k != "checksum"}} | header, data), "checksum"
    yield "another format", signed(metadata | {"format": "a poem"}, tensors), "no conversation state"
    yield "a later version", signed(metadata | {"version": "999"}, tensors), "version"
    yield "another model", signed(metadata | {"model": "0" * 16}, tensors), "model"
    yield "another type of computing", signed(metadata | {"computing": "f32 on the CPU"}, tensors), "computed in"
    yield "other types", signed(metadata | {"types": "attention q4_0"}, tensors), "types"
    yield "a note that is no JSON", signed(metadata | {"note": "{"}, tensors), ""
    yield "a note of another kind", signed(metadata | {"note": "[3]"}, tensors), ""
    yield "no ids", signed(metadata, {n: t for n, t in tensors.items() if n != "ids"}), "ids"
    _, (count,), ids = tensors["ids"]
    yield "ids of bytes", signed(metadata, tensors | {"ids": ("U8", [len(ids)], ids)}), "ids"
    yield "ids in two dimensions", signed(metadata, tensors | {"ids": ("I32", [1, count], ids)}), "ids"
    yield "one id more", signed(metadata, tensors | {"ids": ("I32", [count + 1], ids + ids[:4])}), ""
    yield "a negative id", signed(metadata, tensors | {"ids": ("I32", [count], struct.pack("<i", -1) + ids[4:])}), ""
    yield "an id of 2^30", signed(metadata, tensors | {"ids": ("I32", [count], struct.pack("<i", 1 << 30) + ids[4:])}), ""
    part = next(n for n in tensors if n.startswith("layers."))
    kind, (size,), content = tensors[part]
    yield "a part missing", signed(metadata, {n: t for n, t in tensors.items() if n != part}), part
    yield "a part unknown", signed(metadata, tensors | {"layers.99.k": ("U8", [1], b"x")}), "layers.99.k"
    yield "a part too short", signed(metadata, tensors | {part: (kind, [size - 4], content[:-4])}), part
    yield "a part too long", signed(metadata, tensors | {part: (kind, [size + 4], content + b"1234")}), part
    yield "a part in floats", signed(metadata, tensors | {part: ("F32", [size // 4], content)}), part
    yield "a part in two dimensions", signed(metadata, tensors | {part: (kind, [1, size], content)}), part


def cases(make):
    model = make.talker("model")
    state = make.place() / "good.state"
    subprocess.run([make.jet, "chat", "--model", model, "--max-tokens", "4", "--temperature", "0", "--save", state],
                   input=b"hello\n", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    good = state.read_bytes()
    for name, data, word in [*damaged(good), *changed(good)]:
        path = make.file("bad.state", data)
        yield Case(name, ["chat", "--model", model, "--load", path], [path, word])
