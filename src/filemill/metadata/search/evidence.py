"""Why a document matched: the fields its words stand in, and pieces of the text around them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import RowMapping

from filemill.contracts.metadata import MatchedAt
from filemill.metadata.search.entries import fields_of
from filemill.metadata.search.query import Term, wanted
from filemill.metadata.search.stemming import BEGINS_ANEW, stem
from filemill.metadata.search.text_index import FIELDS
from filemill.metadata.search.whereabouts import page_at, pages_with, whereabouts
from filemill.metadata.search.words import placed, words

HIGHLIGHTS_MOST = 3
HIGHLIGHT_CHARACTERS = 160
HIGHLIGHT_LOOK_CHARACTERS = 200_000
_STRETCH_CHARACTERS = 8_000
"""Most stretches of a long text have none of the words, and are left as soon as that is known."""
_JUDGED_MOST = 100_000
_SPACE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Found:
    """One hit."""

    row: RowMapping
    score: float | None
    matched_in: list[str]
    highlights: list[str]
    matched_at: list[MatchedAt] = field(default_factory=list)


class Evidence:
    """Looks for one query's words in its hits. Made once for a query: a word that was judged is judged for every hit."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms = [term for term in wanted(terms) if not term.side] or wanted(terms)
        self._whole = all(len(term.words) == 1 for term in self._terms)
        self._exact = {word for term in self._terms for word in term.words}
        self._prefixes = tuple(term.words[-1] for term in self._terms if term.prefix)
        self._forms = {term: _Judge(_form_of(term)) for term in self._terms if term.stems}
        self._first_letters = _first_letters(self._terms)
        self._any = _Judge(self._is_wanted)

    def found(self, row: RowMapping, text: str, score: float | None) -> Found:
        """A hit with its evidence."""
        if not self._terms:
            return Found(row, score, [], [])
        fields = fields_of(row, "")
        matched = [name for name in FIELDS if self._fits(fields[name])]
        pieces, places = self._pieces(text)
        pages: list[int] = []
        if self._is_in_text(text, bool(pieces)):
            matched = [name for name in FIELDS if name in matched or name == "text"]
            pages = self._pages(row, text, places)
        else:
            pieces = []
        return Found(row, score, matched, pieces, whereabouts(row, matched, pages, self._fits))

    def highlights(self, text: str) -> list[str]:
        """Up to three pieces of the text around matching words, each match between `**`."""
        return self._pieces(text)[0]

    def _pages(self, row: RowMapping, text: str, at: Sequence[int]) -> list[int]:
        """The pages of the pieces, if each shows a whole match; else pages are looked through, as far as pieces are."""
        count = (row["text"] or {}).get("pages") or 1
        if count == 1:
            return []  # it goes without saying
        if at and self._whole:
            return list(dict.fromkeys(page for one in at if (page := page_at(text, one)) is not None))
        return pages_with(text[:HIGHLIGHT_LOOK_CHARACTERS], HIGHLIGHTS_MOST, self._fits)

    def _is_in_text(self, text: str, has_pieces: bool) -> bool:
        """Pieces of a text show single words; a phrase, or what stands further down, is looked for in all of it."""
        if has_pieces and self._whole:
            return True
        if not has_pieces and len(text) <= HIGHLIGHT_LOOK_CHARACTERS:
            return False
        return self._fits(words(text))

    def _fits(self, found: list[str]) -> bool:
        return any(self._stands_in(found, term) for term in self._terms)

    def _stands_in(self, found: list[str], term: Term) -> bool:
        size = len(term.words)
        if size == 1 and not term.prefix:
            return term.words[0] in found or (bool(term.stems) and bool(self._forms[term].fitting(found)))
        *head, last = term.words
        for at in range(len(found) - size + 1):
            end = found[at + size - 1]
            if found[at : at + size - 1] == head and (end.startswith(last) if term.prefix else end == last):
                return True
        return False

    def _pieces(self, text: str) -> tuple[list[str], list[int]]:
        """The same, and where in the text matches are, as far as the last piece."""
        pieces: list[str] = []
        places: list[int] = []
        end_of_last = -1
        for start, end in self._matches(text):
            if start > end_of_last and len(pieces) == HIGHLIGHTS_MOST:
                break
            places.append(start)
            if start <= end_of_last:
                continue
            first = max(0, start - HIGHLIGHT_CHARACTERS // 2)
            last = min(len(text), end + HIGHLIGHT_CHARACTERS // 2)
            piece = f"{text[first:start]}**{text[start:end]}**{text[end:last]}"
            pieces.append(" ".join(piece.split()))
            end_of_last = last
        return pieces, places

    def _matches(self, text: str) -> Iterator[tuple[int, int]]:
        """Where words that are looked for begin and end."""
        for begin, end in _stretches(text):
            stretch = text[begin:end]
            if fitting := self._any.fitting(words(stretch)):
                yield from ((begin + start, begin + end) for start, end in placed(stretch, fitting))

    def _is_wanted(self, word: str) -> bool:
        if self._first_letters and word[0] not in self._first_letters:
            return False  # most words
        exact = word in self._exact or (bool(self._prefixes) and word.startswith(self._prefixes))
        return exact or any(form.test(word) for form in self._forms.values())


class _Judge:
    """Says which words pass a test; each is tested once."""

    def __init__(self, test: Callable[[str], bool]) -> None:
        self.test = test
        self._tested: set[str] = set()
        self._fitting: set[str] = set()

    def fitting(self, found: Sequence[str]) -> set[str]:
        """Those that pass."""
        asked = set(found)
        if fresh := asked - self._tested:
            if len(self._tested) > _JUDGED_MOST:
                self._tested.clear()
            self._fitting.update(filter(self.test, fresh))
            self._tested |= fresh
        return asked & self._fitting


def _first_letters(terms: Sequence[Term]) -> set[str]:
    """What every word that is looked for begins with one of; empty: it can begin with any."""
    if any(language in BEGINS_ANEW for term in terms for language in term.languages):
        return set()
    return {word[0] for term in terms for word in (*term.words, *term.stems)}


def _form_of(term: Term) -> Callable[[str], bool]:
    """Whether a word is a form of the term's. Most are told by their first letter, since stems cost."""
    letters = {found[0] for found in term.stems}
    anew = tuple(language for language in term.languages if language in BEGINS_ANEW)

    def is_form(word: str) -> bool:
        languages = term.languages if word[0] in letters else anew
        return bool(languages) and (word in term.stems or any(stem(word, one) in term.stems for one in languages))

    return is_form


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Where a text is cut to be looked at: at spaces, so that no word is."""
    begin, most = 0, min(len(text), HIGHLIGHT_LOOK_CHARACTERS)
    while begin < most:
        space = _SPACE.search(text, min(begin + _STRETCH_CHARACTERS, most), most)
        end = space.start() if space else most
        yield begin, end
        begin = end
