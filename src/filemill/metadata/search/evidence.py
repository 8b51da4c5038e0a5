"""Why a document matched: the fields its words stand in, and pieces of the text around them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import RowMapping

from filemill.contracts.metadata import MatchedAt
from filemill.metadata.search.entries import fields_of
from filemill.metadata.search.query import Term, wanted
from filemill.metadata.search.stemming import stem
from filemill.metadata.search.text_index import FIELDS
from filemill.metadata.search.whereabouts import page_at, pages_with, whereabouts
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
    matched_at: list[MatchedAt] = field(default_factory=list)


def found(row: RowMapping, text: str, score: float | None, terms: Sequence[Term]) -> Found:
    """A hit with its evidence."""
    looked_for = [term for term in wanted(terms) if not term.side] or wanted(terms)
    if not looked_for:
        return Found(row, score, [], [])
    fields = fields_of(row, "")
    matched = [name for name in FIELDS if any(_stands_in(fields[name], term) for term in looked_for)]
    pieces, places = _pieces(text, looked_for)
    pages: list[int] = []
    if _is_in_text(text, looked_for, bool(pieces)):
        matched = [name for name in FIELDS if name in matched or name == "text"]
        pages = _pages(row, text, looked_for, places)
    else:
        pieces = []

    def fits(found: list[str]) -> bool:
        return any(_stands_in(found, term) for term in looked_for)

    return Found(row, score, matched, pieces, whereabouts(row, matched, pages, fits))


def _pages(row: RowMapping, text: str, looked_for: Sequence[Term], at: Sequence[int]) -> list[int]:
    """The pages of the pieces, if each shows a whole match; else pages are looked through, as far as pieces are."""
    count = (row["text"] or {}).get("pages") or 1
    if count == 1:
        return []  # it goes without saying
    if at and all(len(term.words) == 1 for term in looked_for):
        return list(dict.fromkeys(page for one in at if (page := page_at(text, one)) is not None))
    within = text[:HIGHLIGHT_LOOK_CHARACTERS]
    return pages_with(within, HIGHLIGHTS_MOST, lambda found: any(_stands_in(found, term) for term in looked_for))


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
    return _pieces(text, terms)[0]


def _pieces(text: str, terms: Sequence[Term]) -> tuple[list[str], list[int]]:
    """The same, and where in the text matches are, as far as the last piece."""
    exact = {word for term in terms for word in term.words}
    prefixes = tuple(term.words[-1] for term in terms if term.prefix)
    forms = [term for term in terms if term.stems]
    fits: dict[str, bool] = {}
    pieces: list[str] = []
    places: list[int] = []
    end_of_last = -1
    for word in placed_words(text[:HIGHLIGHT_LOOK_CHARACTERS]):
        if word.text not in fits:
            fits[word.text] = (
                word.text in exact
                or (bool(prefixes) and word.text.startswith(prefixes))
                or any(_is_form(word.text, term) for term in forms)
            )
        if not fits[word.text]:
            continue
        if word.start > end_of_last and len(pieces) == HIGHLIGHTS_MOST:
            break
        places.append(word.start)
        if word.start <= end_of_last:
            continue
        start = max(0, word.start - HIGHLIGHT_CHARACTERS // 2)
        end = min(len(text), word.end + HIGHLIGHT_CHARACTERS // 2)
        piece = f"{text[start : word.start]}**{text[word.start : word.end]}**{text[word.end : end]}"
        pieces.append(" ".join(piece.split()))
        end_of_last = end
    return pieces, places
