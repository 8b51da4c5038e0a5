"""Chunks for retrieval: pieces of a page small enough to be embedded or shown, ended where a reader would pause.

A chunk never crosses a page, so that it can be pointed at: page, characters, box. All of the text but the blanks at
chunk borders is in exactly one chunk; the same text always gives the same chunks. Nothing here fails on odd input.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from filemill.processing.steps.text_pages import Box, Page, around

# About 250 tokens of western text, what small embedding models read at once.
CHUNK_MAX_CHARACTERS = 1000
# A border is looked for behind this many characters only: smaller pieces say too little on their own.
_CHUNK_MIN_CHARACTERS = 400

# From the best border to the worst; a chunk ends at the end of the last match.
_BORDERS = (
    re.compile(r"\n\s*\n"),  # between paragraphs
    re.compile(r"(?:[.!?…][\"'»”’)\]]*\s)|[。！？]"),  # between sentences
    re.compile(r"\n"),
    re.compile(r"\s"),
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Characters `start` to `end` (exclusive) of a page's text, and where they stand if the page knows it."""

    page: int
    start: int
    end: int
    box: Box | None


def chunks_of(pages: list[Page]) -> Iterator[Chunk]:
    """Yield the chunks of all pages in reading order."""
    for page in pages:
        starts = [line.start for line in page.lines]
        ends = [line.end for line in page.lines]
        for start, end in _spans(page.text):
            # Lines are in the order of the text and do not overlap: those between touch the chunk.
            touched = page.lines[bisect_right(ends, start) : bisect_left(starts, end)]
            yield Chunk(page.number, start, end, around(line.box for line in touched))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        border = _border(text, start)
        piece = text[start:border]
        kept = piece.strip()
        if kept:
            first = start + len(piece) - len(piece.lstrip())
            yield first, first + len(kept)
        start = border


def _border(text: str, start: int) -> int:
    end = start + CHUNK_MAX_CHARACTERS
    if end >= len(text):
        return len(text)
    for pattern in _BORDERS:
        # Not beyond `end`: the match, its blanks among it, lies inside the chunk.
        matches = list(pattern.finditer(text, start + _CHUNK_MIN_CHARACTERS, end))
        if matches:
            return matches[-1].end()
    return end
