"""Blocks of index entries, in the order they were first put, so that GIN can be asked about some thousand entries at a time.

Keys are time-ordered and mostly come in that order; each block knows its lowest and highest key, so a walk is exact for late
ones too: what is found in a block is sure once no block that is still to come can hold a newer key.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from filemill.chassis.database.database import Tx
from filemill.metadata.search.text_index import KEY_END

ENTRIES = 4096
"""Of one block."""
GROUP = 16
"""Blocks that have a second mark in common, so that a long way takes few steps."""
GROUP_FROM = 5
"""If so many blocks of a group are asked about at once, the group is: GIN compares every entry with every mark."""
NEAR_GROUPS, NEAR_MOST = 2, 4
"""Of the first so many groups a step is at most so many blocks: most walks end there."""
WIDER, WIDER_IF_FEW = 0.5, 4
"""Further on, a step is of so many times as many groups as those before it. Each step costs, since GIN looks through the
entries it has not sorted in yet for each; and a wide one may find more than is needed."""

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
    "SELECT block, lowest, highest, set_config('enable_seqscan', 'off', true) FROM word_blocks"
    " WHERE entries > 0 AND highest >= $1 AND lowest < $2"
)
"""And what matches is asked of GIN, in this transaction: its statistics do not know that words and blocks go together."""


class Step(NamedTuple):
    """Blocks that are asked about at once, and the lowest and highest key among them."""

    blocks: tuple[int, ...]
    lowest: int
    highest: int


Found = TypeVar("Found", bound=Sequence[Any])
"""A match: the number of the step it was found in, from 1, its key, and what was asked for with it."""
Ask = Callable[[list[str], int], Sequence[Found]]
"""Step after step, each a tsquery, those that match, of each step in the order of the walk; until there are so many."""


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
    tx: Tx, owner: str, ask: Ask[Found], ends: tuple[int, int], limit: int, *, oldest_first: bool, few: bool
) -> list[Found]:
    """The first `limit` of an owner's with keys within `ends`. `few`: a step costs much, whatever its size."""
    blocks = [Step((row[0],), row[1], row[2]) for row in tx.exec_driver_sql(_RANGES, ends)]
    steps = _steps(blocks, oldest_first=oldest_first, few=few)
    found: dict[int, Found] = {}
    most = limit
    while True:
        rows = ask([_condition(owner, step) for step in steps], most)
        found.update((row[1], row) for row in rows)
        if len(rows) < most:
            sure = list(found)
        else:
            number, reached = rows[-1][0], rows[-1][1]
            sure = _sure(found, reached, steps[number:], oldest_first=oldest_first)
        if len(sure) >= limit or len(rows) < most:
            return [found[key] for key in sorted(sure, reverse=not oldest_first)[:limit]]
        steps, most = steps[number - 1 :], 2 * most  # late keys: what comes next reaches into what is here


def _steps(blocks: Iterable[Step], *, oldest_first: bool, few: bool) -> list[Step]:
    """In the order of the walk: one block, then ever more, then groups and ever more of them; if `few`, groups at once."""

    def when(step: Step) -> int:
        return step.lowest if oldest_first else -step.highest

    by_group: dict[int, list[Step]] = {}
    for block in sorted(blocks, key=when):
        by_group.setdefault(block.blocks[0] // GROUP, []).append(block)
    groups = list(by_group.values())
    begin, wider = (0, WIDER_IF_FEW) if few else (NEAR_GROUPS, WIDER)
    steps: list[Step] = []
    near = list(chain.from_iterable(groups[:begin]))
    while near:
        size = min(max(1, len(steps)), NEAR_MOST)
        steps.append(_together(near[:size]))
        near = near[size:]
    while begin < len(groups):
        size = max(1, int(begin * wider))
        steps.append(_together(list(chain.from_iterable(groups[begin : begin + size]))))
        begin += size
    return sorted(steps, key=when)


def _together(blocks: Sequence[Step]) -> Step:
    numbers = tuple(block.blocks[0] for block in blocks)
    return Step(numbers, min(block.lowest for block in blocks), max(block.highest for block in blocks))


def _condition(owner: str, step: Step) -> str:
    """A tsquery; a group goes by its own mark where many of its blocks are meant, and keys tell which entries are."""
    groups = Counter(block // GROUP for block in step.blocks)
    chosen = {marks(owner, block)[groups[block // GROUP] >= GROUP_FROM] for block in step.blocks}
    return " | ".join(f"'{mark}'" for mark in sorted(chosen))


def _sure(found: Iterable[int], reached: int, to_come: Sequence[Step], *, oldest_first: bool) -> list[int]:
    """What neither the rest of the step that was reached nor one that is still to come can get ahead of."""
    if oldest_first:
        bound = min((step.lowest for step in to_come), default=KEY_END)
        return [key for key in found if key <= reached and key < bound]
    bound = max((step.highest for step in to_come), default=-1)
    return [key for key in found if key >= reached and key > bound]
