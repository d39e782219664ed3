"""Bad safetensors files, alone and in shards, in the place of tests/data/tiny-tied's weights."""
import json
import struct

from run import DATA, Case

TINY = DATA / "tiny-tied"


def pack(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def one(**change):
    """A file of one tensor x of four numbers, with some of its entry changed."""
    return pack({"x": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]} | change}, bytes(16))


def split(data):
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:8 + length]), data[8 + length:]


def files():
    """Name, bytes and words of the message of what must be refused whatever the model is."""
    good = (TINY / "model.safetensors").read_bytes()
    header, data = split(good)
    yield "empty", b"", []
    yield "seven bytes", good[:7], []
    yield "length alone", good[:8], ["header"]
    yield "cut in the header", good[:1000], ["header"]
    yield "cut in the data", good[:-1], []
    yield "one byte too many", good + b"\0", []
    yield "header of 2^64 - 1 bytes", b"\xff" * 8 + good[8:], ["header"]
    yield "header of 2^63 bytes", struct.pack("<Q", 1 << 63) + good[8:], ["header"]
    yield "header of 2^60 bytes", struct.pack("<Q", 1 << 60) + good[8:], ["header"]
    yield "header that ends at 2^64", struct.pack("<Q", 2**64 - 8) + good[8:], ["header"]
    yield "header of a gigabyte", struct.pack("<Q", 10**9) + good[8:], ["header"]
    yield "header without length", pack(b""), ["header"]
    yield "array as header", pack(b"[]"), ["header"]
    yield "blank before the header", pack(b" {}"), ["header"]
    yield "line break after the header", pack(b"{}\n"), ["header"]
    yield "no JSON", pack(b'{"x":}'), ["header", "column"]
    yield "not UTF-8", pack(b'{"\xff\xfe":{}}'), ["header"]
    yield "nested 100,000 deep", pack(b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), ["nested"]
    yield "nested objects", pack(b'{"x":' * 5000 + b"1" + b"}" * 5000), ["nested"]
    yield "name given twice", pack(b'{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"x":'
                                   b'{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), ["twice"]
    yield "unknown type", one(dtype="F24"), ["x", "F24"]
    yield "type is a number", one(dtype=32), ["x", "dtype"]
    yield "no type", pack({"x": {"shape": [4], "data_offsets": [0, 16]}}, bytes(16)), ["x", "dtype"]
    yield "shape is a number", one(shape=4), ["x", "shape"]
    yield "negative size", one(shape=[-4]), ["x", "shape"]
    yield "size of 2^60", one(shape=[1 << 60]), ["x"]
    yield "product of sizes overflows", one(shape=[1 << 32, 1 << 32]), ["x"]
    yield "product wraps to the right size", one(shape=[1 << 62, 4, 4]), ["x"]
    yield "bytes overflow", one(shape=[1 << 61, 8]), ["x"]
    yield "a thousand dimensions", one(shape=[1] * 1000), ["x", "1000 dimensions"]
    yield "size is a fraction", one(shape=[4.5]), ["x", "shape"]
    yield "size beyond 64 bits", pack(b'{"x":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,16]}}', bytes(16)), ["x"]
    yield "offset past the end", one(data_offsets=[16, 32]), ["x"]
    yield "offsets of 2^60", one(data_offsets=[1 << 60, (1 << 60) + 16]), ["x"]
    yield "offsets backwards", one(data_offsets=[16, 0]), ["x"]
    yield "offset negative", one(data_offsets=[-16, 0]), ["x"]
    yield "offset near 2^64", one(data_offsets=[2**64 - 16, 2**64 - 1]), ["x"]
    yield "one offset", one(data_offsets=[0]), ["x", "data_offsets"]
    yield "offsets and shape disagree", one(shape=[5]), ["x"]
    yield "a hole in the data", pack({"x": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}}, bytes(16)), []
    yield "tensors overlap", pack({"x": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
                                   "y": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}}, bytes(16)), []
    yield "metadata of numbers", pack(header | {"__metadata__": {"a": 1}}, data), ["__metadata__"]


def models():
    """What must be refused because the config says otherwise."""
    good = (TINY / "model.safetensors").read_bytes()
    header, data = split(good)
    name = "model.layers.0.self_attn.q_proj.weight"
    without = {k: v for k, v in header.items() if k != name}
    yield "tensor missing", pack(without | {"other": header[name]}, data), [name]
    yield "unknown tensor", pack(header | {"extra": {"dtype": "U8", "shape": [0], "data_offsets": [len(data)] * 2}}, data), ["extra"]
    shape = header[name]["shape"]
    yield "wrong shape", pack(header | {name: header[name] | {"shape": shape[::-1]}}, data), [name, "shape"]
    yield "type of integers", pack(header | {name: header[name] | {"dtype": "I32"}}, data), [name]


def shards():
    tensors = [name for name in split((TINY / "model.safetensors").read_bytes())[0] if name != "__metadata__"]
    whole = {name: "model.safetensors" for name in tensors}
    yield "no map", "{}", ["weight_map"]
    yield "map of numbers", json.dumps({"weight_map": {"x": 1}}), ["weight_map.x"]
    yield "outside the directory", json.dumps({"weight_map": whole | {tensors[0]: "../model.safetensors"}}), ["weight_map"]
    yield "absolute path", json.dumps({"weight_map": whole | {tensors[0]: "/etc/passwd"}}), ["weight_map"]
    yield "file that is not there", json.dumps({"weight_map": {"y": "a.safetensors"}}), ["a.safetensors"]
    yield "tensor that is not there", json.dumps({"weight_map": whole | {"y": "model.safetensors"}}), ["y", "missing"]
    yield "tensor that is not listed", json.dumps({"weight_map": dict(list(whole.items())[1:])}), [tensors[0]]
    yield "cut short", '{"weight_map": {"a', ["line 1"]


def cases(make):
    def logits(model):
        return ["logits", "--model", model, "--tokens", "1", "--out", "never.safetensors"]

    for name, data, words in [*files(), *models()]:
        model = make.model(TINY, model_safetensors=data)
        yield Case(name, logits(model), ["model", *words])
    for name, data, words in shards():
        model = make.model(TINY, index_json=data)
        yield Case("index: " + name, logits(model), [model, *words])
