"""Extracted text: pages of clean Unicode, written once as JSON for search, AI and the reader.

Not for: finding the text. On failure: nothing here fails on odd input; what cannot be kept is dropped or cut, and a
cut is told by `bounded`.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TEXT_FILE = "text.json"
# About 1,700 dense pages; more helps nobody search and would slow every service after us.
TEXT_MAX_CHARACTERS = 5_000_000

# Everything below a space but tab and newline, the C1 controls, noncharacters, lone surrogates.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\ufeff\ud800-\udfff]")
_BLANK_LINES = re.compile(r"\n{4,}")


@dataclass(frozen=True)
class Page:
    """One page, sheet or slide; documents without pages have one."""

    number: int
    text: str


def clean(text: str) -> str:
    """Return text with one kind of newline, no control characters and composed letters (NFC)."""
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
        kept.append(Page(page.number, page.text[:left]))
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


def write(pages: Iterable[Page], folder: Path) -> str:
    """Write the pages as `{"pages": [{"number": 1, "text": "..."}]}` and return the file's name."""
    document = {"pages": [{"number": page.number, "text": page.text} for page in pages]}
    (folder / TEXT_FILE).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return TEXT_FILE
