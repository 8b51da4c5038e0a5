"""Pieces of writing found on a picture, brought into the order in which a reader takes them.

The picture may lie on its side or stand on its head, and the writing may run a little up or down. Columns of prose are read
one after the other (text_columns.py), the rest row by row. Pieces of one row are one line when they are near or short (a label
and its value, cells of a table); long ones far apart are lines of their own.
Not for: finding or reading the pieces. Nothing here fails; the order they come in does not matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from filemill.processing.steps.text_columns import Placed, from_the_top, in_order
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


def lines_of(pieces: list[Piece], width_px: int, height_px: int, *, quarter_turns: int) -> list[tuple[str, Box | None]]:
    """Return each line and its place on the picture, with an empty one between paragraphs.

    `quarter_turns`, against the clock, bring the writing upright.
    """
    placed = [_place(piece, width_px, height_px, quarter_turns) for piece in pieces]
    lines: list[tuple[str, Box | None]] = []
    for block in in_order(_levelled(placed)):
        if lines:
            lines.append(("", None))
        lines += _lines(block)
    return lines


def _lines(block: list[Placed]) -> Iterator[tuple[str, Box | None]]:
    bottom: float | None = None
    for row in _rows(block):
        for line in _parted(row):
            top = min(one.middle - one.height / 2 for one in line)
            if bottom is not None and top - bottom > _PARAGRAPH * line[0].height:
                yield "", None
            bottom = max(one.middle + one.height / 2 for one in line)
            yield " ".join(one.text for one in line), around(one.box for one in line)


def _place(piece: Piece, width_px: int, height_px: int, quarter_turns: int) -> Placed:
    across, down = zip(*piece.corners, strict=True)
    box = Box(min(across) / width_px, min(down) / height_px, max(across) / width_px, max(down) / height_px)
    a, b, c, d = sorted(_turned(point, width_px, height_px, quarter_turns) for point in piece.corners)
    run = (c[0] + d[0] - a[0] - b[0]) / 2
    height = (abs(a[1] - b[1]) + abs(c[1] - d[1])) / 2
    slope = (c[1] + d[1] - a[1] - b[1]) / 2 / run if run > height else 0.0
    middle = (a[1] + b[1] + c[1] + d[1]) / 4
    return Placed(piece.text, box, a[0], d[0], middle, max(height, 1.0), slope)


def _turned(point: Point, width_px: int, height_px: int, quarter_turns: int) -> Point:
    x, y = point
    return ((x, y), (y, width_px - x), (width_px - x, height_px - y), (height_px - y, x))[quarter_turns]


def _levelled(placed: list[Placed]) -> list[Placed]:
    """Take the slope of the page out of it: the ends of a row are on one level, lines of a column begin below each other."""
    slope = median(one.slope for one in placed) if placed else 0.0
    return [
        one._replace(
            middle=one.middle - slope * (one.left + one.right) / 2,
            left=one.left + slope * one.middle,
            right=one.right + slope * one.middle,
        )
        for one in placed
    ]


def _rows(placed: list[Placed]) -> list[list[Placed]]:
    rows: list[list[Placed]] = []
    for one in sorted(placed, key=from_the_top):
        if rows and _shares_row(rows[-1][0], one):
            rows[-1].append(one)
        else:
            rows.append([one])
    return [sorted(row, key=lambda piece: (piece.left, *from_the_top(piece))) for row in rows]


def _shares_row(first: Placed, other: Placed) -> bool:
    shared = (first.height + other.height) / 2 - abs(first.middle - other.middle)
    return min(shared, first.height, other.height) >= _SAME_ROW * max(first.height, other.height)


def _parted(row: list[Placed]) -> list[list[Placed]]:
    lines = [[row[0]]]
    for before, one in pairwise(row):
        is_near = one.left - before.right < _NEAR * max(one.height, before.height)
        if is_near or min(len(before.text), len(one.text)) < _SHORT_CHARACTERS:
            lines[-1].append(one)
        else:
            lines.append([one])
    return lines
