#!/usr/bin/env python3
"""Draws decoding speed over context as an SVG from the JSON lines of jet bench.

    tools/plot_decode.py OUT.svg "NAME=FILE.jsonl"...
"""
import json
import sys

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 50, 60
COLOURS = ["#1b6ca8", "#c8553d", "#4c9f70", "#7a5195"]


def read(path):
    """[(context, tokens a second at the median step)] by context."""
    cases = [json.loads(line) for line in open(path, encoding="utf-8")]
    return sorted((case["context"], 1000 * case["batch"] / case["step_ms"]["p50"]) for case in cases)


def round_up(value):
    """The next of 1, 2, 2.5, 3, 4, 5 times a power of ten."""
    power = 1
    while power * 10 < value:
        power *= 10
    return next(step * power for step in (1, 2, 2.5, 3, 4, 5, 10) if step * power >= value)


def context_name(tokens):
    return f"{tokens // 1024}K" if tokens >= 1024 else str(tokens)


def draw(series):
    most_x = max(x for _, points in series for x, _ in points) or 1
    most_y = round_up(max(y for _, points in series for _, y in points))
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    place_x = lambda x: LEFT + across * x / most_x
    place_y = lambda y: TOP + down * (1 - y / most_y)
    text = lambda x, y, what, more="": f'<text x="{x:.1f}" y="{y:.1f}" {more}>{what}</text>'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13" fill="#333">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        text(LEFT, 28, "Decoding, tokens a second, over tokens of context", 'font-size="15"'),
    ]
    for part in range(6):
        y = most_y * part / 5
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place_y(y):.1f}" '
                     f'y2="{place_y(y):.1f}" stroke="#ddd"/>')
        lines.append(text(LEFT - 8, place_y(y) + 4, f"{y:g}", 'text-anchor="end"'))
    last = -100.0
    for x in sorted({x for _, points in series for x, _ in points}):
        lines.append(f'<line x1="{place_x(x):.1f}" x2="{place_x(x):.1f}" y1="{place_y(0):.1f}" '
                     f'y2="{place_y(0) + 5:.1f}" stroke="#333"/>')
        if place_x(x) - last > 14:
            lines.append(text(place_x(x), place_y(0) + 20, context_name(x), 'text-anchor="middle"'))
            last = place_x(x)
    for (name, points), colour in zip(series, COLOURS):
        path = " ".join(f"{place_x(x):.1f},{place_y(y):.1f}" for x, y in points)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        for x, y in points:
            lines.append(f'<circle cx="{place_x(x):.1f}" cy="{place_y(y):.1f}" r="3.5" fill="{colour}"/>')
        lines.append(text(WIDTH - RIGHT + 10, place_y(points[-1][1]) + 4, name, f'fill="{colour}"'))
    lines.append("</svg>")
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) < 3 or not all("=" in part for part in sys.argv[2:]):
        sys.exit(__doc__)
    series = [(name, read(path)) for name, path in (part.split("=", 1) for part in sys.argv[2:])]
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write(draw(series))


if __name__ == "__main__":
    main()
