"""Random calls, by seed: what make_vectors.py asks of transformers, and the tests of the package."""

from __future__ import annotations

import random
from typing import Any

VOCABULARY = 512
PAD = 0
WORDS = [
    "",
    " ",
    "hello world",
    "The quick",
    "<|im_start|>user\nhi<|im_end|>\n",
    "  a\n\n b\t",
    "naïve café",
    "12 345",
    "日本 🙂",
    "x" * 40,
    "e\u0301",
]


def prompts(rng: random.Random) -> dict[str, list[list[int]]]:
    """A batch with padding on the left."""
    lengths = [rng.randint(1, 12) for _ in range(rng.choice([1, 1, 2, 3]))]
    rows = [[rng.randrange(3, VOCABULARY) for _ in range(length)] for length in lengths]
    longest = max(lengths)
    return {
        "input_ids": [[PAD] * (longest - len(row)) + row for row in rows],
        "attention_mask": [[0] * (longest - len(row)) + [1] * len(row) for row in rows],
    }


def search(seed: int) -> dict[str, Any]:
    """generate without draws: greedy, or beams."""
    rng = random.Random(seed)
    inputs = prompts(rng)
    length = len(inputs["input_ids"][0])
    arguments: dict[str, Any] = {"pad_token_id": rng.choice([PAD, PAD, 7])}
    ends = rng.sample(range(3, VOCABULARY), rng.choice([1, 1, 8, 40]))
    arguments["eos_token_id"] = ends[0] if len(ends) == 1 else ends
    arguments |= rng.choice([{"max_new_tokens": rng.randint(1, 14)}, {"max_length": length + rng.randint(1, 14)}, {}])
    if rng.random() < 0.5:
        beams = rng.choice([2, 3, 4])
        arguments |= {
            "num_beams": beams,
            "early_stopping": rng.choice([False, True, "never"]),
            "length_penalty": rng.choice([-1.0, 0.0, 1.0, 2.0]),
            "num_return_sequences": rng.randint(1, beams),
        }
    if rng.random() < 0.3:
        arguments |= rng.choice([{"min_new_tokens": rng.randint(1, 6)}, {"min_length": length + rng.randint(0, 6)}])
    if rng.random() < 0.3:
        arguments["repetition_penalty"] = rng.choice([0.7, 1.2, 2.0])
    if rng.random() < 0.3:
        arguments["no_repeat_ngram_size"] = rng.choice([1, 2, 3])
    if rng.random() < 0.2:
        arguments["suppress_tokens"] = rng.sample(range(VOCABULARY), 60)
    if rng.random() < 0.2:
        arguments["bad_words_ids"] = [[each] for each in rng.sample(range(VOCABULARY), 60)]
    return {"seed": seed, "inputs": inputs, "arguments": arguments}


def draw(seed: int) -> dict[str, Any]:
    """What the first token of a sample is drawn from."""
    rng = random.Random(seed)
    inputs = prompts(rng)
    arguments: dict[str, Any] = {"do_sample": True, "max_new_tokens": 1, "pad_token_id": PAD, "eos_token_id": 1}
    for name, values in {
        "temperature": (0.5, 1.5),
        "top_k": (0, 1, 5, 30),
        "top_p": (0.3, 0.9),
        "min_p": (0.02, 0.3),
        "typical_p": (0.3, 0.9),
        "repetition_penalty": (1.3,),
    }.items():
        if rng.random() < 0.5:
            arguments[name] = rng.choice(values)
    return {"seed": seed, "inputs": inputs, "arguments": arguments}


def call(seed: int) -> dict[str, Any]:
    """A call of the tokenizer."""
    rng = random.Random(seed)
    texts: Any = ["".join(rng.choice(WORDS) for _ in range(rng.randint(0, 5))) for _ in range(rng.randint(1, 4))]
    arguments: dict[str, Any] = {"padding": rng.choice([False, True, "longest", "max_length"])}
    if rng.random() < 0.5:
        arguments["truncation"] = rng.choice([True, False, "longest_first"])
    if arguments["padding"] == "max_length" or rng.random() < 0.5:
        arguments["max_length"] = rng.choice([4, 16])
    if arguments["padding"] and rng.random() < 0.3:
        arguments["pad_to_multiple_of"] = 4
    if rng.random() < 0.5:
        arguments["padding_side"] = rng.choice(["left", "right"])
    if rng.random() < 0.3:
        arguments["add_special_tokens"] = False
    if rng.random() < 0.2:
        arguments["split_special_tokens"] = True
    if len(texts) == 1 and rng.random() < 0.5:
        texts = texts[0]
    return {"seed": seed, "text": texts, "truncation_side": rng.choice(["left", "right"]), "arguments": arguments}


def chat(seed: int) -> dict[str, Any]:
    """A dialogue for apply_chat_template."""
    rng = random.Random(seed)
    roles = [*rng.choice([[], ["system"]]), *["user", "assistant", "user", "assistant", "user"][: rng.choice([1, 2, 3, 5])]]
    messages = [{"role": role, "content": rng.choice(WORDS) + rng.choice(WORDS)} for role in roles]
    return {"seed": seed, "messages": messages, "arguments": {"add_generation_prompt": rng.random() < 0.5}}
