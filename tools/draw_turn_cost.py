#!/usr/bin/env python3
"""Draws docs/benchmarks/turn_cost.svg: the measured time of a turn over the number of turns before it.

    runtime_bench --benchmark_filter=Turn --benchmark_format=json > turns.json
    tools/draw_turn_cost.py turns.json docs/benchmarks/turn_cost.svg"""
import json
import math
import sys

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 420, 70, 46, 30, 56
SERIES = {"BM_TurnWithoutFullAttention": ("JetBlock and sliding windows", "#1b7f5c"),
          "BM_TurnWithFullAttention": ("two of six layers full attention", "#b3412e")}


def main():
    points = {name: [] for name in SERIES}
    for run in json.load(open(sys.argv[1]))["benchmarks"]:
        name, turn = run["name"].split("/")[:2]
        scale = {"ns": 1e-6, "us": 1e-3, "ms": 1}[run["time_unit"]]
        points[name].append((int(turn), run["real_time"] * scale, run["bytes"]))
    most = max(time for series in points.values() for _, time, _ in series) * 1.1
    last = max(turn for series in points.values() for turn, _, _ in series)
    x = lambda turn: LEFT + (WIDTH - LEFT - RIGHT) * math.log(turn / 10) / math.log(last / 10)
    y = lambda time: HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * time / most
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{LEFT}" y="24" font-size="15">Time of a turn (8 new tokens, 8 of answer), by the turns before it</text>']
    step = 10 ** math.floor(math.log10(most))
    step = step if most / step >= 3 else step / 4
    for i in range(int(most / step) + 1):
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(i * step):.1f}" y2="{y(i * step):.1f}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 8}" y="{y(i * step) + 4:.1f}" text-anchor="end">{i * step:g} ms</text>')
    for turn in (10, 100, 1000, 10000):
        out.append(f'<text x="{x(turn):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{turn:,}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 14}" text-anchor="middle">turn</text>')
    for name, (label, colour) in SERIES.items():
        series = sorted(points[name])
        path = " ".join(f"{x(turn):.1f},{y(time):.1f}" for turn, time, _ in series)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x(turn):.1f}" cy="{y(time):.1f}" r="3.5" fill="{colour}"/>' for turn, time, _ in series]
        turn, time, _ = series[-1]
        out.append(f'<text x="{x(turn) - 8:.1f}" y="{y(time) - 10:.1f}" text-anchor="end" fill="{colour}">{label}</text>')
        # A straight line through the first and last measured turn over the bytes that the cost model counts.
        (_, t0, b0), (_, t1, b1) = series[0], series[-1]
        if b1 > 1.01 * b0:
            model = " ".join(f"{x(turn):.1f},{y(t0 + (t1 - t0) * (b - b0) / (b1 - b0)):.1f}" for turn, _, b in series)
            out.append(f'<polyline points="{model}" fill="none" stroke="{colour}" stroke-dasharray="4 4"/>')
    out.append("</svg>")
    open(sys.argv[2], "w").write("\n".join(out) + "\n")


main()
