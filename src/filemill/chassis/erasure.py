"""Erasing a purged file: each service removes what it keeps of it, remembers only that it is gone, and says so.

`file.purged` makes every service delete its rows about the file and name its blobs for removal, in one transaction, with a
tombstone that lets no late event bring anything back. When the last blob is gone the service tells `file.purge-confirmed`.
What is erased follows from the service's inventory, so a new table cannot be forgotten (a test fails on one that says
neither how it is erased nor why it survives).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, MetaData, String, Table, delete, insert, select, update

from filemill.chassis.clock import now
from filemill.chassis.database.database import Tx, hold
from filemill.chassis.database.inventory import Inventory, KeptTable
from filemill.chassis.database.types import UtcTime
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.storage import removals
from filemill.contracts.envelope import Event
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileLifecycle, PurgeConfirmed


def purged_files_table(metadata: MetaData) -> Table:
    """The tombstones of one service; each service that hears of files calls this once in its `tables.py`."""
    return Table(
        "purged_files",
        metadata,
        Column("file_id", String(36), primary_key=True),
        Column("owner_id", String(200), nullable=False),
        Column("purge_id", String(36), nullable=False),
        Column("removed", JSON, nullable=False),
        Column("erased_at", UtcTime, nullable=False),
        Column("confirmed_at", UtcTime),
    )


def kept(table: Table) -> KeptTable:
    """The tombstones in a service's inventory."""
    return KeptTable(table, survives="the marker that the file is gone: ids and numbers only", owner="renamed")


_PURGED = purged_files_table(MetaData())
"""The same in every service, so one set of statements serves all."""

ERASED = "erased:"
"""Begins the mark that stands for an owner who was erased; no owner's name has a colon."""
_PASS = (Topic.PURGED, Topic.PURGE_CONFIRMED)


def silenced(tx: Tx, event: Event) -> bool:
    """Whether an event is about a purged file and comes too late. For `messaging.consumer`."""
    owner_id = tx.execute(select(_PURGED.c.owner_id).where(_PURGED.c.file_id == event.subject)).scalar()
    return owner_id is not None and (event.type not in _PASS or owner_id.startswith(ERASED))


def purged_of(tx: Tx, owner_id: str, after: str, most: int) -> list[str]:
    """Purged files of an owner by id, after one of them."""
    mine = select(_PURGED.c.file_id).where(_PURGED.c.owner_id == owner_id, _PURGED.c.file_id > after)
    return list(tx.execute(mine.order_by(_PURGED.c.file_id).limit(most)).scalars())


def is_purged(tx: Tx, file_id: str) -> bool:
    """Whether a file is gone for good: whoever learned of it outside the queue asks before writing."""
    return tx.execute(select(_PURGED.c.file_id).where(_PURGED.c.file_id == file_id)).first() is not None


@dataclass(frozen=True, slots=True)
class Erasure:
    """What one service does about purged files."""

    inventory: Inventory

    def on_purged(self, tx: Tx, event: Event) -> None:
        """The handler of `file.purged`."""
        data = FileLifecycle.model_validate(event.data)
        assert data.purge_id is not None
        self.erase(tx, data.file_id, data.owner_id, data.purge_id)

    def erase(self, tx: Tx, file_id: str, owner_id: str, purge_id: str) -> None:
        """Erase a file here and leave a tombstone; a file that has one already is left alone."""
        hold(tx, file_id)
        if is_purged(tx, file_id):
            return
        counts: dict[str, int] = {}
        keys: list[str] = []
        for kept_table in self.inventory.tables:
            count, named = _erase_from(tx, kept_table, file_id)
            keys += named
            if count:
                counts[kept_table.table.name] = count
        if keys:
            counts["blobs"] = len(keys)
            removals.add(tx, keys, file_id=file_id)
        tx.execute(
            insert(_PURGED),
            {"file_id": file_id, "owner_id": owner_id, "purge_id": purge_id, "removed": counts, "erased_at": now()},
        )
        if not keys:
            self.finished(tx, file_id)

    def finished(self, tx: Tx, file_id: str) -> None:
        """Nothing of it is left here: say so."""
        done_at: datetime = now()
        mark = update(_PURGED).where(_PURGED.c.file_id == file_id, _PURGED.c.confirmed_at.is_(None))
        row: Any = tx.execute(mark.values(confirmed_at=done_at).returning(_PURGED)).mappings().first()
        if row is None:
            return
        service = self.inventory.service
        confirmed = PurgeConfirmed(
            file_id=file_id, owner_id=row["owner_id"], purge_id=row["purge_id"], service=service, removed=row["removed"]
        )
        outbox.append(tx, wire.make_event(service, Topic.PURGE_CONFIRMED, file_id, confirmed))


def _erase_from(tx: Tx, kept_table: KeptTable, file_id: str) -> tuple[int, list[str]]:
    """(rows erased, keys of blobs that go with them)."""
    if kept_table.erase is not None:
        return kept_table.erase(tx, file_id)
    if kept_table.survives:
        return 0, []
    table = kept_table.table
    rows = tx.execute(delete(table).where(table.c.file_id == file_id).returning(table)).mappings().all()
    return len(rows), [blob.storage_key for row in rows for blob in kept_table.blobs(row)]
