"""The lines of a PDF page and where each stands, with PDFium.

Places are those of the page as it is shown: cut to its crop box and turned as its rotation says. On failure:
PdfiumError for a page that cannot be read; a line whose place PDFium does not know has none.
"""

import ctypes
import re
from collections.abc import Iterable, Iterator
from typing import Any

from filemill.processing.steps.text_pages import Box, Page, around, page_of_lines

# How PDFium marks a word that a line's end breaks in two.
_BREAKS = ("\x02", "\ufffe")
_BROKEN_WORD = re.compile(r"(?<=\w)[\x02\ufffe]\Z")
# The page is measured in this many parts a side: 1/100 mm on A4 and less.
_PARTS = 1_000_000
# One line is at most this many runs of text: more are a drawing made of letters.
_RUNS_MAX = 500


def read_page(page: Any, number: int, *, lines_most: int, more: Iterable[tuple[str, Box | None]] = ()) -> Page:
    """Return an open page with the places of its first `lines_most` lines, then `more` of them."""
    text_page = page.get_textpage()
    try:
        text = text_page.get_text_range()
        return page_of_lines(number, [*_joined(_lines(page, text_page, text, lines_most)), *more])
    finally:
        text_page.close()


def _lines(page: Any, text_page: Any, text: str, most: int) -> Iterator[tuple[str, Box | None]]:
    lines = text.split("\n")
    box_of = Places(page, text_page, text).of if most > 0 else None
    at = 0
    for number, line in enumerate(lines):
        shown = line.rstrip("\r")
        yield shown, box_of(at, at + len(shown)) if box_of and number < most and not shown.isspace() else None
        at += len(line) + 1


def _joined(lines: Iterator[tuple[str, Box | None]]) -> Iterator[tuple[str, Box | None]]:
    """Yield lines with each broken word in one piece, on the line where it begins."""
    held: tuple[str, Box | None] | None = None
    for text, box in lines:
        if held is not None:
            text = held[0] + text
            box = around(known for known in (held[1], box) if known is not None)
            held = None
        if text.endswith(_BREAKS) and _BROKEN_WORD.search(text):
            held = text[:-1], box
            continue
        yield text, box
    if held is not None:
        yield held


class Places:
    """Where on the page as it is shown the characters of a page's text stand.

    Made for speed: a book has a hundred thousand lines, and what is done for each is half of the work on it.
    """

    def __init__(self, page: Any, text_page: Any, text: str) -> None:
        import pypdfium2.raw as pdfium

        self._raw = text_page.raw
        self._count_rects, self._get_rect = pdfium.FPDFText_CountRects, pdfium.FPDFText_GetRect
        self._char_index = pdfium.FPDFText_GetCharIndexFromTextIndex
        # The text leaves out characters without a code: where there are none, both count alike.
        self._counts_alike = pdfium.FPDFText_CountChars(self._raw) == len(text)
        self._corners = tuple(ctypes.c_double() for _ in range(4))
        self._pointers = tuple(ctypes.byref(corner) for corner in self._corners)
        self._shown = Shown(page)

    def of(self, start: int, end: int) -> Box | None:
        """Return the box around characters `start` to `end` (exclusive) of the text."""
        raw, first, last = self._raw, start, end - 1
        if not self._counts_alike:
            first, last = self._char_index(raw, first), self._char_index(raw, last)
        if first < 0 or last < first:
            return None
        runs = self._count_rects(raw, first, last - first + 1)
        if runs < 1:
            return None
        get_rect, pointers, (left, top, right, bottom) = self._get_rect, self._pointers, self._corners
        get_rect(raw, 0, *pointers)
        west, north, east, south = left.value, top.value, right.value, bottom.value
        # Put together in the page's own coordinates: a page is turned by quarters, so a box stays one.
        for number in range(1, min(runs, _RUNS_MAX)):
            get_rect(raw, number, *pointers)
            west, south = min(west, left.value), min(south, bottom.value)
            east, north = max(east, right.value), max(north, top.value)
        return self._shown.box(west, north, east, south)


class Shown:
    """Turns places of a page's own coordinates into shares of the page as it is shown."""

    def __init__(self, page: Any) -> None:
        import pypdfium2.raw as pdfium

        x, y = ctypes.c_int(), ctypes.c_int()

        def shown(at_x: float, at_y: float) -> tuple[float, float]:
            pdfium.FPDF_PageToDevice(page, 0, 0, _PARTS, _PARTS, 0, at_x, at_y, x, y)
            return x.value / _PARTS, y.value / _PARTS

        # The mapping is affine; from far points, so that rounding does not matter.
        self._origin = shown(0, 0)
        across, up = shown(1000, 0), shown(0, 1000)
        self._across = ((across[0] - self._origin[0]) / 1000, (across[1] - self._origin[1]) / 1000)
        self._up = ((up[0] - self._origin[0]) / 1000, (up[1] - self._origin[1]) / 1000)

    def box(self, left: float, top: float, right: float, bottom: float) -> Box:
        """Return a rectangle of the page's own coordinates as it is shown."""
        (x, y), (across_x, across_y), (up_x, up_y) = self._origin, self._across, self._up
        x1, y1 = x + left * across_x + top * up_x, y + left * across_y + top * up_y
        x2, y2 = x + right * across_x + bottom * up_x, y + right * across_y + bottom * up_y
        if x1 > x2:
            x1, x2 = x2, x1
        if y1 > y2:
            y1, y2 = y2, y1
        if x1 >= 0.0 and y1 >= 0.0 and x2 <= 1.0 and y2 <= 1.0:
            return Box(x1, y1, x2, y2)
        return Box(_share(x1), _share(y1), _share(x2), _share(y2))


def _share(value: float) -> float:
    # In this order a place that is no number becomes 1.
    return max(0.0, min(1.0, value))
