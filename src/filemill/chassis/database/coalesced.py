"""Look-ups by key that share reads: whatever was asked for while the last read ran goes into the next one.

There is no timer: a lone look-up starts at once, a crowd shares one statement. A look-up never joins a read that has begun, so
it sees everything that was committed before it was asked. Not for writes, and not a cache: nothing is kept.
If a shared read fails, each key is read by itself, so one that cannot be read spoils only its own look-up; a database that is
away fails them all at once.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import Unavailable

BATCH_MOST = 64
"""Keys of one read: rows are some kilobytes each, and the first must not wait long for the last."""
WAITING_MOST = 10_000
"""Look-ups that may wait; more means that the database is behind."""

K = TypeVar("K")
V = TypeVar("V")


class CoalescedReads(Generic[K, V]):
    """`fetch_many` reads the rows of these keys, which are all different; it leaves out those that are not there."""

    def __init__(self, database: Database, fetch_many: Callable[[Tx, Sequence[K]], Mapping[K, V]]) -> None:
        self._database = database
        self._fetch_many = fetch_many
        self._waiting: dict[K, list[asyncio.Future[V | None]]] = {}
        self._waiters = 0
        self._reader: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """The row of `key` as it is now, or None. Raises what the read raised, `Unavailable` among others."""
        if self._waiters >= WAITING_MOST:
            raise Unavailable("The database is behind with its work; try again in a moment.")
        found: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(found)
        self._waiters += 1
        if self._reader is None:
            # A context of its own: it works for many requests, none of which may lend it its ids or its deadline.
            self._reader = asyncio.create_task(self._read_all(), name="coalesced-reads", context=Context())
        try:
            return await found
        finally:
            self._waiters -= 1

    async def _read_all(self) -> None:
        """Read until nobody waits. Between seeing that and saying that no reader runs there is no `await`."""
        try:
            while batch := self._take():
                await self._read(batch)
        finally:
            self._reader = None

    def _take(self) -> "dict[K, list[asyncio.Future[V | None]]]":
        """The next keys, in the order they were asked for, without those whose callers all went away."""
        batch: dict[K, list[asyncio.Future[V | None]]] = {}
        while self._waiting and len(batch) < BATCH_MOST:
            key = next(iter(self._waiting))
            callers = [caller for caller in self._waiting.pop(key) if not caller.done()]
            if callers:
                batch[key] = callers
        return batch

    async def _read(self, batch: "dict[K, list[asyncio.Future[V | None]]]") -> None:
        try:
            rows = await self._database.read(self._fetch_many, list(batch))
        except Exception as error:  # noqa: BLE001 - it belongs to the callers of `get`, who get exactly this exception
            if len(batch) == 1 or isinstance(error, Unavailable):
                for callers in batch.values():
                    _settle(callers, error)
            else:
                for key, callers in batch.items():
                    await self._read({key: callers})
        else:
            for key, callers in batch.items():
                for caller in callers:
                    if not caller.done():
                        caller.set_result(rows.get(key))


def _settle(callers: "list[asyncio.Future[V | None]]", error: Exception) -> None:
    for caller in callers:
        if not caller.done():  # else it went away
            caller.set_exception(error)
