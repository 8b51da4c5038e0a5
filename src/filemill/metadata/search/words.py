"""The one tokenizer: what a word is, for the index and for queries alike, whatever the engine.

Case folded, accents dropped, letters and digits only; runs of Chinese, Japanese and Korean become overlapping pairs, since
they have no spaces. What comes out holds only word characters, so an index may use `=` for marks that no text can forge.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

WORD_MOST_CHARACTERS = 64
"""Longer runs are cut: they are base64 or hashes, and nobody types more of them."""

_RUN = re.compile(r"[^\W_]+")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and where it stands in the original text."""

    text: str
    start: int
    end: int


def fold(text: str) -> str:
    """Case and accents away: `Café` and `CAFE` are the same word."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in spread if not unicodedata.combining(char))


def words(text: str) -> list[str]:
    """The words of a text, in order."""
    return [word.text for word in placed_words(text)]


def placed_words(text: str) -> Iterator[Word]:
    """The words of a text with their places, for highlights."""
    for run in _RUN.finditer(text):
        raw = run.group()
        if not _CJK.search(raw):
            folded = "".join(_RUN.findall(fold(raw)))[:WORD_MOST_CHARACTERS]
            if folded:
                yield Word(folded, run.start(), run.end())
            continue
        yield from _pairs(raw, run.start())


def _pairs(raw: str, start: int) -> Iterator[Word]:
    if len(raw) == 1:
        yield Word(fold(raw), start, start + 1)
    for at in range(len(raw) - 1):
        yield Word(fold(raw[at : at + 2]), start + at, start + at + 2)
