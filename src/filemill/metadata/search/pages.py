"""One page of matches in one of the orders; the next goes on by what the last hit was sorted by, never by a count.

So pages stay right while files arrive: what was shown is not shown again, and what comes meanwhile is not in between. A walk
by score, name or size looks at what was there when it began (`Place.below`). By words, name and size sort the newest so many
matches (the index knows neither), and the answer says when there were more; a plain list is walked in an index of its own and
has no bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from filemill.chassis.database.database import Tx
from filemill.metadata import lists_repository
from filemill.metadata.search.query import Filters, Term
from filemill.metadata.search.ranking import RANKED_AMONG, fitting, ranked
from filemill.metadata.search.text_index import TextIndex

Order = Literal["newest", "oldest", "relevance", "name", "size"]
LOOKED_AT_MOST = 5_000
"""So many matches are looked at for those of a size, which the index does not know; then the page is short, with a cursor."""
_LOOK_FIRST = 500
"""Of these; twice as many the next time."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: its last document, what that was sorted by, and the key below which the walk looks."""

    key: int
    value: float | int | str = 0
    below: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Keys in order, with scores where they were ranked. `among`: only the newest so many matches were put in order.

    `newest`: matches, newest first, where they are known anyway: all of them, or as many as facets count and one more.
    """

    keys: list[int]
    next: Place | None = None
    scores: dict[int, float] | None = None
    among: int | None = None
    newest: list[int] | None = None


def page(
    tx: Tx, index: TextIndex, terms: Sequence[Term], filters: Filters, order: Order, limit: int, after: Place | None
) -> Page:
    """The page after a place."""
    if order in ("newest", "oldest"):
        return _by_age(tx, index, terms, filters, limit, after, oldest_first=order == "oldest")
    if after is not None and after.below:
        filters = filters.below(after.below)
    if order == "relevance":
        return _ranked(tx, index, terms, filters, limit, after)
    return _sorted(tx, index, terms, filters, order, limit, after)


def _by_age(
    tx: Tx,
    index: TextIndex,
    terms: Sequence[Term],
    filters: Filters,
    limit: int,
    after: Place | None,
    *,
    oldest_first: bool,
) -> Page:
    place = after.key if after else None
    if not filters.by_size:
        keys = index.newest(tx, terms, filters, limit + 1, place, oldest_first=oldest_first)
        return Page(keys[:limit], Place(keys[limit - 1]) if len(keys) > limit else None)
    kept: list[int] = []
    looked_at, most = 0, _LOOK_FIRST
    while looked_at < LOOKED_AT_MOST:
        keys = index.newest(tx, terms, filters, most, place, oldest_first=oldest_first)
        kept += fitting(tx, filters, keys)
        if len(kept) > limit:
            return Page(kept[:limit], Place(kept[limit - 1]))
        if len(keys) < most:
            return Page(kept)
        place, looked_at = keys[-1], looked_at + most
        most = min(2 * most, LOOKED_AT_MOST - looked_at)
    return Page(kept, Place(place) if place is not None else None)


def _ranked(tx: Tx, index: TextIndex, terms: Sequence[Term], filters: Filters, limit: int, after: Place | None) -> Page:
    best, among, newest = ranked(tx, index, terms, filters, RANKED_AMONG)
    if after is not None:
        best = [(key, score) for key, score in best if (score, key) < (after.value, after.key)]
    shown = best[:limit]
    below = _below(after, [key for key, _ in best])
    last = Place(shown[-1][0], shown[-1][1], below) if len(best) > limit else None
    return Page([key for key, _ in shown], last, dict(shown), among, newest)


def _sorted(
    tx: Tx, index: TextIndex, terms: Sequence[Term], filters: Filters, order: Order, limit: int, after: Place | None
) -> Page:
    newest = index.newest(tx, terms, filters, RANKED_AMONG + 1, None)
    among = RANKED_AMONG if len(newest) > RANKED_AMONG else None
    keys = fitting(tx, filters, newest[:RANKED_AMONG]) if filters.by_size else newest[:RANKED_AMONG]
    values = lists_repository.sort_values(tx, filters.owner_id, keys, order)
    if order == "size":  # the largest first
        line = sorted(((value, key) for key, value in values.items()), reverse=True)
        line = [one for one in line if after is None or one < (after.value, after.key)]
    else:
        line = sorted((value, key) for key, value in values.items())
        line = [one for one in line if after is None or one > (after.value, after.key)]
    shown = line[:limit]
    last = Place(shown[-1][1], shown[-1][0], _below(after, keys)) if len(line) > limit else None
    return Page([key for _, key in shown], last, None, among, newest)


def _below(after: Place | None, keys: Sequence[int]) -> int:
    """The key that all of a walk stays below: what was the newest match when it began."""
    return after.below if after is not None else max(keys, default=0) + 1
