"""Words and sentences of a text with their places: the little that keywords, sentiment and classes share.

Not a linguistic tokenizer: letters make words, punctuation and blank lines end sentences. Linear in the text's length.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d_](?:[^\W_]|['’\u00ad-](?=[^\W\d_]))*")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)]*(?=\s|$)|\r?\n[ \t]*\r?\n\s*|[。！？]")
# "Dr. Meyer", "No. 4": a full stop behind these ends no sentence.
_ABBREVIATION = re.compile(
    r"\b(?:mr|mrs|ms|dr|prof|st|no|nr|vs|etc|e\.g|i\.e|approx|inc|ltd|al|fig|bzw|z\.b)\.$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Word:
    """A run of letters (digits may follow inside) as written, with its place."""

    text: str
    start: int
    end: int

    @property
    def plain(self) -> str:
        """The word without case."""
        return self.text.casefold().replace("’", "'")


def words_of(text: str) -> list[Word]:
    """Return the words in order."""
    return [Word(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]


def sentences_of(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each sentence, without white space at its ends."""
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if _ABBREVIATION.search(text, max(start, match.end() - 12), match.end()):
            continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    if piece.strip():
        yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
