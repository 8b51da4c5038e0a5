"""The order of answers by how well they answer: a bounded number of candidates, each scored by the same rule on every engine.

Candidates are the newest documents *about* the words, then the newest that merely hold them; only the first are in danger of
being many, and then the answer says how many were looked at. Not for: which documents match (`text_index`).
"""

from collections.abc import Sequence

from filemill.chassis.database.database import Tx
from filemill.metadata import repository
from filemill.metadata.search.impacts import score
from filemill.metadata.search.query import Filters, Term
from filemill.metadata.search.text_index import TextIndex

RANKED_AMONG = 2_000
"""So many candidates are scored; the answer says when there were more."""


def ranked_keys(
    tx: Tx, index: TextIndex, terms: Sequence[Term], filters: Filters, among: int
) -> tuple[list[tuple[int, float]], bool]:
    """Every candidate, best first: documents about the words before those that merely hold them; and if there were more."""
    half = among // 2
    keys = index.newest(tx, terms, filters, half + 1, None, about=True)
    more = len(keys) > half
    keys = keys[:half]
    others = index.newest(tx, terms, filters, among - len(keys) + 1, None)
    more = more or len(others) > among - len(keys)
    keys = list(dict.fromkeys([*keys, *others[: among - len(keys)]]))
    if filters.by_size:
        keys = fitting(tx, filters, keys)
    impacts = index.impacts(tx, keys)
    best = [(key, score(impacts[key], terms)) for key in keys if key in impacts]
    return sorted(best, key=lambda one: (-one[1], -one[0])), more


def fitting(tx: Tx, filters: Filters, keys: Sequence[int]) -> list[int]:
    """Those of a size that is asked for, which the index does not know."""
    sizes = repository.sizes(tx, filters.owner_id, keys)
    return [key for key in keys if key in sizes and filters.fits_size(sizes[key])]
