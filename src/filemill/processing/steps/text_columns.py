"""Columns of prose on a page, told from tables and forms by how their pieces of writing stand.

A gutter is a strip from top to bottom of a part of the page that no piece crosses. It parts columns of prose only if each
column has lines enough, long ones, close below each other, most of them as wide as the column: cells, amounts and addresses
are not. The rest of the page is read row by row. A title across the columns parts them into what is above and what is below.
Not for: the rows themselves (reading_order.py). Nothing here fails; the order of what comes in does not matter.
"""

from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from filemill.processing.steps.text_pages import Box

_LINES_LEAST = 4
# Half of a column's lines have so many characters: cells of a table and lines of an address are shorter.
_CHARACTERS_LEAST = 20
# Of the column's width: so wide are most lines of prose; the last one of a paragraph is not.
_FULL = 0.75
# In heights of a line.
_GUTTER_LEAST = 0.4
_CLOSE = 1.0
_APART = 2.5
# Left edges looked at, the most common ones first, and parts of a page: what a page with a thousand boxes may cost.
_EDGES_MOST = 24
_PARTS_MOST = 20


class Placed(NamedTuple):
    """A piece of writing as it lies when the page is upright: `middle` of its height, from the top."""

    text: str
    box: Box
    left: float
    right: float
    middle: float
    height: float
    slope: float


def in_order(placed: list[Placed]) -> list[list[Placed]]:
    """Return the blocks of a page in the order they are read in: each is a column, or a part without columns."""
    return list(_blocks(sorted(placed, key=from_the_top), _PARTS_MOST))


def from_the_top(one: Placed) -> tuple[float, float, float, str]:
    """The order of pieces that is the same whichever came first."""
    return one.middle, one.left, one.right, one.text


def _blocks(placed: list[Placed], parts: int) -> Iterator[list[Placed]]:
    found = _largest_run(placed) if parts > 0 else None
    if found is None:
        if placed:
            yield placed
        return
    start, end, columns = found
    yield from _blocks(placed[:start], parts - 1)
    yield from columns
    yield from _blocks(placed[end:], parts - 1)


def _largest_run(placed: list[Placed]) -> tuple[int, int, list[list[Placed]]] | None:
    """Return where the largest part with columns starts and ends, and its columns; None where there is none."""
    best: tuple[int, int, list[list[Placed]]] | None = None
    for edge in _edges(placed):
        for start, end in _runs(placed, edge):
            if end - start < 2 * _LINES_LEAST or (best is not None and end - start <= best[1] - best[0]):
                continue
            columns = _columns(placed[start:end])
            if len(columns) > 1 and all(map(_is_prose, columns)):
                best = start, end, columns
    return best


def _edges(placed: list[Placed]) -> list[float]:
    """Return where columns may begin: left edges that several pieces share, from the most common one on."""
    if len(placed) < 2 * _LINES_LEAST:
        return []
    lefts = sorted(one.left for one in placed)
    same = median(one.height for one in placed)
    groups = [[lefts[0]]]
    for before, left in pairwise(lefts):
        if left - before < same / 2:
            groups[-1].append(left)
        else:
            groups.append([left])
    shared = sorted(
        (group for group in groups if len(group) >= _LINES_LEAST), key=lambda group: (-len(group), group[0])
    )
    return [group[0] for group in shared[:_EDGES_MOST]]


def _runs(placed: list[Placed], edge: float) -> Iterator[tuple[int, int]]:
    """Yield the parts, from the top, in which nothing crosses the edge; a wide gap parts them too."""
    start, bottom = 0, float("-inf")
    for at, one in enumerate(placed):
        crosses = one.left < edge - one.height / 4 and one.right > edge
        if crosses or one.middle - one.height / 2 - bottom > _APART * one.height:
            yield start, at
            start = at + 1 if crosses else at
        bottom = max(bottom, one.middle + one.height / 2)
    yield start, len(placed)


def _columns(part: list[Placed]) -> list[list[Placed]]:
    """Return the pieces between the gutters of a part, from left to right."""
    gutter = _GUTTER_LEAST * median(one.height for one in part)
    columns: list[list[Placed]] = []
    right = float("-inf")
    for one in sorted(part, key=lambda piece: piece.left):
        if one.left - right >= gutter:
            columns.append([])
        columns[-1].append(one)
        right = max(right, one.right)
    return [sorted(column, key=from_the_top) for column in columns]


def _is_prose(column: list[Placed]) -> bool:
    if len(column) < _LINES_LEAST or median(len(one.text) for one in column) < _CHARACTERS_LEAST:
        return False
    width = max(one.right for one in column) - min(one.left for one in column)
    full = sum(one.right - one.left >= _FULL * width for one in column)
    close = sum(after.middle - before.middle < (1 + _CLOSE) * after.height for before, after in pairwise(column))
    return full * 2 >= len(column) and close * 2 >= len(column) - 1
