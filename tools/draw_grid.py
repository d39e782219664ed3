#!/usr/bin/env python3
"""Draws docs/benchmarks/cuda.svg: tokens a second over context for each model, at its largest batch and in prefill.

    tools/draw_grid.py docs/benchmarks/cuda.jsonl docs/benchmarks/cuda.svg      (the lines of jet bench --json)"""
import json
import math
import sys

WIDTH, HEIGHT, LEFT, TOP, PANEL, GAP = 800, 340, 64, 44, 300, 84
COLOURS = {"2b": ("Jet-Nemotron-2B", "#1a7f37"), "4b": ("Jet-Nemotron-4B", "#0969da"), "qwen": ("Qwen3-1.7B", "#9a6700")}


def read(path):
    """{panel: {model: {context: tokens a second}}}; of lines for the same case the last counts."""
    decode, prefill = {name: {} for name in COLOURS}, {name: {} for name in COLOURS}
    with open(path, encoding="utf-8") as file:
        for run in map(json.loads, file):
            words = run["command"].split()
            model = words[words.index("--model") + 1]
            if model not in COLOURS:  # weights in blocks are no line of the grid
                continue
            if run["prompt_length"] and run["batch"] == 1:
                prefill[model][run["prompt_length"]] = run["prefill_tokens_per_second"]
            elif "--largest-batch" in words and "--kv-dtype" not in words:
                decode[model][run["context"]] = run["decode_tokens_per_second"]
    return {"decoding at the largest batch": decode, "prefill of one sequence": prefill}


def panel(left, title, models):
    contexts = sorted({context for points in models.values() for context in points})
    numbers = [number for points in models.values() for number in points.values()]
    low, high = math.floor(math.log10(min(numbers))), math.log10(max(numbers) * 1.2)
    bottom, top = HEIGHT - 44, TOP + 16
    x = lambda context: left + PANEL * math.log2(context / contexts[0]) / math.log2(contexts[-1] / contexts[0])
    y = lambda number: bottom - (bottom - top) * (math.log10(number) - low) / (high - low)
    yield f'<text x="{left}" y="{TOP}" font-weight="bold">{title}</text>'
    for power in range(low, math.floor(high) + 1):
        for tick in (1, 2, 5):
            at = tick * 10**power
            if at <= 10**high:
                yield f'<line x1="{left}" y1="{y(at):.1f}" x2="{left + PANEL}" y2="{y(at):.1f}" stroke="#d0d7de"/>'
                yield f'<text x="{left - 6}" y="{y(at) + 4:.1f}" text-anchor="end">{at:,}</text>'
    for context in contexts:
        yield f'<text x="{x(context):.1f}" y="{bottom + 18}" text-anchor="middle">{context // 1024}K</text>'
    for model, points in models.items():
        colour = COLOURS[model][1]
        places = [(x(context), y(number)) for context, number in sorted(points.items())]
        yield f'<polyline points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in places)}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for a, b in places:
            yield f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>'


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
    for i, (name, colour) in enumerate(COLOURS.values()):
        out.append(f'<text x="{LEFT + 140 * i}" y="20" fill="{colour}">{name}</text>')
    out.append(f'<text x="{WIDTH - 16}" y="20" text-anchor="end">tokens a second over tokens of context</text>')
    for i, (title, models) in enumerate(read(sys.argv[1]).items()):
        out += panel(LEFT + i * (PANEL + GAP), title, models)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\n".join(out + ["</svg>"]) + "\n")


main()
