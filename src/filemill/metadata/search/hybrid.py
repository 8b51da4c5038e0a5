"""Words and meaning together: what the words find and what the question's vector is nearest to, joined by reciprocal rank.

The scan is exact, over the newest vectors of the owner's living files that the conditions allow, all of the question's model.
Quoted words, phrases and `-not` hold for both halves. Not for: making the question's vector (ai does), searching without one
(`finder`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from filemill.chassis.database.database import Tx
from filemill.metadata import index_repository, lists_repository, vectors_repository
from filemill.metadata.search.evidence import Evidence, Found
from filemill.metadata.search.facets import facets
from filemill.metadata.search.finder import BEHIND_MOST, Findings, replaced
from filemill.metadata.search.pages import Place
from filemill.metadata.search.query import Filters, Term, understood
from filemill.metadata.search.ranking import RANKED_AMONG, fitting, ranked
from filemill.metadata.search.text_index import TextIndex
from filemill.metadata.search.vectors import fused, nearest
from filemill.metadata.search.vocabulary import languages

DOCUMENTS_MOST = 5_000
"""Whose vectors are compared: some 15 MB at two chunks each, a tenth of a second."""
RANKED_MOST = 200
"""Of each half; what stands further down in both changes no first page."""
LEAST_COSINE = 0.25
"""Texts that have nothing to do with each other are below it (sentence models, unit vectors)."""
OTHERS_MOST = 10_000
MEANING = "meaning"
"""What `matched_in` says of a file that its vector brought."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query's vector, float32 (D,) of unit length, and the digest of the model it is of."""

    vector: Any
    model: str


@dataclass(frozen=True, slots=True)
class Compared:
    """How many documents' vectors were compared, whether there were more, and how many are of other models (to 10,000)."""

    documents: int
    bounded: bool
    of_other_models: int


def search(
    tx: Tx,
    index: TextIndex,
    terms: Sequence[Term],
    filters: Filters,
    limit: int,
    *,
    asked: Question,
    after: Place | None,
    taken: dict[str, str] | None = None,
) -> tuple[Findings, Compared]:
    """One page of the joined order. `taken`: which words are taken for which (`finder.spelled`); not in the question's
    vector, since a word that no file has may be right, and its neighbour means something else.
    """
    full = understood(replaced(terms, taken or {}), languages(tx, filters.owner_id))
    if after is not None and after.below:
        filters = filters.below(after.below)
    by_words, among, newest = ranked(tx, index, full, filters, RANKED_AMONG)
    close, compared = _by_meaning(tx, index, full, filters, asked)
    joined = fused([key for key, _ in by_words[:RANKED_MOST]], [key for key, _ in close])
    below = after.below if after is not None else max((key for key, _ in joined), default=0) + 1
    if after is not None:
        joined = [(key, score) for key, score in joined if (score, key) < (after.value, after.key)]
    shown = joined[:limit]
    last = Place(shown[-1][0], shown[-1][1], below) if len(joined) > limit else None
    counts, counted = facets(tx, index, full, filters, newest) if after is None else ({}, None)
    behind = index_repository.behind_count(tx, BEHIND_MOST) if after is None else 0
    hits = _hits(tx, full, filters, shown, {key for key, _ in close})
    return Findings(hits, last, among, counts, counted, taken or {}, behind=behind), compared


def _by_meaning(
    tx: Tx, index: TextIndex, terms: Sequence[Term], filters: Filters, asked: Question
) -> tuple[list[tuple[int, float]], Compared]:
    strict = [term for term in terms if term.without or term.exact or len(term.words) > 1]
    among = None
    if strict or filters.narrow:
        among = index.newest(tx, strict, filters, DOCUMENTS_MOST, None)
        among = fitting(tx, filters, among) if filters.by_size else among
    kept = vectors_repository.newest(
        tx, filters.owner_id, asked.model, DOCUMENTS_MOST, since=filters.since, until=filters.until, among=among
    )
    others = vectors_repository.count_of_other_models(tx, filters.owner_id, asked.model, OTHERS_MOST)
    bounded = len(kept) == DOCUMENTS_MOST or (among is not None and len(among) == DOCUMENTS_MOST)
    return nearest(asked.vector, kept, RANKED_MOST, LEAST_COSINE), Compared(len(kept), bounded, others)


def _hits(
    tx: Tx, terms: Sequence[Term], filters: Filters, shown: Sequence[tuple[int, float]], close: set[int]
) -> list[Found]:
    keys = [key for key, _ in shown]
    rows = lists_repository.many(tx, filters.owner_id, keys)
    texts = index_repository.texts_of(tx, keys)
    evidence = Evidence(terms)
    hits = []
    for key, score in shown:
        if key in rows:
            hit = evidence.found(rows[key], texts.get(key, ""), score)
            hits.append(replace(hit, matched_in=[*hit.matched_in, MEANING]) if key in close else hit)
    return hits
