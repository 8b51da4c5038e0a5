"""A search from terms to hits: keys from the index, rows from the catalogue, then why each matched, with highlights."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import RowMapping

from filemill.chassis.database.database import Tx
from filemill.metadata import repository
from filemill.metadata.search.entries import fields_of, kinds_of
from filemill.metadata.search.query import Filters, Term, understood, wanted
from filemill.metadata.search.ranking import RANKED_AMONG, fitting, ranked_keys
from filemill.metadata.search.stemming import stems
from filemill.metadata.search.text_index import FIELDS, TextIndex
from filemill.metadata.search.vocabulary import languages
from filemill.metadata.search.words import placed_words

FACETS_AMONG = 1_000
"""Facets count the newest so many matches; the answer says when there were more."""
LOOKED_AT_MOST = 5_000
"""So many matches are looked at for those of a size, which the index does not know; then the page is short, with a cursor."""
_LOOK_PAGE = 500
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


@dataclass(frozen=True, slots=True)
class Findings:
    """A page of hits; `last_key` continues it."""

    hits: list[Found]
    last_key: int | None
    ranked_among: int | None
    facets: dict[str, dict[str, int]]
    facets_among: int | None = None


def search(
    tx: Tx, index: TextIndex, terms: list[Term], filters: Filters, limit: int, *, ranked: bool, after: int | None
) -> Findings:
    """One page. Ranked pages continue by offset among the ranked (`after` is how many were shown), newest by key."""
    terms = understood(terms, languages(tx, filters.owner_id))
    scores: dict[int, float | None]
    among = None
    if ranked:
        shown = after or 0
        best, more = ranked_keys(tx, index, terms, filters, RANKED_AMONG)
        page = best[shown : shown + limit]
        scores = dict(page)
        last_key = shown + limit if len(best) > shown + limit else None
        among = RANKED_AMONG if more else None
    else:
        keys, last_key = _newest(tx, index, terms, filters, limit, after)
        scores = dict.fromkeys(keys)
    rows = repository.many(tx, filters.owner_id, list(scores))
    hits = [_found(tx, rows[key], score, terms) for key, score in scores.items() if key in rows]
    facets, counted = _facets(tx, index, terms, filters) if after is None else ({}, None)
    return Findings(hits, last_key, among, facets, counted)


def _newest(
    tx: Tx, index: TextIndex, terms: list[Term], filters: Filters, limit: int, after: int | None
) -> tuple[list[int], int | None]:
    """A page of keys, and where the next one goes on."""
    if not filters.by_size:
        keys = index.newest(tx, terms, filters, limit + 1, after)
        return keys[:limit], keys[limit - 1] if len(keys) > limit else None
    kept: list[int] = []
    for _ in range(LOOKED_AT_MOST // _LOOK_PAGE):
        keys = index.newest(tx, terms, filters, _LOOK_PAGE, after)
        kept += fitting(tx, filters, keys)
        if len(kept) > limit:
            return kept[:limit], kept[limit - 1]
        if len(keys) < _LOOK_PAGE:
            return kept, None
        after = keys[-1]
    return kept, after


def _found(tx: Tx, row: RowMapping, score: float | None, terms: list[Term]) -> Found:
    looked_for = [term for term in wanted(terms) if not term.side] or wanted(terms)
    if not looked_for:
        return Found(row, score, [], [])
    kept = repository.text_of(tx, row["doc_id"])
    text = kept[1] if kept else ""
    fields = fields_of(row, text)
    matched = [name for name in FIELDS if any(_stands_in(fields[name], term) for term in looked_for)]
    return Found(row, score, matched, highlights(text, looked_for) if "text" in matched else [])


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
    return word in term.stems or not stems(word, term.languages).isdisjoint(term.stems)


def highlights(text: str, terms: list[Term]) -> list[str]:
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


def _facets(
    tx: Tx, index: TextIndex, terms: list[Term], filters: Filters
) -> tuple[dict[str, dict[str, int]], int | None]:
    """The counts, and among how many of the newest matches they were made if there are more."""
    keys = index.newest(tx, terms, filters, FACETS_AMONG + 1, None)
    among = FACETS_AMONG if len(keys) > FACETS_AMONG else None
    types: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    for row in repository.many(tx, filters.owner_id, keys[:FACETS_AMONG]).values():
        if not filters.fits_size(row["size"]):
            continue
        types[kinds_of(row["content_type"])[0]] += 1
        tags.update(row["tags"])
        statuses[row["status"]] += 1
    counts = {
        "type": dict(types.most_common()),
        "tag": dict(tags.most_common(30)),
        "status": dict(statuses.most_common()),
    }
    return counts, among
