"""The loop that erases an owner in one service, table by table as its inventory says, until nothing names the owner any more.

Works off the rows of `owner_erasure` in small transactions and says so by `owner.erase-confirmed`: killed anywhere, it goes on.
Not for: rows about one purged file (`erasure`).
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from sqlalchemy import (
    RowMapping,
    Select,
    Table,
    and_,
    case,
    delete,
    not_,
    or_,
    select,
    update,
)

from filemill.chassis import erasure
from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.database.inventory import Inventory, KeptTable
from filemill.chassis.database.rows import Key, behind
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.messaging.transport import ParkingLot
from filemill.chassis.owner_erasure import (
    MARK,
    digest_of,
    find,
    find_many,
    forget_digests,
    mark_of,
    old_digests,
    open_erasures,
    rename,
    set_values,
)
from filemill.contracts.erasures import HELD_SHOWN_MOST, OwnerEraseConfirmed
from filemill.contracts.topics import Topic, queues_of

IDLE_S = 10.0
BUSY_S = 0.5
"""From one look at an open erasure to the next: it waits for purges, for events to be sent, for a hold to be released."""
QUIET_S = 2.0
"""The last stage takes at least so long: a service may believe a caller for a second after the revocation."""
TOGETHER_MOST = 100
"""Owners whose end comes at once: a service that is killed meanwhile begins anew with all of them."""
ROWS_MOST = 5000
"""Of a table in one transaction: an owner of a million files has more than a statement may take, and others want to write."""
FILES_MOST = 200
EVENTS_MOST = 500
PARKED_MOST = 500
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FilesLeft:
    """What is left of an owner's files: `busy` if more can be done now, or waits for other services."""

    busy: bool
    held: tuple[str, ...] = ()
    held_count: int = 0

    @property
    def said(self) -> list[int | str]:
        """As the row of the erasure remembers what was told."""
        return [self.held_count, *self.held]


class OwnerErasures:
    """The loop of one service. `files` purges some files of an owner and says what is left; only upload has it.

    `tidy` is awaited before the end is told: it takes out of the service's stores what was only marked as gone.
    """

    def __init__(
        self,
        database: Database,
        inventory: Inventory,
        queues: ParkingLot,
        files: Callable[[str], Awaitable[FilesLeft]] | None = None,
        tidy: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._database = database
        self._inventory = inventory
        self._queues = queues
        self._files = files
        self._tidy = tidy
        self._begun: set[str] = set()
        self._news = asyncio.Event()
        database.on_commit(MARK, self._news.set)

    async def run(self) -> None:
        """Erase for ever."""
        while True:
            self._news.clear()
            is_busy = await self.erase_some()
            try:
                async with asyncio.timeout(BUSY_S if is_busy else IDLE_S):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def erase_some(self) -> bool:
        """One look at each open erasure; False if there is none."""
        rows = await self._database.read(open_erasures)
        await self._begin([row["erasure_id"] for row in rows if row["stage"] == "files"])
        for row in rows:
            if row["stage"] == "files":
                await self._files_of(row)
        await self._rest_of([row for row in rows if row["stage"] == "rest"])
        if await self._database.read(old_digests):
            await self._database.write_unsynced("erasure.owner.forget", forget_digests)
        return bool(rows)

    async def _begin(self, erasure_ids: Sequence[str]) -> None:
        """What can go at once goes: once in this process, since the last stage finds what comes later."""
        fresh = [erasure_id for erasure_id in erasure_ids if erasure_id not in self._begun]
        for at in range(0, len(fresh), TOGETHER_MOST):
            some = fresh[at : at + TOGETHER_MOST]
            places = self._everywhere
            while places:
                _, places = await self._database.write("erasure.owner.begin", self._sweep, some, places, at_last=False)
            self._begun.update(some)

    async def _files_of(self, row: RowMapping) -> None:
        left = await self._files(row["owner_id"]) if self._files is not None else FilesLeft(busy=False)
        if left.busy or (left.held_count and row["said"] == left.said):
            return
        await self._database.write("erasure.owner.files", self._files_told, row["erasure_id"], left)

    async def _rest_of(self, rows: Sequence[RowMapping]) -> None:
        """Many of them together: to write a whole database anew for each would keep a service busy for hours with hundreds."""
        if rows:
            await self._free_parked()
        ready: list[RowMapping] = []
        for row in random.sample(rows, len(rows)):  # so that none who has to wait takes the others' turn for good
            if not await self._has_files(row["owner_id"]) and not await self._events_left(row["owner_id"]):
                ready.append(row)
            if len(ready) == TOGETHER_MOST:
                break
        if not ready:
            return
        await self._rename_in_events({row["owner_id"]: mark_of(row["erasure_id"]) for row in ready})
        swept = [row["erasure_id"] for row in ready]
        places = self._everywhere
        while places:
            _, places = await self._database.write("erasure.owner.rest", self._sweep, swept, places, at_last=True)
        ending = [row["erasure_id"] for row in ready if unix_s() - row["began_at"] >= QUIET_S]
        if not ending:
            return
        if self._tidy is not None:
            await self._tidy()
        await self._database.rewrite()
        await self._database.write("erasure.owner.end", self._end, ending)
        self._begun.difference_update(ending)

    async def _has_files(self, owner_id: str) -> bool:
        if self._files is None:
            return False
        left = await self._files(owner_id)
        return left.busy or left.held_count > 0

    async def _free_parked(self) -> None:
        """News of purged files that was set aside is taken once more, and dropped for coming too late."""
        for queue in queues_of(self._inventory.service):
            for one in await self._queues.parked(queue, PARKED_MOST):
                if one.file_id is not None and await self._database.read(erasure.is_purged, one.file_id):
                    await self._queues.release(queue, one.id)

    async def _events_left(self, owner_id: str) -> int:
        """Delete events about the owner's files; how many of them are still to be sent."""
        after, left = "", 0
        while found := await self._database.read(erasure.purged_of, owner_id, after, FILES_MOST):
            _, waiting = await self._database.write("erasure.owner.events", outbox.forget, found)
            after, left = found[-1], left + waiting
        return left

    async def _rename_in_events(self, marks: Mapping[str, str]) -> None:
        """In events about files of others, too: who opened, or tried to, and who placed a hold. `marks`: by owner."""
        names = {orjson.dumps(owner_id): owner_id for owner_id in marks}
        for table, column in [(one.table, one.events) for one in self._inventory.tables if one.events]:
            key = next(iter(table.primary_key.columns))
            query = select(key, table.c[column]).order_by(key).limit(EVENTS_MOST)
            rows = await self._database.read(_rows, query)
            while rows:
                renamed = [(place, new) for place, body in rows if (new := _renamed(body, names, marks))]
                if renamed:
                    await self._database.write("erasure.owner.naming", _rewrite, table, column, renamed)
                rows = await self._database.read(_rows, query.where(key > rows[-1][0]))

    @property
    def _everywhere(self) -> dict[str, Key | None]:
        """Every table, from its beginning."""
        return {one.table.name: None for one in self._inventory.tables}

    def _sweep(
        self, tx: Tx, erasure_ids: Sequence[str], places: Mapping[str, Key | None], *, at_last: bool
    ) -> tuple[set[str], dict[str, Key | None]]:
        """Some rows of each of these tables, as its declaration says, once for all owners; `places`: after which key.

        Returns the owners of whom there were rows, and where to go on in which tables.
        """
        hold(tx, *erasure_ids)
        rows = [row for row in find_many(tx, erasure_ids) if row["stage"] != "done"]
        marks = {row["owner_id"]: mark_of(row["erasure_id"]) for row in rows}
        counts: dict[str, Counter[str]] = {owner_id: Counter() for owner_id in marks}
        left: dict[str, Key | None] = {}
        for one in self._inventory.tables:
            name = one.table.name
            if name not in places:
                continue
            found, after = _erase_from(tx, one, marks, places[name], at_last=at_last)
            for owner_id, count in found.items():
                counts[owner_id][name] += count
            if after is not None:
                left[name] = after
        named = {owner_id for owner_id, count in counts.items() if count.total()}
        for row in rows:
            if row["owner_id"] in named and marks[row["owner_id"]] == mark_of(row["erasure_id"]):
                set_values(tx, row["erasure_id"], removed=dict(counts[row["owner_id"]] + Counter(row["removed"])))
        return named, left

    def _files_told(self, tx: Tx, erasure_id: str, left: FilesLeft) -> None:
        hold(tx, erasure_id)
        row = find(tx, erasure_id)
        if row is None or row["stage"] != "files":
            return
        if left.held_count and row["said"] == left.said:
            return
        set_values(tx, erasure_id, said=left.said, stage="files" if left.held_count else "told")
        state = "waiting" if left.held_count else "done"
        self._tell(tx, row, "files", state=state, held=list(left.held)[:HELD_SHOWN_MOST], held_count=left.held_count)

    def _end(self, tx: Tx, erasure_ids: Sequence[str]) -> None:
        """Once more, and of whom nothing was left is done: then the row names nobody either."""
        found, _ = self._sweep(tx, erasure_ids, self._everywhere, at_last=True)
        rows = [row for row in find_many(tx, erasure_ids) if row["stage"] == "rest" and row["owner_id"] not in found]
        left = {
            one.table.name: _with_files(tx, one, [row["owner_id"] for row in rows]) for one in self._inventory.tables
        }
        for row in rows:
            erasure_id, owner_id = row["erasure_id"], row["owner_id"]
            if tables := [name for name, owners in left.items() if owner_id in owners]:
                _log.info("erasure.owner.waits", erasure_id=erasure_id, tables=tables)
                continue
            digest = digest_of(erasure_id, owner_id)
            set_values(tx, erasure_id, owner_id=mark_of(erasure_id), stage="done", began_at=unix_s(), digest=digest)
            self._tell(tx, row, "rest", state="done")
            _log.info("erasure.owner.erased", erasure_id=erasure_id)

    def _tell(self, tx: Tx, row: RowMapping, stage: str, **more: Any) -> None:
        service = self._inventory.service
        said = {"erasure_id": row["erasure_id"], "service": service, "stage": stage, "removed": row["removed"]}
        data = OwnerEraseConfirmed.model_validate(said | more)
        outbox.append(tx, wire.make_event(service, Topic.OWNER_ERASE_CONFIRMED, row["erasure_id"], data))


def _erase_from(
    tx: Tx, one: KeptTable, marks: Mapping[str, str], after: Key | None, *, at_last: bool
) -> tuple[Counter[str], Key | None]:
    """How many rows of each owner that were, and where to go on if there may be more.

    A table may have no index by owner: it is gone through once for all of them, in the order of its key.
    """
    if one.erase_owner is not None:
        counts = {owner_id: one.erase_owner(tx, owner_id, mark) for owner_id, mark in marks.items()} if at_last else {}
        return Counter(counts), None
    if one.owner not in ("at once", "at last", "renamed") or (one.owner != "at once" and not at_last):
        return Counter(), None
    owners = [one.table.c[name] for name in one.owner_columns]
    mine = or_(*[owner.in_(marks) for owner in owners])
    if after is not None:
        mine = and_(mine, behind(one, after))
    key = list(one.table.primary_key.columns)
    found = tx.execute(select(*key, *owners).where(mine).order_by(*key).limit(ROWS_MOST)).all()
    if not found:
        return Counter(), None
    last = None
    if len(found) == ROWS_MOST:
        last = tuple(found[-1][: len(key)])
        mine = and_(mine, not_(behind(one, last)))
    if one.owner == "renamed":
        named = {owner.name: case(marks, value=owner, else_=owner) for owner in owners}
        tx.execute(update(one.table).where(mine).values(named | dict(one.blanked)))
    else:
        tx.execute(delete(one.table).where(mine))
    return Counter(owner_id for row in found for owner_id in {*row[len(key) :]} & marks.keys()), last


def _with_files(tx: Tx, one: KeptTable, owner_ids: Sequence[str]) -> set[str]:
    """Owners of whom there are rows that go with their files."""
    if one.owner != "with files":
        return set()
    (owner,) = [one.table.c[name] for name in one.owner_columns]
    return set(tx.execute(select(owner).where(owner.in_(owner_ids)).distinct()).scalars())


def _rows(tx: Tx, query: Select[Any]) -> list[tuple[Any, bytes]]:
    return [(row[0], bytes(row[1])) for row in tx.execute(query)]


def _rewrite(tx: Tx, table: Table, column: str, rows: list[tuple[Any, bytes]]) -> None:
    key = next(iter(table.primary_key.columns))
    for place, body in rows:
        tx.execute(update(table).where(key == place).values({column: body}))


def _renamed(body: bytes, names: Mapping[bytes, str], marks: Mapping[str, str]) -> bytes | None:
    """An event with marks where it said who that is: whose file it is, who did it, who placed a hold. None: nowhere.

    `names`: owners by how an event writes them.
    """
    named = [owner_id for written, owner_id in names.items() if written in body]
    if not named:
        return None
    event = orjson.loads(body)
    changed = [rename(event["data"], owner_id, marks[owner_id]) for owner_id in named]
    return orjson.dumps(event) if any(changed) else None
