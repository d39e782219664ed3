#!/usr/bin/env python3
"""Draws docs/includes.svg: the folders in their layers, an arrow where the code of one includes headers of another.

Arrows between neighbours run straight down, longer ones bow out on the right. One that runs up would be red, and the script
fails; tests/layers/check.sh finds it before.
"""
import collections
import dataclasses
import math
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests/layers/layers.txt"
PICTURE = ROOT / "docs/includes.svg"

WIDTH, LEFT, TOP, BOX, GAP = 980, 40, 104, 640, 34
CHIP_HEIGHT, CHIP_GAP, HEAD = 22, 6, 46
INK, SOFT, RED = "#1d2733", "#66727f", "#d62828"
COLOURS = ["#7a8793", "#4c6a92", "#2a7f9e", "#1f9488", "#5a9a3c", "#b08a1e", "#d0702a", "#b8485f", "#7d57a8", "#555"]
FONT = "font-family='Inter, Segoe UI, Helvetica Neue, Arial, sans-serif'"


@dataclasses.dataclass
class Layer:
    folder: str
    holds: str
    chips: list
    colour: str
    top: float = 0
    height: float = 0
    leaving: list = dataclasses.field(default_factory=list)
    entering: list = dataclasses.field(default_factory=list)


def is_code(path):
    """Library code alone: tests, benches, fuzzers and references include as they like."""
    if "testing" in path.parts:
        return False
    return path.suffix in {".h", ".cpp", ".cu", ".cuh"} and not re.search(r"(^|_)(test|bench|fuzz|reference)$", path.stem)


def read_layers():
    """The layers that hold code, highest first, with their subfolders."""
    layers = []
    for line in TABLE.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        folder, holds, _ = (cell.strip() for cell in line.split("|"))
        files = [path for path in (ROOT / folder).rglob("*") if is_code(path)]
        if files:
            inner = {path.relative_to(ROOT / folder).parts[0] for path in files if path.parent != ROOT / folder}
            layers.append(Layer(folder, holds, sorted(inner), COLOURS[len(layers) % len(COLOURS)]))
    return layers[::-1]


def count_includes(layers):
    """(from, to) -> how many includes of the one name headers of the other."""
    folders = [layer.folder for layer in layers]
    counts = collections.Counter()
    for folder in folders:
        for path in filter(is_code, (ROOT / folder).rglob("*")):
            for header in re.findall(r'^\s*#\s*include\s*["<]([^">]+)', path.read_text(), re.M):
                header = "include/" + header if header.startswith("jet/") else header
                target = next((other for other in folders if header.startswith(other + "/")), folder)
                if target != folder:
                    counts[folder, target] += 1
    return counts


def chip_rows(chips):
    """Rows of (x, width, name) that fit into a box."""
    rows, x = [[]], 0
    for name in chips:
        width = 7.0 * len(name) + 18
        if x + width > BOX - 40:
            rows.append([])
            x = 0
        rows[-1].append((x, width, name))
        x += width + CHIP_GAP
    return [row for row in rows if row]


def place(layers, counts):
    """Sets each box's place, and where on its right edge the long arrows leave (lower half) and enter (upper half)."""
    order = {layer.folder: place for place, layer in enumerate(layers)}
    far = [(a, b) for a, b in counts if abs(order[b] - order[a]) > 1 or order[b] < order[a]]
    y = TOP
    for layer in layers:
        layer.leaving = sorted((b for a, b in far if a == layer.folder), key=lambda b: -order[b])
        layer.entering = sorted((a for a, b in far if b == layer.folder), key=lambda a: -order[a])
        rows = len(chip_rows(layer.chips))
        ports = 9 * (len(layer.leaving) + len(layer.entering)) + 16
        layer.top, layer.height = y, max(HEAD + rows * (CHIP_HEIGHT + CHIP_GAP) + (8 if rows else 6), ports)
        y += layer.height + GAP
    return y


def port(layer, other):
    ports = layer.entering + layer.leaving
    return layer.top + layer.height / 2 + 9 * (ports.index(other) - (len(ports) - 1) / 2)


def box(layer):
    x, y, height = LEFT, layer.top, layer.height
    yield f"<rect x='{x}' y='{y}' width='{BOX}' height='{height}' rx='10' fill='{layer.colour}' fill-opacity='.09' stroke='{layer.colour}' stroke-opacity='.55'/>"
    yield f"<rect x='{x}' y='{y}' width='6' height='{height}' rx='3' fill='{layer.colour}'/>"
    yield f"<text x='{x + 22}' y='{y + 29}' font-size='18' font-weight='600' fill='{INK}'>{layer.folder}</text>"
    yield f"<text x='{x + 150}' y='{y + 29}' font-size='14' fill='{SOFT}'>{layer.holds}</text>"
    for number, row in enumerate(chip_rows(layer.chips)):
        top = y + HEAD + number * (CHIP_HEIGHT + CHIP_GAP)
        for chip_x, width, name in row:
            yield f"<rect x='{x + 20 + chip_x}' y='{top}' width='{width}' height='{CHIP_HEIGHT}' rx='11' fill='#fff' stroke='{layer.colour}' stroke-opacity='.45'/>"
            yield f"<text x='{x + 20 + chip_x + width / 2}' y='{top + 15.5}' font-size='12' text-anchor='middle' fill='{INK}'>{name}</text>"


def arrow(path, colour, title, width, head):
    """A line, and a triangle at its end: `head` is its tip and the way it points."""
    (x, y), down = head
    points = f"{x},{y} {x - 5},{y - 9} {x + 5},{y - 9}" if down else f"{x},{y} {x + 9},{y - 4.5} {x + 9},{y + 4.5}"
    return (f"<g><title>{title}</title><path d='{path}' fill='none' stroke='{colour}' stroke-width='{width:.1f}'/>"
            f"<polygon points='{points}' fill='{colour}'/></g>")


def draw(layers, counts):
    height = place(layers, counts) + 2
    by_folder = {layer.folder: layer for layer in layers}
    yield f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height:.0f}' width='{WIDTH}' height='{height:.0f}' {FONT}>"
    yield f"<rect width='{WIDTH}' height='{height:.0f}' rx='14' fill='#fff'/>"
    yield f"<text x='{LEFT}' y='48' font-size='24' font-weight='700' fill='{INK}'>Who includes whom</text>"
    yield f"<text x='{LEFT}' y='74' font-size='14' fill='{SOFT}'>Every arrow runs down: a folder knows only what is below it. The thicker, the more includes.</text>"
    order = [layer.folder for layer in layers]
    for (source, target), count in sorted(counts.items(), key=lambda item: -order.index(item[0][1])):
        a, b = by_folder[source], by_folder[target]
        span = order.index(target) - order.index(source)
        title = f"{source} → {target}: {count} include{'s' if count > 1 else ''}"
        width = 1.2 + 0.55 * math.log2(count)
        if span == 1:
            x, y0, y1 = LEFT + BOX / 2, a.top + a.height, b.top
            yield arrow(f"M{x},{y0} V{y1 - 7}", a.colour, title, width, ((x, y1 - 1), True))
        else:
            x, y0, y1 = LEFT + BOX, port(a, target), port(b, source)
            bow = x + 8 + (WIDTH - x - 10) * 1.3 * math.sqrt((abs(span) - 1) / (len(layers) - 1))
            yield arrow(f"M{x},{y0:.1f} C{bow:.1f},{y0:.1f} {bow:.1f},{y1:.1f} {x + 8},{y1:.1f}", a.colour if span > 0 else RED, title,
                        width, ((x + 1, y1), False))
    for layer in layers:
        yield from box(layer)
    yield "</svg>"


def main():
    layers = read_layers()
    counts = count_includes(layers)
    PICTURE.write_text("\n".join(draw(layers, counts)) + "\n")
    order = [layer.folder for layer in layers]
    up = [pair for pair in counts if order.index(pair[0]) > order.index(pair[1])]
    if up:
        sys.exit("error: these includes run up: " + ", ".join(f"{a} -> {b}" for a, b in up))


if __name__ == "__main__":
    main()
