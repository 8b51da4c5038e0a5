"""The growth of searches as a drawing (SVG): files across, CPU time upwards, both by powers of ten. No library.

CPU (ours and the server's, mean of a query) and not time on the clock: it is what holds on a machine that others work on too.
The figures beside it have p50 and p95 as well.
"""

import json
import math
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
PICTURE, FIGURES = DOCS / "images" / "search-growth.svg", DOCS / "search-figures.json"
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 980, 460, 60, 40, 50
PANEL = 300
LOW_MS, HIGH_MS = 0.3, 300.0
GOAL_MS = 50.0
COLOURS = ("#1b6ca8", "#c8553d", "#2d936c", "#8f5db7", "#b07d12", "#3a3f44", "#d1478c", "#1f9e9e")

Kept = dict[str, dict[str, dict[str, dict[str, float]]]]
Figures = list[tuple[str, int, dict[str, tuple[float, float, float]]]]


def write(found: Figures) -> None:
    """Put new figures beside those of other sizes that are kept, and draw all of them."""
    kept = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for engine, size, kinds in found:
        told = {
            kind: dict(zip(("p50_ms", "p95_ms", "cpu_ms"), map(_rounded, values), strict=True))
            for kind, values in kinds.items()
        }
        kept.setdefault(engine, {})[str(size)] = told
    FIGURES.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    PICTURE.write_text(draw(kept))


def draw(figures: Kept) -> str:
    """A panel for each engine; the legend at the right."""
    kinds = sorted({kind for sizes in figures.values() for values in sizes.values() for kind in values})
    sizes = sorted({int(size) for found in figures.values() for size in found})
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for panel, engine in enumerate(sorted(figures, reverse=True)):
        left = LEFT + panel * (PANEL + 40)
        parts += _axes(left, engine, sizes, first=panel == 0)
        for at, kind in enumerate(kinds):
            points = [(size, figures[engine].get(str(size), {}).get(kind)) for size in sizes]
            line = " ".join(f"{_x(left, size, sizes):.1f},{_y(value['cpu_ms']):.1f}" for size, value in points if value)
            parts.append(
                f'<polyline points="{line}" fill="none" stroke="{COLOURS[at % len(COLOURS)]}" {_dash(at)}stroke-width="2"/>'
            )
    for at, kind in enumerate(kinds):
        y, x = TOP + 10 + at * 21, LEFT + 2 * (PANEL + 40)
        stroke = f'stroke="{COLOURS[at % len(COLOURS)]}" {_dash(at)}stroke-width="2"'
        parts.append(f'<line x1="{x}" y1="{y}" x2="{x + 24}" y2="{y}" {stroke}/>')
        parts.append(f'<text x="{x + 30}" y="{y + 4}">{kind}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _axes(left: int, engine: str, sizes: list[int], *, first: bool) -> list[str]:
    bottom = HEIGHT - BOTTOM
    parts = [f'<text x="{left}" y="{TOP - 14}" font-weight="bold">{engine}: CPU ms a query, by number of files</text>']
    for value in (0.3, 1, 3, 10, 30, 100, 300):
        y = _y(value)
        parts.append(f'<line x1="{left}" y1="{y:.1f}" x2="{left + PANEL}" y2="{y:.1f}" stroke="#ddd"/>')
        if first:
            parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    goal = _y(GOAL_MS)
    parts.append(
        f'<line x1="{left}" y1="{goal:.1f}" x2="{left + PANEL}" y2="{goal:.1f}" stroke="#c00" stroke-dasharray="2 4"/>'
    )
    return parts + [
        f'<text x="{_x(left, size, sizes):.1f}" y="{bottom + 18}" text-anchor="middle">{size:,}</text>'
        for size in sizes
    ]


def _rounded(value: float) -> float:
    return round(value, 2)


def _dash(at: int) -> str:
    return (
        "" if at < len(COLOURS) else ('stroke-dasharray="6 3" ' if at < 2 * len(COLOURS) else 'stroke-dasharray="2 2" ')
    )


def _x(left: int, size: int, sizes: list[int]) -> float:
    low, high = math.log10(min(sizes)), math.log10(max(sizes))
    return left + 20 + (PANEL - 40) * ((math.log10(size) - low) / (high - low) if high > low else 0.5)


def _y(value: float) -> float:
    share = math.log(min(max(value, LOW_MS), HIGH_MS) / LOW_MS) / math.log(HIGH_MS / LOW_MS)
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)
