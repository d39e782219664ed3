#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets into tests/fuzz/corpus/TARGET: good files of every kind, and the small ones of
tests/bad_files. Files that fuzzing found worth keeping lie beside them, named by their hash; this leaves those alone.

    tests/fuzz/make_corpus.py
"""
import json
import pathlib
import re
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "bad_files"))

import chat_template  # noqa: E402
import config  # noqa: E402
import gguf  # noqa: E402
import safetensors  # noqa: E402
import state  # noqa: E402
import tokenizer  # noqa: E402

DATA = HERE.parent / "data"
LARGEST = 4096  # bytes of a bad file that becomes a seed
EVERY = 3  # of the bad files, one in so many


def seed(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    file = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
    (folder / file).write_bytes(data if isinstance(data, bytes) else data.encode())


def bad(target, files):
    small = [(name, data) for name, data, *_ in files if len(data) <= LARGEST]
    for name, data in small[::EVERY]:
        seed(target, "bad " + name, data)


def conversation(tokens, note):
    """A state of the target's three layers: rows of 8 bytes that grow, a ring of the last three, 16 bytes that stay."""
    metadata = {"format": "jet conversation state", "version": "2", "model": "0" * 16, "computing": "f32 on the CPU",
                "types": "attention f32, recurrence f32, convolution f32", "note": note}
    parts = {"layers.0.k": 8 * tokens, "layers.1.k": 8 * min(tokens, 3), "layers.2.s": 16 if tokens else 0}
    return state.signed(metadata, {"ids": ("I32", [tokens], struct.pack(f"<{tokens}i", *range(tokens)))} |
                        {name: ("U8", [size], bytes(i % 251 for i in range(size))) for name, size in parts.items() if size})


def f32(*values):
    return struct.pack(f"<{len(values)}f", *values)


def string(value):
    return gguf.STRING, gguf.text(value)


def integer(value):
    return gguf.U32, gguf.u32(value)


def strings(values):
    return gguf.ARRAY, gguf.u32(gguf.STRING) + gguf.u64(len(values)) + b"".join(map(gguf.text, values))


def small_model(architecture="llama", kind=0, bias=False):
    """A GGUF model of one layer, eight wide, with a tokenizer; matrices in f32 (0) or f16 (1)."""
    a = architecture
    tokens = ["a", "b", "ab", "Ġ", "<s>"]
    entries = {
        "general.architecture": string(a), f"{a}.embedding_length": integer(8), f"{a}.block_count": integer(1),
        f"{a}.feed_forward_length": integer(8), f"{a}.attention.head_count": integer(2),
        f"{a}.attention.head_count_kv": integer(1), f"{a}.context_length": integer(16),
        f"{a}.attention.layer_norm_rms_epsilon": (gguf.F32, f32(1e-5)), f"{a}.rope.freq_base": (gguf.F32, f32(1e4)),
        "tokenizer.ggml.model": string("gpt2"), "tokenizer.ggml.pre": string("gpt-2"),
        "tokenizer.ggml.tokens": strings(tokens), "tokenizer.ggml.merges": strings(["a b"]),
        "tokenizer.ggml.token_type": (gguf.ARRAY, gguf.u32(gguf.I32) + gguf.u64(5) + struct.pack("<5i", 1, 1, 1, 1, 3)),
        "tokenizer.ggml.eos_token_id": integer(4), "tokenizer.chat_template": string("{{ messages[0].content }}"),
    }
    sizes = {"token_embd.weight": [8, 5], "blk.0.attn_norm.weight": [8], "blk.0.attn_q.weight": [8, 8],
             "blk.0.attn_k.weight": [8, 4], "blk.0.attn_v.weight": [8, 4], "blk.0.attn_output.weight": [8, 8],
             "blk.0.ffn_norm.weight": [8], "blk.0.ffn_gate.weight": [8, 8], "blk.0.ffn_up.weight": [8, 8],
             "blk.0.ffn_down.weight": [8, 8], "output_norm.weight": [8]}
    if bias:
        sizes |= {"blk.0.attn_q.bias": [8], "blk.0.attn_k.bias": [4], "blk.0.attn_v.bias": [4]}
    infos, data = {}, b""
    for name, shape in sizes.items():
        matrix = len(shape) == 2
        infos[name] = (shape, kind if matrix else 0, len(data))
        count = shape[0] * (shape[1] if matrix else 1)
        data += f32(*[0.5] * count) if infos[name][1] == 0 else struct.pack(f"<{count}e", *[0.5] * count)
        data += bytes(-len(data) % 32)
    return gguf.build(entries, infos, data)


def blocks():
    """One tensor of every block type, by GGUF's number: (rows of 256 numbers, bytes of a row)."""
    of = {0: 1024, 1: 512, 2: 144, 3: 160, 6: 176, 7: 192, 8: 272, 12: 144, 13: 176, 14: 210, 30: 512}
    infos, data = {}, b""
    for kind, size in of.items():
        infos[f"t{kind}"] = ([256], kind, len(data))
        data += bytes(size + -size % 32)
    return gguf.build({"general.name": string("blocks")}, infos, data)


def gguf_values():
    every = {f"k{kind}": (kind, bytes([1]) + bytes(width - 1)) for kind, width in gguf.WIDTH.items()}
    arrays = {f"a{kind}": (gguf.ARRAY, gguf.u32(kind) + gguf.u64(2) + 2 * (bytes([1]) + bytes(width - 1)))
              for kind, width in gguf.WIDTH.items()}
    return gguf.build(every | arrays | {"s": string("text"), "l": strings(["a", "", "b"])}, {}, b"")


def safetensors_types():
    widths = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, width in widths.items():
        header[name] = {"dtype": name, "shape": [2, 3], "data_offsets": [at, at + 6 * width]}
        at += 6 * width
    header["empty"] = {"dtype": "F32", "shape": [0, 4], "data_offsets": [at, at]}
    header["scalar"] = {"dtype": "F32", "shape": [], "data_offsets": [at, at + 4]}
    return safetensors.pack(header, bytes(at + 4))


def main():
    seed("io_safetensors_fuzz", "types", safetensors_types())
    seed("io_safetensors_fuzz", "one", safetensors.one())
    bad("io_safetensors_fuzz", safetensors.files())

    seed("io_gguf_fuzz", "values", gguf_values())
    seed("io_gguf_fuzz", "blocks", blocks())
    bad("io_gguf_fuzz", gguf.by_hand())
    for architecture, bias in (("llama", False), ("qwen2", True)):
        seed("models_gguf_model_fuzz", architecture, small_model(architecture, bias=bias))
    seed("models_gguf_model_fuzz", "half precision", small_model(kind=1))
    bad("models_gguf_model_fuzz", gguf.by_hand())

    for name in ("tiny-tied", "tiny-untied"):
        seed("models_config_fuzz", name, (DATA / name / "config.json").read_bytes())
    llama = {key: value for key, value in config.GOOD.items() if key not in ("layer_types", "efficient_attention_config")}
    rope = {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 64}
    for family in ("llama", "qwen2", "qwen3"):
        seed("models_config_fuzz", family, json.dumps(llama | {"model_type": family, "rope_scaling": rope}))
    seed("models_config_fuzz", "python list", json.dumps(config.GOOD | {"layer_types": str(config.GOOD["layer_types"])}))
    seed("models_config_fuzz", "generation", '{"do_sample": true, "temperature": 0.7, "top_k": 20, "top_p": 0.8, "min_p": 0.1,'
         ' "repetition_penalty": 1.1, "bos_token_id": 1, "pad_token_id": 0, "eos_token_id": [2, 3]}')
    bad("models_config_fuzz", ((name, json.dumps(config.GOOD | fields)) for name, fields, _ in config.changes()))
    bad("models_config_fuzz", config.texts())
    bad("models_config_fuzz", config.generation())
    bad("io_json_fuzz", config.texts())
    seed("io_json_fuzz", "every kind", '{"a": [null, true, false, -1, 2.5e-3, 18446744073709551615], "é": {"\\u00e9": "\\n\\ud83d\\ude00"}}')

    small = {"version": "1.0", "added_tokens": [dict(tokenizer.GOOD["added_tokens"][0], id=4)], "normalizer": {"type": "NFC"},
             "pre_tokenizer": tokenizer.GOOD["pre_tokenizer"], "post_processor": None, "decoder": tokenizer.GOOD["decoder"],
             "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "aba": 3}, "merges": [["a", "b"], ["ab", "a"]]}}
    seed("text_tokenizer_fuzz", "small", json.dumps(small))
    for field, value in (("normalizer", {"type": "Lowercase"}), ("decoder", None), ("model", {"type": "WordPiece"}),
                         ("added_tokens", [3]), ("pre_tokenizer", {"type": "ByteLevel", "add_prefix_space": True, "use_regex": True})):
        seed("text_tokenizer_fuzz", f"small {field}", json.dumps(small | {field: value}))
    seed("text_tokenizer_fuzz", "text", "aaaa  aa <s> x e\u0301 It's 12345 \u4e16\u754c \U0001f642\n\n\t end")
    seed("text_tokenizer_fuzz", "not text", b"a\xff\xfe\xc3 \xed\xa0\x80")
    bad("text_tokenizer_fuzz", tokenizer.texts())

    for tokens, note in ((0, ""), (1, ""), (2, '{"a":1}'), (20, "")):
        seed("runtime_state_state_file_fuzz", f"{tokens} tokens", conversation(tokens, note))

    for file in sorted((HERE.parent.parent / "text/testdata/chat").glob("*.jinja")):
        if file.stat().st_size <= 8192:
            seed("text_chat_template_fuzz", file.stem, file.read_bytes())
    bad("text_chat_template_fuzz", ((name, t.encode() if isinstance(t, str) else t) for name, t, _ in chat_template.templates()))

    for text in ("0", "-3", "9223372036854775807", "9223372036854775808", "1e-3", "1e999", "nan", "0x10", "5GB", "1.5GB",
                 "9223372036854775807KB", "1 2 3", " 1,2,\n3 ", "1 x", "-1", "2147483648", "genrate", "--max-token", ""):
        seed("apps_jet_parse_fuzz", "number " + (text or "empty"), text)


main()
