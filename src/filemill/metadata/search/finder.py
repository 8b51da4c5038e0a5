"""A search from terms to hits: what the words mean to this owner, a page of keys, rows from the catalogue, why each matched."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from filemill.chassis.database.database import Tx
from filemill.metadata import index_repository, lists_repository
from filemill.metadata.search.evidence import Evidence, Found
from filemill.metadata.search.facets import facets
from filemill.metadata.search.pages import Order, Page, Place, page
from filemill.metadata.search.query import Filters, Term, positive, understood
from filemill.metadata.search.spelling import FEW, corrected
from filemill.metadata.search.text_index import TextIndex
from filemill.metadata.search.vocabulary import languages

BEHIND_MOST = 10_000
"""Files the index does not have yet are counted up to here."""


@dataclass(frozen=True, slots=True)
class Findings:
    """A page of hits; `next` continues it.

    `corrected`: which word was taken for which, where nothing was found; `did_you_mean`: would have been, where little was.
    `behind`: so many files the index does not have as they are.
    """

    hits: list[Found]
    next: Place | None
    among: int | None = None
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    facets_among: int | None = None
    corrected: dict[str, str] = field(default_factory=dict)
    did_you_mean: dict[str, str] = field(default_factory=dict)
    behind: int = 0


def search(
    tx: Tx, index: TextIndex, terms: Sequence[Term], filters: Filters, limit: int, *, order: Order, after: Place | None,
    taken: dict[str, str] | None = None, told: bool = True,
) -> Findings:  # fmt: skip
    """One page. `taken`: the corrections of the first page, which the next ones keep. Not `told`: hits alone, as typed."""
    spoken = languages(tx, filters.owner_id)
    full = understood(replaced(terms, taken or {}), spoken)
    shown = page(tx, index, full, filters, order, limit, after)
    corrections, hint = taken or {}, {}
    if told and after is None and len(shown.keys) <= FEW:
        others, better = corrected(tx, index, filters.owner_id, full)
        if better and not shown.keys:
            corrections, full = better, others
            shown = page(tx, index, full, filters, order, limit, after)
        else:
            hint = better
    return _told(tx, index, full, filters, shown, first=told and after is None, corrections=corrections, hint=hint)


def spelled(tx: Tx, index: TextIndex, terms: Sequence[Term], filters: Filters) -> tuple[dict[str, str], dict[str, str]]:
    """Which word to take for which, where nothing has the words as typed; and which would have been, where little has."""
    full = understood(terms, languages(tx, filters.owner_id))
    matches = index.newest(tx, full, filters, FEW + 1, None)
    if len(matches) > FEW:
        return {}, {}
    _, better = corrected(tx, index, filters.owner_id, full)
    return ({}, better) if matches else (better, {})


def replaced(terms: Sequence[Term], taken: dict[str, str]) -> list[Term]:
    """The terms with other words for those that were taken for others."""
    return [_other(term, taken) for term in terms]


def _told(
    tx: Tx, index: TextIndex, terms: list[Term], filters: Filters, shown: Page, *, first: bool,
    corrections: dict[str, str], hint: dict[str, str],
) -> Findings:  # fmt: skip
    rows = lists_repository.many(tx, filters.owner_id, shown.keys)
    scores = shown.scores or {}
    texts = index_repository.texts_of(tx, shown.keys) if positive(terms) else {}
    evidence = Evidence(terms)
    hits = [evidence.found(rows[key], texts.get(key, ""), scores.get(key)) for key in shown.keys if key in rows]
    counts, counted = facets(tx, index, terms, filters, shown.newest) if first else ({}, None)
    behind = index_repository.behind_count(tx, BEHIND_MOST) if first else 0
    return Findings(hits, shown.next, shown.among, counts, counted, corrections, hint, behind)


def _other(term: Term, taken: dict[str, str]) -> Term:
    simple = len(term.words) == 1 and not (term.without or term.exact or term.prefix or term.others)
    return replace(term, words=(taken[term.words[0]],)) if simple and term.words[0] in taken else term
