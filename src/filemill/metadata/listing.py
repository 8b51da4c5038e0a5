"""Pages of what is asked for, where no words are to be ranked: a plain list in any order, or all that matches, newest first."""

from filemill.chassis.database.database import Tx
from filemill.metadata import lists_repository
from filemill.metadata.asked import Asked
from filemill.metadata.search import finder
from filemill.metadata.search.evidence import Found
from filemill.metadata.search.pages import Order, Place
from filemill.metadata.search.query import Filters
from filemill.metadata.search.text_index import TextIndex


def newest(tx: Tx, index: TextIndex, asked: Asked, limit: int, after: Place | None) -> finder.Findings:
    """The next files that are asked for, by age, so that what changes or comes meanwhile moves nothing."""
    if asked.is_search:
        return finder.search(tx, index, asked.terms, asked.filters, limit, order="newest", after=after, told=False)
    return plain(tx, asked.filters, "newest", limit, after, None)


def oldest(tx: Tx, index: TextIndex, asked: Asked, limit: int, after: Place | None) -> finder.Findings:
    """The same from the other end."""
    if asked.is_search:
        return finder.search(tx, index, asked.terms, asked.filters, limit, order="oldest", after=after, told=False)
    return plain(tx, asked.filters, "oldest", limit, after, None)


def plain(
    tx: Tx, filters: Filters, order: Order, limit: int, after: Place | None, parent: str | None
) -> finder.Findings:
    """A list without a search; `parent`: only what came out of this file."""
    within = lists_repository.Within(filters.since, filters.until, parent)
    place = (after.value, after.key) if after else None
    rows = lists_repository.listed(tx, filters.owner_id, order, limit + 1, place, within)
    last = rows[limit - 1] if len(rows) > limit else None
    value = last[lists_repository.SORTED_BY[order][0].name] if last is not None else 0
    next_place = Place(last["doc_id"], value) if last is not None else None
    return finder.Findings([Found(row, None, [], []) for row in rows[:limit]], next_place)
