#!/usr/bin/env python3
"""Encodes texts with Hugging Face's tokenizers and keeps the ids, for the tests of text/.

    pip install tokenizers gguf
    tools/make_tokenizer_vectors.py [--qwen2 TOKENIZER.json.gz] [--smollm2 SmolLM2-135M-Instruct.Q4_1.gguf]

text/testdata/tokenizer_texts.json: the texts. tokenizer_512.json: their ids by tests/data/tokenizer-512 and variants of
it (other pre-tokenizers, added tokens with options); tokenizer_qwen2.json and tokenizer_smollm2.json: by the models'
tokenizers, made when their files are given. Each is {"variant": [[ids], ...]}, or [ids, ids
with special tokens as plain text] where the two differ.
utf8_replacement.json: bytes in hexadecimal and what Python decodes them to with errors="replace".
"""
import argparse
import copy
import gzip
import json
import pathlib
import random
import unicodedata

from tokenizers import Tokenizer, normalizers

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "text" / "testdata"

BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

TEXTS = [
    "", " ", "  ", "\n", "\r\n", "\t", "Hello, world!", " Hello  world \n\n\ttabs",
    "I'm can't we'll they'RE I'VE you'D it'S 'tis o'clock 'ſ", "it’s “quoted” — …", "3.14159 1,234,567 1e-5 0x1F",
    "½ ² Ⅷ ٣٤٥ 三 1½ a½ ①② 〇", "    1", "x  2   3    4", "  leading", "trailing  ", "\n\n\n   x\n \n\t\n y  \n",
    "a\r\nb\r\rc\n\rd\r\n  \r\n", " \t \t mixed\t blanks \u00a0\u2003\u3000\u2028\u0085 end", "a\u180eb \u200b \u200c \u200d \ufeff",
    "naïve café e\u0301 a\u0323\u0302 a\u0302\u0323 \u0344 \u1e9b\u0323 Å Å Å ﬁ ẛ̣", "q\u0307\u0323 q\u0323\u0307 \u0958 \u2adc \u0f73",
    "Привет, мир! Ёлка И\u0306 Й", "Γειά σου Κόσμε ΐ ι\u0308\u0301 ς", "مرحبا بالعالم ١٢٣ ﷺ \u0622 \u0627\u0653", "שלום עולם שּׁ ש\u05c1\u05bc",
    "नमस्ते दुनिया क\u093c क़ ०१२", "สวัสดีชาวโลก ๑๒๓ น้ำ", "வணக்கம் உலகம் ௧௨ ொ \u0bc6\u0bbe", "你好，世界！繁體 㐀𠀀𪛖𱍐 豈", "こんにちは世界 カタカナ が か\u3099 ﾊﾟ",
    "안녕하세요 세계 \u1112\u1161\u11ab\u1100\u1173\u11af 각 \u1100\u1161\u11a8 \uac00\u11a8", "ქართული Հայերեն ትግርኛ ខ្មែរ မြန်မာ ᚠᛇᚻ 𐎀𐎁 𝒜𝔅ℂ ℵ",
    "🙂🚀👩\u200d👩\u200d👧👍🏽🇩🇪❤️ ☃ ♥︎", "∑∫√∞≠≤ x² + y³ = ∂f/∂x 𝟏𝟐𝟑 ℝ", "\x00\x01\x04\x06\x13\x14\x16\x1b[0m\x1c\x1d\x1f\x7f\x80\x9f",
    "\ufdd0\ufffe\uffff\U0001fffe\U0010ffff\ufffd \U000e0041 \U000f0000", "def f(x):\n    return x**2  # ok\n\n\tif x != y:\n\t\tpass\n",
    "https://example.org/a-b_c/d?q=1&r=%20#f user@example.org C:\\dir\\file.txt", "snake_case camelCase __init__ kebab-case SCREAMING_CASE v1.2.3",
    "<div class=\"x\">&nbsp;</div><!-- c --> {\"k\": [1, 2.5, null]}", "!!!???... --- ===>>> $$$ @@ ## %% ^^ && ** (()) [[]]",
    "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", "<|endoftext|><|endoftext|> <|im_end|", "<|im_start|", "a<|im_end|>b <|im_end|> c",
    "<tool_call>\n{}\n</tool_call><|fim_prefix|>x", "a <L>  b  <L>c<L>", "a <R>  b<R>\n\n c", "  <LR> \t <LR>  \n", "[w] [word] ←word ←words ←word_ a←word ←word←word é←word",
    "→é →e\u0301 →e\u0301\u0316x →e\u0316\u0301x", "<L><R><LR>< L>", "a" * 50, "ab" * 100, "word" * 50, "z" * 300, "é" * 70, "世" * 50, " " * 150, "\n" * 100,
    "1" * 50, "!?" * 30, "'s" * 20, "a " * 40, "  a" * 20,
]  # fmt: skip

RANGES = [
    (0x20, 0x7E), (0x20, 0x7E), (0x20, 0x7E), (0x00, 0x24F), (0x250, 0x36F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0xDFF),
    (0xE00, 0xEFF), (0x1100, 0x11FF), (0x1680, 0x181F), (0x1E00, 0x206F), (0x2070, 0x218F), (0x2190, 0x27BF), (0x2E80, 0x30FF),
    (0x3100, 0x4DFF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFFFD), (0x10000, 0x10FFF), (0x11000, 0x11FFF), (0x1D400, 0x1D7FF),
    (0x1F000, 0x1FAFF), (0x20000, 0x323AF), (0xE0000, 0xE01EF), (0, 0x10FFFF),
]  # fmt: skip
BLANKS = [" ", " ", "  ", "   ", "\n", "\n\n", " \n", "\t", "\r\n", "\n  ", " \t ", "\u3000", "\u00a0 "]


def random_text(rng):
    words = [word for text in TEXTS[:55] for word in text.split(" ") if word]
    parts = []
    for _ in range(rng.randint(2, 12)):
        kind = rng.random()
        if kind < 0.5:
            parts.append(rng.choice(words))
        elif kind < 0.7:
            parts.append(rng.choice(BLANKS))
        else:
            low, high = rng.choice(RANGES)
            codes = (rng.randint(low, high) for _ in range(rng.randint(1, 4)))
            parts.append("".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000))
    text = "".join(parts)
    # The tables of tokenizers' NFC are of Unicode 9: it does not order later marks.
    is_ordered = normalizers.NFC().normalize_str(text) == unicodedata.normalize("NFC", text)
    return text if is_ordered else random_text(rng)


def ids(description, texts):
    tokenizer = Tokenizer.from_str(json.dumps(description))
    rows = []
    for plain in (False, True):
        tokenizer.encode_special_tokens = plain
        rows.append([e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)])
    return [[found] if found == plain else [found, plain] for found, plain in zip(*rows)]


def write(name, value):
    rows = value.items() if isinstance(value, dict) else None
    with open(DATA / name, "w", encoding="ascii") as out:
        dump = lambda item: json.dumps(item, separators=(",", ":"))
        if rows is None:
            out.write("[\n" + ",\n".join(map(dump, value)) + "\n]\n")
        else:
            parts = (dump(key) + ":[\n" + ",\n".join(map(dump, items)) + "\n]" for key, items in rows)
            out.write("{" + ",\n".join(parts) + "}\n")


def split(regex, use_regex):
    pattern = {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}
    return {"type": "Sequence", "pretokenizers": [pattern, dict(BYTE_LEVEL, use_regex=use_regex)]}


def variants_512(base):
    def variant(**changes):
        changed = copy.deepcopy(base)
        changed.update(changes)
        return changed

    digits = {"type": "Digits", "individual_digits": True}
    # The options are tried one by one and together; the tests add the same tokens.
    def added(number, content, **options):
        plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
        return {"id": 512 + number, "content": content, **plain, **options}

    tokens = [
        added(0, "<L>", lstrip=True), added(1, "<R>", rstrip=True, special=True), added(2, "<LR>", lstrip=True, rstrip=True),
        added(3, "←word", single_word=True), added(4, "←words"), added(5, "→é", normalized=True),
        added(6, "→e\u0301\u0316x", normalized=True), added(7, "<L><", special=True),
    ]  # fmt: skip
    return {
        "qwen2": base,
        "gpt2": variant(pre_tokenizer=BYTE_LEVEL, normalizer=None),
        "gpt2_prefix_space": variant(pre_tokenizer=dict(BYTE_LEVEL, add_prefix_space=True), normalizer=None),
        "smollm": variant(pre_tokenizer=split(r"\d", True), normalizer=None),
        "digits": variant(pre_tokenizer={"type": "Sequence", "pretokenizers": [digits, BYTE_LEVEL]}, normalizer=None),
        "llama3": variant(pre_tokenizer=split(LLAMA3, False), normalizer=None, model=dict(base["model"], ignore_merges=True)),
        "added_tokens": variant(added_tokens=base["added_tokens"] + tokens),
    }


def smollm2(path):
    from gguf import GGUFReader

    fields = GGUFReader(path).fields
    read = lambda key: fields["tokenizer.ggml." + key].contents()
    tokens = read("tokens")
    options = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "added_tokens": [dict(options, id=i, content=tokens[i]) for i, kind in enumerate(read("token_type")) if kind == 3],
        "pre_tokenizer": split(r"\d", True),
        "decoder": BYTE_LEVEL,
        "model": {"type": "BPE", "vocab": {t: i for i, t in enumerate(tokens)}, "merges": read("merges")},
    }


def utf8_cases(rng):
    cases = [b"", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x99", b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xe0\x80\x80"]
    heads = [0x41, 0x7F, 0x80, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF]
    pieces = ["é".encode(), "世".encode(), "🙂".encode(), b"ok"]
    for _ in range(250):
        parts = []
        for _ in range(rng.randint(1, 8)):
            whole = rng.choice(pieces)
            parts.append(rng.choice([bytes([rng.choice(heads)]), bytes([rng.randint(0, 255)]), whole, whole[: rng.randint(1, 3)]]))
        cases.append(b"".join(parts))
    return [[case.hex(), case.decode("utf-8", errors="replace")] for case in cases]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--qwen2")
    parser.add_argument("--smollm2")
    args = parser.parse_args()
    rng = random.Random(20250101)
    texts = TEXTS + [random_text(rng) for _ in range(200)]
    write("tokenizer_texts.json", texts)
    write("utf8_replacement.json", utf8_cases(rng))
    base = json.loads((ROOT / "tests/data/tokenizer-512/tokenizer.json").read_text(encoding="utf-8"))
    write("tokenizer_512.json", {name: ids(v, texts) for name, v in variants_512(base).items()})
    if args.qwen2:
        with gzip.open(args.qwen2, "rt", encoding="utf-8") as file:
            write("tokenizer_qwen2.json", {"qwen2": ids(json.load(file), texts)})
    if args.smollm2:
        write("tokenizer_smollm2.json", {"smollm2": ids(smollm2(args.smollm2), texts)})


main()
