"""How many of the matches are of each type, tag and status; of the newest so many, and then the answer says so."""

from collections import Counter
from collections.abc import Sequence

from filemill.chassis.database.database import Tx
from filemill.metadata import lists_repository
from filemill.metadata.search.entries import kinds_of
from filemill.metadata.search.query import Filters, Term
from filemill.metadata.search.text_index import TextIndex

FACETS_AMONG = 1_000
"""Facets count the newest so many matches; the answer says when there were more."""


def facets(
    tx: Tx, index: TextIndex, terms: Sequence[Term], filters: Filters, newest: list[int] | None
) -> tuple[dict[str, dict[str, int]], int | None]:
    """The counts, and among how many of the newest matches they were made if there are more.

    `newest`: the matches, newest first, if the caller knows them all, or more than are counted; else the index is asked.
    """
    keys = newest if newest is not None else index.newest(tx, terms, filters, FACETS_AMONG + 1, None)
    among = FACETS_AMONG if len(keys) > FACETS_AMONG else None
    types: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    sizes = (filters.least_bytes or 0, filters.most_bytes)
    for content_type, some_tags, status, times in lists_repository.counted(
        tx, filters.owner_id, keys[:FACETS_AMONG], sizes
    ):
        types[kinds_of(content_type)[0]] += times
        tags.update(dict.fromkeys(some_tags, times))
        statuses[status] += times
    counts = {
        "type": dict(_most(types)),
        "tag": dict(_most(tags)[:30]),
        "status": dict(_most(statuses)),
    }
    return counts, among


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    """Those that are most; of equal ones by the alphabet, so that no engine's order shows."""
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))
