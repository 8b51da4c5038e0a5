"""The loop that brings what waits in the spool to the store, and only then tells of the file.

A body comes under the key it was promised, and the file is told of once: whoever deletes the row writes the event. While the
store is away a round ends early; killed anywhere, the next one goes on.
"""

import asyncio
import hashlib

import structlog
from prometheus_client import Gauge
from sqlalchemy import RowMapping

from filemill.chassis import erasure
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import NotFound, StorageFull, Unavailable
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.storage import removals
from filemill.chassis.storage.store import BlobStore, drain
from filemill.chassis.telemetry import request_context
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileUploaded, Reason
from filemill.upload import repository, scans_repository, spooled_repository, versions_repository
from filemill.upload.spool import BATCH_MOST, Spool

EVERY_S = 2.0
"""How often the store is tried while something waits. A remote store's own breaker answers most tries at once."""
HASH_IN_THREAD_BYTES = 64 * 1024

WAITING = Gauge("filemill_upload_spool_files", "Files whose bytes wait in this spool for the store.")
_log = structlog.get_logger()


class SpoolCarrying:
    """Empties the spool of this instance into `store`."""

    def __init__(self, spool: Spool, store: BlobStore, database: Database) -> None:
        self._spool = spool
        self._store = store
        self._database = database

    async def run(self) -> None:
        """Bring what waits to the store, for ever."""
        while True:
            self._spool.news.clear()
            async with self._spool.alone() as alone:
                if alone:
                    await self.complete_all()
                    await self._spool.sweep()
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._spool.news.wait()
                await asyncio.sleep(EVERY_S / 10)  # a crowd that arrives together is one round
            except TimeoutError:
                continue

    async def complete_all(self) -> int:
        """One round over what waits; ends early while the store is away. Returns how many files left the spool."""
        done, after = 0, ""
        try:
            while rows := await self._database.read(
                spooled_repository.lying_in, self._spool.spool_id, after, BATCH_MOST
            ):
                WAITING.set(len(rows))
                for row in rows:
                    done += await self._complete(row)
                after = rows[-1]["file_id"]
            WAITING.set(0)
        except (Unavailable, StorageFull) as error:
            _log.info("upload.spool.waiting", problem=error.detail, completed=done)
        return done

    async def _complete(self, row: RowMapping) -> bool:
        lost = None if await self._is_stored(row) else await self._bring(row)
        if lost:
            _log.critical("upload.spool.lost", file_id=row["file_id"], problem=lost)
            reason = Reason(code="spool-lost", detail=lost, retryable=False).model_dump()
            end = spooled_repository.end
            return await self._database.write("upload.spool.lost", end, row["file_id"], "failed", reason)
        crash_point("upload.spool.stored")
        done = await self._database.write("upload.spool.complete", _complete, row)
        await self._spool.discard(row["storage_key"], row["size"])
        _log.info("upload.spool.completed", file_id=row["file_id"], size=row["size"])
        return done

    async def _is_stored(self, row: RowMapping) -> bool:
        """Whether a run that was killed had brought it there already: a blob is whole as soon as it is there."""
        try:
            reader = await self._store.open(row["storage_key"])
        except NotFound:
            return False
        await reader.close()
        return bool(reader.size_bytes == row["size"])

    async def _bring(self, row: RowMapping) -> str | None:
        """Copy a body into the store; returns why that can never be done, if so."""
        try:
            reader = await self._spool.open(row["storage_key"])
        except NotFound:
            return "The bytes that waited in the spool are not there any more."
        writer = await self._store.create(row["storage_key"])
        try:
            digest = hashlib.sha256()
            async for chunk in drain(reader):
                if len(chunk) > HASH_IN_THREAD_BYTES:
                    await asyncio.to_thread(digest.update, chunk)
                else:
                    digest.update(chunk)
                await writer.write(chunk)
            if digest.hexdigest() == row["sha256"]:
                await writer.commit()
                return None
        except BaseException:
            await writer.abort()
            raise
        await writer.abort()
        return "The bytes that waited in the spool are not the ones that were sent."


def _complete(tx: Tx, row: RowMapping) -> bool:
    """Now it is in the store: say so and tell the others, unless somebody did."""
    held = scans_repository.SCANNING if repository.is_held(tx, row["file_id"]) else None
    if not spooled_repository.end(tx, row["file_id"], held or "uploaded"):
        if erasure.is_purged(tx, row["file_id"]):
            removals.add(tx, [row["storage_key"]], file_id=row["file_id"])
        return False
    uploaded = FileUploaded.model_validate(row["uploaded"])
    facts = uploaded.model_dump() | {"held": held}
    versions_repository.insert_versions(tx, [facts])
    versions_repository.insert_blobs(tx, [versions_repository.blob_of(facts, uploaded.storage_key)])
    if held:
        scans_repository.add(tx, [{name: row[name] for name in ("uploaded", "request_id", "traceparent")}])
        return True
    with request_context.within(request_context.begin(row["request_id"], row["traceparent"])):
        outbox.append(tx, wire.make_event("upload", Topic.UPLOADED, uploaded.file_id, uploaded))
    return True
