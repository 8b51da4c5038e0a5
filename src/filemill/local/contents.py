"""All that an installation holds, read a batch at a time: rows, bodies, events on their way."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

from sqlalchemy import RowMapping

from filemill.chassis.database import rows
from filemill.chassis.database.inventory import KeptTable
from filemill.chassis.messaging import outbox
from filemill.chassis.messaging.transport import Peeks
from filemill.chassis.storage.store import BlobStore
from filemill.contracts.envelope import Event
from filemill.local.installation import Part

PEEK_MOST = 500
HASH_IN_THREAD_BYTES = 64 * 1024


async def hash_blob(store: BlobStore, key: str) -> tuple[int, str]:
    """(size in bytes, SHA-256) of a stored blob. Raises as `BlobStore.open`."""
    reader = await store.open(key)
    digest, size = hashlib.sha256(), 0
    try:
        async for chunk in reader.read():
            size += len(chunk)
            if len(chunk) > HASH_IN_THREAD_BYTES:
                await asyncio.to_thread(digest.update, chunk)
            else:
                digest.update(chunk)
    finally:
        await reader.close()
    return size, digest.hexdigest()


async def pages(part: Part, kept: KeptTable) -> AsyncIterator[list[RowMapping]]:
    """Every row of a table that is worth carrying, a batch at a time."""
    after = None
    while batch := await part.database.read(rows.page, kept, after):
        yield batch
        after = rows.key_of(kept, batch[-1])


async def unsent(part: Part) -> AsyncIterator[Event]:
    """The events in a service's outbox that are not published."""
    if not any(kept.table.name == "outbox" for kept in part.inventory.tables):
        return
    after = 0
    while batch := await part.database.read(outbox.waiting, after, PEEK_MOST):
        for row in batch:
            yield row.event
        after = batch[-1].seq


async def lying_in(queues: Peeks, queue: str) -> AsyncIterator[Event]:
    """The events in a queue, whoever holds them; parked ones too."""
    after = 0
    while batch := await queues.peek(queue, after, PEEK_MOST):
        for _, event in batch:
            yield event
        after = batch[-1][0]
