#!/usr/bin/env python3
"""Makes vectors.json: what transformers answers to the cases of cases.py.

pip install transformers torch
build/release/apps/jet/jet convert --random-init --config python/tests/tiny_llama.json --seed 1 /tmp/tiny-llama
cp tests/data/tokenizer-512/* /tmp/tiny-llama
python/tests/make_vectors.py /tmp/tiny-llama"""

import json
import pathlib
import sys

import cases
from reference import Reference

COUNTS = {"search": 80, "draw": 24, "call": 80, "chat": 20}


def main() -> None:
    reference = Reference(sys.argv[1])
    lines = []
    for kind, count in COUNTS.items():
        made, seed = 0, 0
        while made < count:
            case = getattr(cases, kind)(seed)
            expected = getattr(reference, kind)(case)
            seed += 1
            if expected is None:
                continue
            lines.append(json.dumps({"kind": kind, "case": case, "expected": expected}, separators=(",", ":")))
            made += 1
        print(f"{kind}: {made} of {seed} kept", file=sys.stderr)
    pathlib.Path(__file__).with_name("vectors.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


main()
