"""Extracted text: pages of clean Unicode, and where on its page each line stands.

Not for: finding the text, or writing it (text_blob.py). On failure: nothing here fails on odd input; what cannot be
kept is dropped or cut, and a cut is told by `bounded`.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

# About 1,700 dense pages; more helps nobody search and would slow every service after us.
TEXT_MAX_CHARACTERS = 5_000_000

# Everything below a space but tab and newline, the C1 controls, noncharacters, lone surrogates.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\ufeff\ud800-\udfff]")
_BLANK_LINES = re.compile(r"\n{4,}")


class Box(NamedTuple):
    """A rectangle of a page; numbers are shares (0 to 1) of its width and height, from the top left as it is shown."""

    left: float
    top: float
    right: float
    bottom: float


class Line(NamedTuple):
    """Where the characters `start` to `end` (exclusive) of a page's text stand on it."""

    start: int
    end: int
    box: Box


@dataclass(frozen=True)
class Page:
    """One page, sheet or slide; documents without pages have one. `lines` are in the order of the text."""

    number: int
    text: str
    lines: tuple[Line, ...] = ()


def around(boxes: Iterable[Box]) -> Box | None:
    """Return the smallest box that holds all, None for none."""
    corners = list(boxes)
    if not corners:
        return None
    left, top, right, bottom = zip(*corners, strict=True)
    return Box(min(left), min(top), max(right), max(bottom))


def page_of_lines(number: int, lines: Sequence[tuple[str, Box | None]]) -> Page:
    """Return a page made of lines and their places; blank lines stay where they part two others."""
    parts: list[str] = []
    placed: list[Line] = []
    at = 0
    for raw, box in lines:
        text = clean(raw)
        if not text and (not parts or parts[-2:] == ["", ""]):
            continue
        if box is not None and text:
            placed.append(Line(at, at + len(text), box))
        parts.append(text)
        at += len(text) + 1
    return Page(number, "\n".join(parts).rstrip("\n"), tuple(placed))


def clean(text: str) -> str:
    """Return text with one kind of newline, no control characters and composed letters (NFC)."""
    # Nearly every line of nearly every document, and nothing below would change them: no control character, no newline, no
    # blank but the space is printable.
    if text.isprintable() and (text.isascii() or unicodedata.is_normalized("NFC", text)):
        return text.strip()
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    # PDF writes the hyphen at a line's end as U+0002 or U+FFFE: keep the word in one piece.
    text = re.sub(r"(?<=\w)[\x02\ufffe]\n?(?=\w)", "", text)
    text = _UNWANTED.sub("", text)
    # Line by line, not by a pattern: `[ ]+\n` takes quadratic time on a long row of blanks.
    text = "\n".join([line.rstrip(" \t") for line in text.split("\n")])
    text = _BLANK_LINES.sub("\n\n\n", text)
    return unicodedata.normalize("NFC", text).strip()


def bounded(pages: Iterable[Page], *, max_characters: int = TEXT_MAX_CHARACTERS) -> tuple[list[Page], bool]:
    """Return pages up to a number of characters, and whether something was cut off."""
    kept: list[Page] = []
    left = max_characters
    for page in pages:
        if left <= 0:
            return kept, True
        kept.append(page if len(page.text) <= left else _cut(page, left))
        if len(page.text) > left:
            return kept, True
        left -= len(page.text)
    return kept, False


def has_words(pages: Iterable[Page]) -> bool:
    """Return whether any page has a letter or digit."""
    return any(any(character.isalnum() for character in page.text) for page in pages)


def count_characters(pages: Iterable[Page]) -> int:
    """Return the number of characters of all pages."""
    return sum(len(page.text) for page in pages)


def _cut(page: Page, characters: int) -> Page:
    return Page(page.number, page.text[:characters], tuple(line for line in page.lines if line.end <= characters))
