#!/usr/bin/env python3
"""Draws docs/benchmarks/server.svg: requests a second, and the median time to the first token, over the number of clients.

    tools/draw_server_load.py runs.jsonl docs/benchmarks/server.svg      (runs.jsonl of tools/bench_server.py)"""
import json
import math
import sys

WIDTH, HEIGHT, LEFT, TOP, PANEL, GAP = 760, 300, 60, 40, 290, 80
COLOURS = {"jet": "#1a7f37", "llama-server": "#9a6700"}
PANELS = [("requests a second", lambda run: run["requests_per_second"]), ("seconds to the first token, median", lambda run: run["first_ms"]["p50"] / 1000)]


def panel(left, title, value, runs):
    bottom, top = HEIGHT - 40, TOP + 20
    most = max(map(value, runs)) * 1.1
    widest = math.log2(max(run["concurrency"] for run in runs))
    x = lambda clients: left + PANEL * math.log2(clients) / widest
    y = lambda number: bottom - (bottom - top) * number / most
    yield f'<text x="{left}" y="{TOP}" font-weight="bold">{title}</text>'
    for tick in range(5):
        at = most * tick / 4
        yield f'<line x1="{left}" y1="{y(at):.1f}" x2="{left + PANEL}" y2="{y(at):.1f}" stroke="#d0d7de"/>'
        yield f'<text x="{left - 6}" y="{y(at) + 4:.1f}" text-anchor="end">{at:.1f}</text>'
    for clients in sorted({run["concurrency"] for run in runs}):
        yield f'<text x="{x(clients):.1f}" y="{bottom + 18}" text-anchor="middle">{clients}</text>'
    for program, colour in COLOURS.items():
        points = [(x(run["concurrency"]), y(value(run))) for run in sorted(runs, key=lambda run: run["concurrency"]) if run["program"] == program]
        yield f'<polyline points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for a, b in points:
            yield f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>'


def main():
    with open(sys.argv[1]) as file:
        runs = [json.loads(line) for line in file]
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
    for i, (program, colour) in enumerate(COLOURS.items()):
        out.append(f'<text x="{LEFT + 120 * i}" y="18" fill="{colour}">{program}</text>')
    out.append(f'<text x="{WIDTH - 20}" y="18" text-anchor="end">over clients at the same time</text>')
    for i, (title, value) in enumerate(PANELS):
        out += panel(LEFT + i * (PANEL + GAP), title, value, runs)
    with open(sys.argv[2], "w") as file:
        file.write("\n".join(out + ["</svg>"]) + "\n")


main()
