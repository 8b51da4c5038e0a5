"""What the adapters queue: one caller's work, and which works of a batch are done by one call."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from filemill.chassis.database.database import Tx


@dataclass(slots=True, eq=False)
class Item:
    """A caller's work. With `each`, `work` takes the items of all callers who brought the same function.

    `alone`: it cannot be part of a transaction, so it has its turn between two; `work` is not called.
    """

    point: str
    work: Callable[..., Any]
    done: "asyncio.Future[Any]"
    durable: bool
    each: bool = False
    item: Any = None
    alone: bool = False
    context: Context = field(default_factory=copy_context)
    result: Any = None
    error: BaseException | None = None

    def give(self) -> None:
        """Tell the caller, unless it went away; its work is committed all the same."""
        if self.done.done():
            return
        if self.error is not None:
            self.done.set_exception(self.error)
        else:
            self.done.set_result(self.result)


def in_turns(batch: Iterable[Item]) -> list[list[Item]]:
    """The batch as transactions, in its order, and apart from them what has to be alone."""
    return [list(items) for _, items in groupby(batch, key=lambda item: item.alone)]


def grouped(batch: Iterable[Item]) -> list[list[Item]]:
    """The batch as calls to make: items of one `write_each` function together, at the place of the first."""
    groups: dict[Any, list[Item]] = {}
    for item in batch:
        groups.setdefault((item.work, item.point) if item.each else item, []).append(item)
    return list(groups.values())


def run(tx: Tx, group: Sequence[Item]) -> None:
    """Make one call and note its results. The first caller's context (request id, trace) is the one that is seen."""
    first = group[0]
    if not first.each:
        first.result = first.context.copy().run(first.work, tx)
        return
    results = first.context.copy().run(first.work, tx, [item.item for item in group])
    for item, result in zip(group, results, strict=True):
        item.result = result
