"""The one tokenizer: what a word is, for the index and for queries alike, whatever the engine.

Case folded, accents dropped, letters and digits only; runs of Chinese, Japanese and Korean become overlapping pairs, since
they have no spaces. What comes out holds only word characters, so an index may use `=` for marks that no text can forge.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from filemill.metadata.folding import fold

WORD_MOST_CHARACTERS = 64
"""Longer runs are cut: they are base64 or hashes, and nobody types more of them."""

_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
"""Combining marks: in decomposed text (macOS, many PDFs) they stand inside words."""
_RUN = re.compile(f"[^\\W_](?:[^\\W_]|[{_MARKS}])*")
_PAIRED = "\u3041-\u3096\u309d-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_SEGMENT = re.compile(f"(?P<paired>[{_PAIRED}][{_PAIRED}{_MARKS}]*)|[^{_PAIRED}]+")
"""`使用Python编程` is three words: what has no spaces may still hold a word of another script."""
_ASCII_RUN = re.compile("[a-z0-9]+")
_UNIT = re.compile(f".[{_MARKS}]*", re.DOTALL)


class Word(NamedTuple):
    """A word and where it stands in the original text."""

    text: str
    start: int
    end: int


def words(text: str) -> list[str]:
    """The words of a text, in order."""
    if text.isascii():  # the same, five times as fast: no accents, no pairs
        return [word[:WORD_MOST_CHARACTERS] for word in _ASCII_RUN.findall(text.lower())]
    return [word.text for word in placed_words(text)]


def placed_words(text: str) -> Iterator[Word]:
    """The words of a text with their places, for highlights."""
    if text.isascii():
        for run in _ASCII_RUN.finditer(text.lower()):
            yield Word(run[0][:WORD_MOST_CHARACTERS], run.start(), run.end())
        return
    for run in _RUN.finditer(text):
        for segment in _SEGMENT.finditer(run.group()):
            start = run.start() + segment.start()
            if segment["paired"]:
                yield from _pairs(segment.group(), start)
            elif folded := _letters(segment.group())[:WORD_MOST_CHARACTERS]:
                yield Word(folded, start, start + len(segment.group()))


def placed(text: str, chosen: Collection[str]) -> Iterator[tuple[int, int]]:
    """Where these words begin and end in a text, in order."""
    if text.isascii():
        for run in _ASCII_RUN.finditer(text.lower()):
            if run[0][:WORD_MOST_CHARACTERS] in chosen:
                yield run.span()
        return
    yield from ((word.start, word.end) for word in placed_words(text) if word.text in chosen)


def _pairs(raw: str, start: int) -> Iterator[Word]:
    units = list(_UNIT.finditer(raw))
    for first, last in zip(units, units[1:] or units, strict=False):
        yield Word(_letters(raw[first.start() : last.end()]), start + first.start(), start + last.end())


@lru_cache(maxsize=100_000)
def _letters(raw: str) -> str:
    """Folded, and without what folding may bring in that is no letter (the stroke of a fraction)."""
    return "".join(_RUN.findall(fold(raw)))
