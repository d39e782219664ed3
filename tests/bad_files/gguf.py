"""Bad GGUF files: by hand, and changed from one that `jet convert` writes."""
import struct

from run import Case

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
WIDTH = {U8: 1, I8: 1, U16: 2, I16: 2, U32: 4, I32: 4, F32: 4, BOOL: 1, U64: 8, I64: 8, F64: 8}


def u32(value):
    return struct.pack("<I", value)


def u64(value):
    return struct.pack("<Q", value)


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return u64(len(data)) + data


def head(tensors, entries, version=3):
    return b"GGUF" + u32(version) + u64(tensors) + u64(entries)


def entry(value, key="k"):
    """A file of one metadata entry; the value begins with its type. Bytes follow, so that none is cut short."""
    return head(0, 1) + text(key) + value + bytes(64)


def info(name, sizes, kind=0, offset=0):
    return text(name) + u32(len(sizes)) + b"".join(u64(size) for size in sizes) + u32(kind) + u64(offset)


def tensors(*infos, data=64):
    body = head(len(infos), 0) + b"".join(infos)
    return body + bytes(-len(body) % 32) + bytes(data)


def by_hand():
    yield "empty", b"", []
    yield "magic alone", b"GGUF", ["version"]
    yield "other magic", b"GGML" + bytes(64), ["not a GGUF file"]
    yield "version 1", head(0, 0, 1), ["version 1"]
    yield "version 2^32 - 1", head(0, 0, 2**32 - 1), ["version"]
    yield "big-endian", b"GGUF\0\0\0\3" + bytes(16), ["big-endian"]
    yield "2^64 - 1 tensors", head(2**64 - 1, 0), ["number of tensors"]
    yield "2^60 tensors", head(1 << 60, 0) + bytes(4096), ["number of tensors"]
    yield "2^60 entries", head(0, 1 << 60) + bytes(4096), ["number of metadata entries"]
    yield "key of 2^64 - 1 bytes", head(0, 1) + u64(2**64 - 1) + bytes(64), ["key"]
    yield "key beyond the file", head(0, 1) + u64(1 << 40) + bytes(64), ["key"]
    yield "unknown type", entry(u32(13) + u64(0)), ["k", "13"]
    yield "negative type", entry(struct.pack("<i", -1) + u64(0)), ["k"]
    yield "string of 2^60 bytes", entry(u32(STRING) + u64(1 << 60)), ["k"]
    yield "string of 2^64 - 8 bytes", entry(u32(STRING) + u64(2**64 - 8)), ["k"]
    yield "array of 2^60 bytes", entry(u32(ARRAY) + u32(U8) + u64(1 << 60)), ["k"]
    yield "array whose bytes wrap", entry(u32(ARRAY) + u32(U64) + u64(1 << 61)), ["k"]
    yield "array of 2^60 strings", entry(u32(ARRAY) + u32(STRING) + u64(1 << 60)), ["k"]
    yield "array of arrays", entry(u32(ARRAY) + u32(ARRAY) + u64(1) + u32(ARRAY) + u64(1)), ["k"]
    yield "array of a negative type", entry(u32(ARRAY) + struct.pack("<i", -1) + u64(1)), ["k"]
    yield "boolean of 255", entry(u32(BOOL) + b"\xff"), ["k"]
    yield "key twice", head(0, 2) + 2 * (text("k") + u32(U8) + b"\1") + bytes(64), ["k", "twice"]
    for value in (0, 1, 4, 33, 48, 2**31, 2**32 - 1):
        yield f"alignment of {value}", entry(u32(U32) + u32(value), "general.alignment"), ["general.alignment"]
    yield "alignment of another type", entry(u32(STRING) + text("32"), "general.alignment"), ["general.alignment"]
    yield "2^32 - 1 dimensions", head(1, 0) + text("x") + u32(2**32 - 1) + bytes(64), ["x", "dimensions"]
    yield "five dimensions", tensors(info("x", [1] * 5)), ["x", "dimensions"]
    yield "dimension of 0", tensors(info("x", [0])), ["x", "dimension"]
    yield "dimension of 2^63", tensors(info("x", [1 << 63])), ["x", "dimension"]
    yield "product overflows", tensors(info("x", [1 << 32, 1 << 32])), ["x"]
    yield "product wraps to a small one", tensors(info("x", [1 << 62, 4, 4])), ["x"]
    yield "bytes overflow", tensors(info("x", [1 << 62])), ["x"]
    yield "two tensors whose sum overflows", tensors(info("x", [0x1FFFFFFFFFFFFFF0]), info("y", [0x1FFFFFFFFFFFFFF0])), ["x"]
    yield "an exabyte", tensors(info("x", [1 << 30, 1 << 28])), ["x"]
    yield "part of a block", tensors(info("x", [33], 2)), ["x"]
    yield "negative tensor type", tensors(info("x", [8], 2**32 - 1)), ["x", "type"]
    yield "removed tensor type", tensors(info("x", [32], 4)), ["x", "type"]
    yield "offset not aligned", tensors(info("x", [8], 0, 1)), ["x", "offset"]
    yield "offset past the end", tensors(info("x", [8], 0, 1 << 20)), ["x"]
    yield "offset near 2^64", tensors(info("x", [8], 0, 2**64 - 32)), ["x"]
    yield "offset of 2^60", tensors(info("x", [8], 0, 1 << 60)), ["x"]
    yield "tensors overlap", tensors(info("x", [16]), info("y", [8], 0, 32), data=96), ["x", "y"]
    yield "name twice", tensors(info("x", [8]), info("x", [8], 0, 32)), ["x", "twice"]
    yield "no model", head(0, 0), ["general.architecture"]


def parse(data):
    """The entries {key: (type, bytes of the value)} and infos {name: (sizes, type, offset)} of a good file, and its data."""
    at = 24

    def take(count):
        nonlocal at
        at += count
        return data[at - count:at]

    def number(width):
        return int.from_bytes(take(width), "little")

    def value(kind):
        if kind == STRING:
            size = number(8)
            return u64(size) + take(size)
        if kind != ARRAY:
            return take(WIDTH[kind])
        inner, count = number(4), number(8)
        return u32(inner) + u64(count) + b"".join(value(inner) for _ in range(count))

    tensor_count, entry_count = struct.unpack("<QQ", data[8:24])
    entries, infos = {}, {}
    for _ in range(entry_count):
        key = take(number(8)).decode()
        kind = number(4)
        entries[key] = (kind, value(kind))
    for _ in range(tensor_count):
        name = take(number(8)).decode()
        sizes = [number(8) for _ in range(number(4))]
        infos[name] = (sizes, number(4), number(8))
    return entries, infos, data[at + -at % 32:]


def build(entries, infos, data):
    body = head(len(infos), len(entries))
    body += b"".join(text(key) + u32(kind) + value for key, (kind, value) in entries.items())
    body += b"".join(info(name, *fields) for name, fields in infos.items())
    return body + bytes(-len(body) % 32) + data


def changed(good):
    """Of a good model with a tokenizer: what is wrong only to one who knows models."""
    entries, infos, data = parse(good)

    def key(name, kind, value):
        return build(entries | {name: (kind, value)}, infos, data)

    def without(name):
        return build({k: v for k, v in entries.items() if k != name}, infos, data)

    yield "unknown architecture", key("general.architecture", STRING, text("gpt9")), ["gpt9"]
    yield "architecture is a number", key("general.architecture", U32, u32(7)), ["general.architecture"]
    arch = "jet_nemotron"
    yield "no layers", without(f"{arch}.block_count"), ["block_count"]
    yield "2^32 - 1 layers", key(f"{arch}.block_count", U32, u32(2**32 - 1)), ["num_hidden_layers"]
    yield "width of 2^60", key(f"{arch}.embedding_length", U64, u64(1 << 60)), ["embedding_length"]
    yield "width of 0", key(f"{arch}.embedding_length", U32, u32(0)), ["embedding_length"]
    yield "no heads", key(f"{arch}.attention.head_count", U32, u32(0)), ["head_count"]
    yield "RoPE of NaN", key(f"{arch}.rope.freq_base", F32, struct.pack("<f", float("nan"))), ["rope"]
    yield "epsilon of infinity", key(f"{arch}.attention.layer_norm_rms_epsilon", F32, struct.pack("<f", float("inf"))), ["epsilon"]
    yield "tokens are numbers", key("tokenizer.ggml.tokens", ARRAY, u32(U32) + u64(1) + u32(1)), ["tokenizer.ggml.tokens"]
    yield "no tokens", without("tokenizer.ggml.tokens"), ["tokenizer.ggml.tokens"]
    yield "another kind of tokenizer", key("tokenizer.ggml.model", STRING, text("llama")), ["tokenizer.ggml.model"]
    yield "unknown pre-tokenizer", key("tokenizer.ggml.pre", STRING, text("none-such")), ["tokenizer.ggml.pre"]
    yield "merge of one word", key("tokenizer.ggml.merges", ARRAY, u32(STRING) + u64(1) + text("a")), ["tokenizer.ggml.merges"]
    yield "end token of 2^31", key("tokenizer.ggml.eos_token_id", U32, u32(1 << 31)), ["eos_token_id"]
    yield "too few token types", key("tokenizer.ggml.token_type", ARRAY, u32(I32) + u64(1) + u32(1)), ["tokenizer.ggml.token_type"]
    name = next(n for n in infos if n.endswith("ffn_up.weight"))
    sizes, kind, offset = infos[name]
    yield "tensor missing", build(entries, {n: f for n, f in infos.items() if n != name}, data), [name]
    yield "unknown tensor", build(entries, infos | {"extra.weight": ([8], 0, len(data))}, data + bytes(32)), ["extra.weight"]
    yield "wrong shape", build(entries, infos | {name: (sizes[::-1], kind, offset)}, data), ["shape"]
    yield "tensor of integers", build(entries, infos | {name: (sizes, 26, offset)}, data), ["up_proj", "i32"]
    yield "data cut short", good[:-1], []
    yield "half the data", good[:len(good) // 2], []


def cases(make):
    for name, data, words in by_hand():
        path = make.file("bad.gguf", data)
        yield Case(name, ["inspect", path], [path, *words])
    for name, data, words in changed(make.talker("model.gguf").read_bytes()):
        path = make.file("bad.gguf", data)
        yield Case(name, ["logits", "--model", path, "--tokens", "1", "--out", "never.safetensors"], [path, *words])
