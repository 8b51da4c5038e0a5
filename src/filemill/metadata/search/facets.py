"""How many of the matches are of each type, tag and status; of the newest so many, and then the answer says so."""

from collections import Counter
from collections.abc import Sequence

from filemill.chassis.database.database import Tx
from filemill.metadata import repository
from filemill.metadata.search.entries import kinds_of
from filemill.metadata.search.query import Filters, Term
from filemill.metadata.search.text_index import TextIndex

FACETS_AMONG = 1_000
"""Facets count the newest so many matches; the answer says when there were more."""


def facets(
    tx: Tx, index: TextIndex, terms: Sequence[Term], filters: Filters
) -> tuple[dict[str, dict[str, int]], int | None]:
    """The counts, and among how many of the newest matches they were made if there are more."""
    keys = index.newest(tx, terms, filters, FACETS_AMONG + 1, None)
    among = FACETS_AMONG if len(keys) > FACETS_AMONG else None
    types: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    for row in repository.countable(tx, filters.owner_id, keys[:FACETS_AMONG]):
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
