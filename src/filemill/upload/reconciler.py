"""Finds what rows and the store say differently: blobs that no row names, and rows whose blob is not there.

A blob without a row is what a crash, or an answer that got lost, leaves between the two; it is removed after a grace that is
longer than any upload or job takes, when neither this service nor processing, which keeps its renditions in the same store,
names it, and only by a transaction that has looked again. While processing cannot be asked nothing is removed. A row without
its blob cannot be mended here: it is told, and `filemill verify` names every one. A blob that is plain where its row says
compressed (a backup may bring it like that) is the compressor's again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from prometheus_client import Gauge

from filemill.chassis.clock import now
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import NotFound, StorageFull, Unavailable
from filemill.chassis.resilience.service_client import ServiceClient
from filemill.chassis.storage import removals
from filemill.chassis.storage.store import BlobStore, IsCompressed
from filemill.upload import repository, stored_forms, versions_repository

BATCH_MOST = 100
"""Keys in one question: they travel in a URL."""
REMOVED_MOST = 1000
"""Blobs removed in one round; a fault that would take more shows itself before it has taken all."""
ROWS_MOST = 1000
"""Rows looked at in one round."""
FIRST_AFTER_S = 300.0

ORPHANS = Gauge("filemill_upload_orphan_blobs", "Blobs without a row that the last round found.")
MISSING = Gauge("filemill_upload_missing_blobs", "Rows without their blob that the rounds since the start found.")
_log = structlog.get_logger()

Named = Callable[[Sequence[str]], Awaitable[set[str]]]
"""Which of these keys somebody else names. Raises `Unavailable` if that cannot be said."""


@dataclass(slots=True)
class Found:
    """What one round found. `removed` counts those of `orphans` that were given to the remover."""

    orphans: list[str] = field(default_factory=list)
    removed: int = 0
    missing: list[str] = field(default_factory=list)


class Reconciler:
    """Compares, a bounded amount each round. `dry_run`: tells and removes nothing."""

    def __init__(
        self, database: Database, store: BlobStore, named_elsewhere: Named, *, grace: timedelta, dry_run: bool
    ) -> None:
        self._database = database
        self._store = store
        self._named_elsewhere = named_elsewhere
        self._grace = grace
        self._dry_run = dry_run
        self._after = ""
        self._missing: set[str] = set()

    async def run(self, every_s: float) -> None:
        """Compare for ever; not at once, a start has other things to do."""
        await asyncio.sleep(min(FIRST_AFTER_S, every_s))
        while True:
            try:
                await self.round()
            except (Unavailable, StorageFull) as error:
                _log.info("upload.reconciler.waiting", problem=error.detail)
            await asyncio.sleep(every_s)

    async def round(self) -> Found:
        """One round. Raises `Unavailable` while store, database or processing is away."""
        found = Found()
        await self._look_at_blobs(found)
        await self._look_at_rows(found)
        ORPHANS.set(len(found.orphans))
        MISSING.set(len(self._missing))
        if found.orphans:
            _log.warning("upload.reconciler.orphans", found=len(found.orphans), removed=found.removed)
        return found

    async def _look_at_blobs(self, found: Found) -> None:
        before = now() - self._grace
        old: list[str] = []
        async for info in self._store.list():
            if info.modified_at < before:
                old.append(info.key)
            if len(old) == BATCH_MOST:
                await self._judge(old, found)
                old = []
            if len(found.orphans) >= REMOVED_MOST:
                return
        await self._judge(old, found)

    async def _judge(self, keys: list[str], found: Found) -> None:
        nobodys = await self._database.read(repository.unnamed, keys)
        if nobodys:
            elsewhere = await self._named_elsewhere(nobodys)
            nobodys = [key for key in nobodys if key not in elsewhere]
        found.orphans += nobodys
        if nobodys and not self._dry_run:
            found.removed += await self._database.write("upload.reconcile", _remove, nobodys)

    async def _look_at_rows(self, found: Found) -> None:
        rows = await self._database.read(versions_repository.blobs_after, self._after, ROWS_MOST)
        self._after = rows[-1][0] if len(rows) == ROWS_MOST else ""
        for key, is_compressed in rows:
            try:
                reader = await self._store.open(key)
            except NotFound:
                if not await self._database.read(versions_repository.files_with, key):
                    continue  # purged a moment ago
                found.missing.append(key)
                self._missing.add(key)
                _log.critical("upload.blob.missing", storage_key=key)
            else:
                await reader.close()
                self._missing.discard(key)
                if is_compressed and not isinstance(reader, IsCompressed):
                    await self._look_again(key)

    async def _look_again(self, key: str) -> None:
        if await self._database.write("upload.keeper.again", stored_forms.look_again, key):
            _log.info("upload.blob.plain", storage_key=key)


def _remove(tx: Tx, keys: Sequence[str]) -> int:
    """Look again; then they are the remover's."""
    nobodys = repository.unnamed(tx, keys)
    removals.add(tx, nobodys)
    return len(nobodys)


def named_by_processing(processing: ServiceClient) -> Named:
    """Ask the processing service."""

    async def ask(keys: Sequence[str]) -> set[str]:
        answer: Any = await processing.get_json(f"/blobs/named?keys={','.join(keys)}", for_owner="")
        if answer is None:
            raise Unavailable("The processing service cannot say which blobs it names.")
        return set(answer["keys"])

    return ask
