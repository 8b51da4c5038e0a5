"""Pieces of writing found on a picture, brought into the order in which a reader takes them.

The picture may lie on its side or stand on its head, and the writing may run a little up or down. Pieces of one row are
one line when they are near or short (a label and its value, cells of a table); long ones far apart are lines of their own.
Not for: columns of prose, which are read row by row. Nothing here fails.
"""

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from filemill.processing.steps.text_pages import Box, around

Point = tuple[float, float]

# Of the higher one's height: so much must two pieces share to be in one row; a letter beside a small print is not.
_SAME_ROW = 0.5
# In heights of the line: a wider gap parts columns.
_NEAR = 2.0
# A piece with fewer characters is a label, a value or a cell, not a line of prose in a column.
_SHORT_CHARACTERS = 25
# In heights of the line: a wider gap between two lines parts paragraphs.
_PARAGRAPH = 1.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words, and the four corners around them in pixels of the picture."""

    text: str
    corners: tuple[Point, ...]


class _Placed(NamedTuple):
    """A piece as it lies when the writing is upright: `middle` of its height, from the top."""

    text: str
    box: Box
    left: float
    right: float
    middle: float
    height: float
    slope: float


def lines_of(pieces: list[Piece], width_px: int, height_px: int, *, quarter_turns: int) -> list[tuple[str, Box | None]]:
    """Return each line and its place on the picture, with an empty one between paragraphs.

    `quarter_turns`, against the clock, bring the writing upright.
    """
    placed = [_place(piece, width_px, height_px, quarter_turns) for piece in pieces]
    lines: list[tuple[str, Box | None]] = []
    bottom: float | None = None
    for row in _rows(_levelled(placed)):
        for line in _parted(row):
            top = min(one.middle - one.height / 2 for one in line)
            if bottom is not None and top - bottom > _PARAGRAPH * line[0].height:
                lines.append(("", None))
            bottom = max(one.middle + one.height / 2 for one in line)
            lines.append((" ".join(one.text for one in line), around(one.box for one in line)))
    return lines


def _place(piece: Piece, width_px: int, height_px: int, quarter_turns: int) -> _Placed:
    across, down = zip(*piece.corners, strict=True)
    box = Box(min(across) / width_px, min(down) / height_px, max(across) / width_px, max(down) / height_px)
    a, b, c, d = sorted(_turned(point, width_px, height_px, quarter_turns) for point in piece.corners)
    run = (c[0] + d[0] - a[0] - b[0]) / 2
    height = (abs(a[1] - b[1]) + abs(c[1] - d[1])) / 2
    slope = (c[1] + d[1] - a[1] - b[1]) / 2 / run if run > height else 0.0
    middle = (a[1] + b[1] + c[1] + d[1]) / 4
    return _Placed(piece.text, box, a[0], d[0], middle, max(height, 1.0), slope)


def _turned(point: Point, width_px: int, height_px: int, quarter_turns: int) -> Point:
    x, y = point
    return ((x, y), (y, width_px - x), (width_px - x, height_px - y), (height_px - y, x))[quarter_turns]


def _levelled(placed: list[_Placed]) -> list[_Placed]:
    """Take the slope of the page out of the heights, so that the ends of a row are on one level."""
    slope = median(one.slope for one in placed) if placed else 0.0
    return [one._replace(middle=one.middle - slope * (one.left + one.right) / 2) for one in placed]


def _rows(placed: list[_Placed]) -> list[list[_Placed]]:
    rows: list[list[_Placed]] = []
    for one in sorted(placed, key=lambda piece: piece.middle):
        if rows and _shares_row(rows[-1][0], one):
            rows[-1].append(one)
        else:
            rows.append([one])
    return [sorted(row, key=lambda piece: piece.left) for row in rows]


def _shares_row(first: _Placed, other: _Placed) -> bool:
    shared = (first.height + other.height) / 2 - abs(first.middle - other.middle)
    return min(shared, first.height, other.height) >= _SAME_ROW * max(first.height, other.height)


def _parted(row: list[_Placed]) -> list[list[_Placed]]:
    lines = [[row[0]]]
    for before, one in pairwise(row):
        is_near = one.left - before.right < _NEAR * max(one.height, before.height)
        if is_near or min(len(before.text), len(one.text)) < _SHORT_CHARACTERS:
            lines[-1].append(one)
        else:
            lines.append([one])
    return lines
