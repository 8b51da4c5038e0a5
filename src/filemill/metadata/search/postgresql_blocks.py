"""Blocks of index entries, in the order they were first put, so that GIN can be asked about some thousand entries at a time.

Keys are time-ordered and mostly come in that order; each block knows its lowest and highest key, so a walk is exact for late
ones too: what is found in a block is sure once no block that is still to come can hold a newer key.
"""

import math
from collections.abc import Callable, Collection, Sequence

from filemill.chassis.database.database import Tx

ENTRIES = 4096
"""Of one block."""
GROUP = 16
"""Blocks that have a second mark in common, so that a wide window is a short question."""
FIRST_WINDOW = 2
"""So many blocks are asked about first: they tell how dense matches are, and so how many more blocks it takes."""
SPARE = 1.2
"""By so much more than it should take: another question costs more than some entries too many."""
GROWTH = 16
"""Where nothing was found yet, so many times as many blocks as before."""
WHOLE_SHARE = 0.75
"""If it takes more than this share of all blocks, all entries are asked about: without marks, GIN has less to compare."""

CREATE = (
    (
        "CREATE TABLE IF NOT EXISTS word_blocks"
        " (block integer PRIMARY KEY, lowest bigint NOT NULL, highest bigint NOT NULL, entries integer NOT NULL)"
    ),
    # One writer at a time gives out places, whichever process it is in.
    "INSERT INTO word_blocks (block, lowest, highest, entries) VALUES (0, 0, 0, 0) ON CONFLICT DO NOTHING",
)
_LAST = "SELECT block, entries FROM word_blocks ORDER BY block DESC LIMIT 1 FOR UPDATE"
_HERE = "SELECT doc_id, block FROM word_index WHERE doc_id = ANY ($1::bigint[]) AND block >= 0"
_COUNT = (
    "INSERT INTO word_blocks (block, lowest, highest, entries) VALUES ($1, $2, $3, $4) ON CONFLICT (block) DO UPDATE SET"
    " lowest = CASE WHEN word_blocks.entries = 0 THEN excluded.lowest ELSE least(word_blocks.lowest, excluded.lowest) END,"
    " highest = greatest(word_blocks.highest, excluded.highest), entries = word_blocks.entries + excluded.entries"
)
_RANGES = (
    "SELECT block, lowest, highest, (SELECT count(*) FROM word_blocks), set_config('enable_seqscan', 'off', true)"
    " FROM word_blocks WHERE entries > 0 AND highest >= $1 AND lowest < $2"
)
"""And what matches is asked of GIN, in this transaction: its statistics do not know that words and blocks go together."""

Range = tuple[int, int, int]


def marks(owner: str, block: int) -> list[str]:
    """The marks of an entry of this block; `owner` is its owner's mark.

    The owner is in them: his own mark is nearly everywhere where he has nearly all files, and costs most of a question then.
    """
    return [f"{owner}.b={block}", f"{owner}.g={block // GROUP}"]


def place(tx: Tx, doc_ids: Sequence[int]) -> dict[int, int]:
    """The block of each entry: the one it has, or the newest."""
    placed = {row[0]: row[1] for row in tx.exec_driver_sql(_HERE, (list(doc_ids),))}
    fresh = sorted(set(doc_ids) - set(placed))
    if not fresh:
        return placed
    block, entries = tx.exec_driver_sql(_LAST).one()
    while fresh:
        if entries >= ENTRIES:
            block, entries = block + 1, 0
        some, fresh = fresh[: ENTRIES - entries], fresh[ENTRIES - entries :]
        tx.exec_driver_sql(_COUNT, (block, some[0], some[-1], len(some)))
        placed |= dict.fromkeys(some, block)
        entries += len(some)
    return placed


def walk(
    tx: Tx, owner: str, ask: Callable[[str], list[int]], begin: int, end: int, limit: int, *, oldest_first: bool
) -> list[int]:
    """The first `limit` keys of an owner within `begin` and `end`; `ask` gives those that have the marks of a condition."""
    rows = tx.exec_driver_sql(_RANGES, (begin, end)).all()
    if not rows:
        return []
    ranges: list[Range] = [(row[0], row[1], row[2]) for row in rows]
    ranges.sort(key=(lambda one: one[1]) if oldest_first else (lambda one: -one[2]))
    found: set[int] = set()
    size, looked_at, whole = FIRST_WINDOW, 0, WHOLE_SHARE * rows[0][3]
    while True:
        if min(size, len(ranges)) >= whole:
            return ask(_quoted(owner))
        window, ranges = ranges[:size], ranges[size:]
        looked_at += len(window)
        found.update(ask(_condition(owner, [block for block, _, _ in window])))
        sure = _sure(found, ranges, oldest_first=oldest_first)
        if len(sure) >= limit or not ranges:
            return sorted(sure, reverse=not oldest_first)[:limit]
        lacking = (limit - len(sure)) * looked_at / len(sure) * SPARE if sure else looked_at * GROWTH
        size = max(FIRST_WINDOW, math.ceil(lacking))


def _sure(found: Collection[int], to_come: Sequence[Range], *, oldest_first: bool) -> list[int]:
    """What no block that is still to come can get ahead of."""
    if not to_come:
        return list(found)
    if oldest_first:
        lowest = min(one[1] for one in to_come)
        return [key for key in found if key < lowest]
    highest = max(one[2] for one in to_come)
    return [key for key in found if key > highest]


def _condition(owner: str, chosen: Sequence[int]) -> str:
    """The blocks as marks; whole groups by their own, which may bring neighbours in: they are found again later."""
    if len(chosen) <= GROUP:
        return " | ".join(_quoted(marks(owner, block)[0]) for block in chosen)
    return " | ".join(sorted({_quoted(marks(owner, block)[1]) for block in chosen}))


def _quoted(mark: str) -> str:
    return f"'{mark}'"
