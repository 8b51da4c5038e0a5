"""The order of answers by how well they answer: a bounded number of candidates, each scored by the same rule on every engine.

Candidates are the newest documents *about* the words, then the newest that merely hold them; only the first are in danger of
being many, and then the answer says how many were looked at. Not for: which documents match (`text_index`).
"""

from collections.abc import Sequence
from typing import NamedTuple

from filemill.chassis.database.database import Tx
from filemill.metadata import lists_repository
from filemill.metadata.search.impacts import Scorer
from filemill.metadata.search.query import Filters, Term
from filemill.metadata.search.text_index import TextIndex

RANKED_AMONG = 2_000
"""So many candidates are scored; the answer says when there were more."""


class Ranked(NamedTuple):
    """Every candidate with its score, best first. `among`: how many there were, if they were not all matches.

    `newest`: of all matches, at least half as many as may be scored, or all; None where those about the words were enough.
    """

    best: list[tuple[int, float]]
    among: int | None
    newest: list[int] | None


def ranked(tx: Tx, index: TextIndex, terms: Sequence[Term], filters: Filters, among: int) -> Ranked:
    """Documents about the words come first; where those are more than half of `among`, no other is looked at."""
    half = among // 2
    lines = index.weighed(tx, terms, filters, half + 1, about=True)
    bounded = len(lines) > half
    keys = list(lines)[:half]
    others = None
    if not bounded:
        more = index.weighed(tx, terms, filters, among - len(keys) + 1, known=lines)
        bounded = len(more) > among - len(keys)
        others = list(more)
        keys = list(dict.fromkeys([*keys, *others[: among - len(keys)]]))
        lines |= more
    looked_at = len(keys) if bounded else None
    if filters.by_size:
        keys = fitting(tx, filters, keys)
    scorer = Scorer(terms)
    best = [(key, scorer.score(lines[key])) for key in keys]
    return Ranked(sorted(best, key=lambda one: (-one[1], -one[0])), looked_at, others)


def fitting(tx: Tx, filters: Filters, keys: Sequence[int]) -> list[int]:
    """Those of a size that is asked for, which the index does not know."""
    sizes = lists_repository.sizes(tx, filters.owner_id, keys)
    return [key for key in keys if key in sizes and filters.fits_size(sizes[key])]
