"""The confusion matrix as an SVG: rows are what documents are, columns what was said, dark cells are many.

Plain SVG with system fonts, readable on a light page and a dark one; drawn here so that no library is needed.
"""

from collections import Counter
from collections.abc import Sequence
from html import escape

CELL_PX, LEFT_PX, TOP_PX, FOOT_PX = 56, 110, 96, 40
OTHER = "other"


def picture(counts: Counter[tuple[str, str]], rows: Sequence[str], columns: Sequence[str]) -> str:
    """Draw `counts[(row, column)]`; what is not among the columns is counted under "other"."""
    shown = [*columns, OTHER]
    cells = Counter({(row, column): counts[row, column] for row in rows for column in columns})
    for (row, column), count in counts.items():
        if column not in columns:
            cells[row, OTHER] += count
    width, height = LEFT_PX + CELL_PX * len(shown) + 16, TOP_PX + CELL_PX * len(rows) + FOOT_PX
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="13" role="img" aria-label="Confusion matrix of document classes">'
    )
    parts = [
        opening,
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT_PX}" y="20" fill="#222222" font-weight="bold">what was said (columns) of what it is (rows)</text>',
    ]
    for at, column in enumerate(shown):
        x = LEFT_PX + CELL_PX * at + CELL_PX / 2
        parts.append(
            f'<text transform="translate({x:.0f} {TOP_PX - 8}) rotate(-40)" fill="#222222">{escape(column)}</text>'
        )
    for down, row in enumerate(rows):
        y = TOP_PX + CELL_PX * down
        total = sum(cells[row, column] for column in shown)
        parts.append(f'<text x="{LEFT_PX - 10}" y="{y + 33}" text-anchor="end" fill="#222222">{escape(row)}</text>')
        for at, column in enumerate(shown):
            parts += _cell(LEFT_PX + CELL_PX * at, y, cells[row, column], total, right=_is_right(row, column))
    parts.append("</svg>\n")
    return "\n".join(parts)


def _is_right(row: str, column: str) -> bool:
    return row == column or (row == "none" and column == "nothing")


def _cell(x: int, y: int, count: int, total: int, *, right: bool) -> list[str]:
    strength = count / total if total else 0.0
    light = (232, 240, 250) if right else (250, 236, 232)
    dark = (31, 95, 168) if right else (196, 68, 40)
    colour = "#" + "".join(f"{round(a + (b - a) * strength):02x}" for a, b in zip(light, dark, strict=True))
    ink = "#ffffff" if strength > 0.45 else "#222222"
    rectangle = f'<rect x="{x + 1}" y="{y + 1}" width="{CELL_PX - 2}" height="{CELL_PX - 2}" rx="3" fill="{colour}"/>'
    if not count:
        return [rectangle.replace(colour, "#f4f4f4")]
    return [rectangle, f'<text x="{x + CELL_PX / 2:.0f}" y="{y + 33}" text-anchor="middle" fill="{ink}">{count}</text>']
