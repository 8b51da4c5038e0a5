"""Blobs that nobody needs any more: named in the transaction that stopped needing them, deleted from the store later.

So a crash between the two only delays the deletion, and a store that is away only makes rows wait. A key is never used
twice, so a late delete hits nothing new. The plain form of a blob that is kept compressed goes the same way (`add_plain`).
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

import structlog
from sqlalchemy import Column, Float, Index, MetaData, String, Table, delete, insert, select, update

from filemill.chassis.clock import unix_s
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database, Tx, mark_commit
from filemill.chassis.database.inventory import KeptTable
from filemill.chassis.errors import StorageFull, Unavailable
from filemill.chassis.storage.store import BlobStore, Compresses

MARK = "removals"
"""The commit mark that wakes the remover."""
PLAIN = "#plain"
"""Behind a key: only its plain form. No key has this sign."""
BATCH_MOST = 100
IDLE_S = 10.0

_log = structlog.get_logger()


def removals_table(metadata: MetaData) -> Table:
    """The removals of one service; each service that owns blobs calls this once in its `tables.py`."""
    return Table(
        "removals",
        metadata,
        Column("storage_key", String(100), primary_key=True),
        # The purged file it belonged to, whose purge ends with the last of its blobs; None: just not needed any more.
        Column("file_id", String(36)),
        Column("due_at", Float, nullable=False),
        Index("removals_due", "due_at"),
        Index("removals_file", "file_id"),
    )


def kept(table: Table) -> KeptTable:
    """The removals in a service's inventory: what is still to be deleted is no part of what the service keeps."""
    return KeptTable(table, counted=False, survives="keys to be deleted, gone with their blobs")


_REMOVALS = removals_table(MetaData())
"""The same in every service, so one set of statements serves all."""


def add(tx: Tx, storage_keys: Sequence[str], *, file_id: str | None = None, after_s: float = 0.0) -> None:
    """These are to be deleted, `after_s` from now at the earliest: readers may hold the key a moment longer."""
    if not storage_keys:
        return
    due_at = unix_s() + after_s
    tx.execute(insert(_REMOVALS), [{"storage_key": key, "file_id": file_id, "due_at": due_at} for key in storage_keys])
    mark_commit(tx, MARK)


def add_plain(tx: Tx, storage_key: str, *, after_s: float) -> None:
    """This blob lies there compressed, too: its plain form is to be removed, once who reads it has had time to finish."""
    tx.execute(delete(_REMOVALS).where(_REMOVALS.c.storage_key == storage_key + PLAIN))
    add(tx, [storage_key + PLAIN], after_s=after_s)


def plain_waits(tx: Tx, storage_key: str) -> bool:
    """Whether the plain form of this blob is still to be removed."""
    query = select(_REMOVALS.c.storage_key).where(_REMOVALS.c.storage_key == storage_key + PLAIN)
    return tx.execute(query).first() is not None


def put_off(tx: Tx, storage_keys: Iterable[str], until: float) -> None:
    """Delete these that were just added not before then (Unix seconds): somebody may still be writing under their keys."""
    change = update(_REMOVALS).where(_REMOVALS.c.storage_key.in_(list(storage_keys)), _REMOVALS.c.due_at < until)
    tx.execute(change.values(due_at=until))


def left(tx: Tx, file_id: str) -> int:
    """How many blobs of a purged file are still to be deleted (at most 1: it is enough to know)."""
    return len(tx.execute(select(_REMOVALS.c.storage_key).where(_REMOVALS.c.file_id == file_id).limit(1)).all())


class Remover:
    """Deletes what is due. `finished` is told, in a transaction, of each purged file whose last blob is gone."""

    def __init__(self, database: Database, store: BlobStore, finished: Callable[[Tx, str], None]) -> None:
        self._database = database
        self._store = store
        self._finished = finished
        self._news = asyncio.Event()
        database.on_commit(MARK, self._news.set)

    async def run(self) -> None:
        """Delete for ever."""
        while True:
            self._news.clear()
            try:
                while await self.remove_some() == BATCH_MOST:
                    pass
            except (Unavailable, StorageFull) as error:
                _log.info("storage.removals.waiting", problem=error.detail)
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def remove_some(self) -> int:
        """One batch; returns how many blobs that were. Raises `Unavailable` while the store or the database is away."""
        keys = await self._database.read(_due, BATCH_MOST)
        if not keys:
            return 0
        for key in keys:
            await self._remove(key)
        crash_point("storage.removals.deleted")
        await self._database.write("storage.removals", self._done, keys)
        return len(keys)

    async def _remove(self, name: str) -> None:
        key = name.removesuffix(PLAIN)
        if key == name:
            await self._store.delete(key)
        elif not isinstance(self._store, Compresses) or not await self._store.drop_plain(key):
            # Copied here without its compressed form, or that is damaged: what is whole stays. The reconciler sees it.
            _log.error("storage.plain.kept", storage_key=key)

    def _done(self, tx: Tx, keys: Sequence[str]) -> None:
        gone = delete(_REMOVALS).where(_REMOVALS.c.storage_key.in_(keys)).returning(_REMOVALS.c.file_id)
        for file_id in sorted({file_id for file_id in tx.execute(gone).scalars() if file_id is not None}):
            if not left(tx, file_id):
                self._finished(tx, file_id)


def _due(tx: Tx, most: int) -> list[str]:
    query = select(_REMOVALS.c.storage_key).where(_REMOVALS.c.due_at <= unix_s())
    return list(tx.execute(query.order_by(_REMOVALS.c.due_at).limit(most)).scalars())
