"""Why a document matched: the fields its words stand in, and pieces of the text around them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping

from filemill.metadata.search.entries import fields_of
from filemill.metadata.search.query import Term, wanted
from filemill.metadata.search.stemming import stem
from filemill.metadata.search.text_index import FIELDS
from filemill.metadata.search.words import placed_words, words

HIGHLIGHTS_MOST = 3
HIGHLIGHT_CHARACTERS = 160
HIGHLIGHT_LOOK_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class Found:
    """One hit."""

    row: RowMapping
    score: float | None
    matched_in: list[str]
    highlights: list[str]


def found(row: RowMapping, text: str, score: float | None, terms: Sequence[Term]) -> Found:
    """A hit with its evidence."""
    looked_for = [term for term in wanted(terms) if not term.side] or wanted(terms)
    if not looked_for:
        return Found(row, score, [], [])
    fields = fields_of(row, "")
    matched = [name for name in FIELDS if any(_stands_in(fields[name], term) for term in looked_for)]
    pieces = highlights(text, looked_for)
    if _is_in_text(text, looked_for, bool(pieces)):
        matched = [name for name in FIELDS if name in matched or name == "text"]
        return Found(row, score, matched, pieces)
    return Found(row, score, matched, [])


def _is_in_text(text: str, looked_for: Sequence[Term], has_pieces: bool) -> bool:
    """Pieces of a text show single words; a phrase, or what stands further down, is looked for in all of it."""
    if has_pieces and all(len(term.words) == 1 for term in looked_for):
        return True
    if not has_pieces and len(text) <= HIGHLIGHT_LOOK_CHARACTERS:
        return False
    found = words(text)
    return any(_stands_in(found, term) for term in looked_for)


def _stands_in(found: list[str], term: Term) -> bool:
    size = len(term.words)
    if size == 1 and not term.prefix:
        return term.words[0] in found or (bool(term.stems) and any(_is_form(word, term) for word in set(found)))
    *head, last = term.words
    for at in range(len(found) - size + 1):
        end = found[at + size - 1]
        if found[at : at + size - 1] == head and (end.startswith(last) if term.prefix else end == last):
            return True
    return False


def _is_form(word: str, term: Term) -> bool:
    """Whether a word of a document is another form of the term's."""
    return word in term.stems or any(stem(word, language) in term.stems for language in term.languages)


def highlights(text: str, terms: Sequence[Term]) -> list[str]:
    """Up to three pieces of the text around matching words, each match between `**`."""
    exact = {word for term in terms for word in term.words}
    prefixes = tuple(term.words[-1] for term in terms if term.prefix)
    forms = [term for term in terms if term.stems]
    fits: dict[str, bool] = {}
    pieces: list[str] = []
    end_of_last = -1
    for word in placed_words(text[:HIGHLIGHT_LOOK_CHARACTERS]):
        if word.start <= end_of_last:
            continue
        if word.text not in fits:
            fits[word.text] = (
                word.text in exact
                or (bool(prefixes) and word.text.startswith(prefixes))
                or any(_is_form(word.text, term) for term in forms)
            )
        if not fits[word.text]:
            continue
        start = max(0, word.start - HIGHLIGHT_CHARACTERS // 2)
        end = min(len(text), word.end + HIGHLIGHT_CHARACTERS // 2)
        piece = f"{text[start : word.start]}**{text[word.start : word.end]}**{text[word.end : end]}"
        pieces.append(" ".join(piece.split()))
        end_of_last = end
        if len(pieces) == HIGHLIGHTS_MOST:
            break
    return pieces
