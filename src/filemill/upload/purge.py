"""Purging: a file is gone for good when every service that heard of it has confirmed that it keeps nothing.

The request erases what upload has and tells the others in one transaction; from that moment nobody reads the file. Files
whose time in the trash is over are purged the same way.
"""

from datetime import datetime, timedelta

from filemill.chassis.clock import now
from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.erasure import Erasure
from filemill.chassis.errors import NotFound
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.storage import removals
from filemill.chassis.web.caller import Caller
from filemill.contracts.topics import Topic, queues_for
from filemill.contracts.upload import FileLifecycle
from filemill.upload import (
    compression_repository,
    families_repository,
    legal_holds,
    purges_repository,
    repository,
    versions_repository,
)
from filemill.upload.errors import UnderHold

SERVICES = tuple(sorted({"upload", *(queue.partition(".")[0] for queue in queues_for(Topic.PURGED))}))
"""Those whose confirmations end a purge: everyone who hears of it."""
EXPIRED_MOST = 100
"""Files out of the trash in one round, a transaction each."""

ERASURE = Erasure(repository.INVENTORY)


def begin(
    tx: Tx, caller: Caller, file_id: str, cause: str, before: datetime | None = None, part_of: str | None = None
) -> str:
    """Erase a file, living or in the trash, and have the others do so; returns the purge's id. Raises `NotFound`, `UnderHold`.

    `before`: only if it has been in the trash since then. `part_of`: the purge of the file that it came out of. Its own
    children follow (`families`).
    """
    hold(tx, file_id)
    row = purges_repository.to_purge(tx, caller.owner_id, file_id)
    if row is None or (before is not None and (row["deleted_at"] is None or row["deleted_at"] >= before)):
        raise NotFound("There is no such file.")
    legal_holds.check(row)
    purge_id, owner_id = new_id(), row["owner_id"]
    purges_repository.add(tx, purge_id, file_id, owner_id, cause, now(), part_of)
    families_repository.add(tx, file_id, part_of or purge_id)
    held = compression_repository.held(tx, file_id)
    ERASURE.erase(tx, file_id, owner_id, purge_id)
    if held:  # the compressor notices; until its lease is over it may still write under these keys
        removals.put_off(tx, held, max(held.values()))
    data = FileLifecycle(
        file_id=file_id, owner_id=owner_id, version=row["version"], change=row["change"] + 1, actor=caller.owner_id,
        purge_id=purge_id,
    )  # fmt: skip
    outbox.append(tx, wire.make_event("upload", Topic.PURGED, file_id, data))
    return purge_id


async def expire_trash(database: Database, trash_days: float) -> int:
    """Purge what has been in the trash for longer than `trash_days`; returns how many files."""
    before = now() - timedelta(days=trash_days)
    rows = await database.read(versions_repository.trash_past, before, EXPIRED_MOST)
    done = 0
    for row in rows:
        caller = Caller(row["owner_id"], is_admin=False, address=None)
        try:
            await database.write("upload.purge.expired", begin, caller, row["file_id"], "trash", before)
        except (NotFound, UnderHold):
            continue  # restored, purged or held a moment ago
        done += 1
    return done
