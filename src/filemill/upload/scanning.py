"""Holding versions back until the scanner has seen them: the loop that shows them to it, and what follows.

A version that waits is a row, written with the file's own; nobody was told of it and nobody gets its bytes. The verdict and
the news of it are one transaction. While the scanner is away everything waits, and goes on by itself once it is back: the
instances share the rows by leases. What the scanner cannot decide is tried again after growing pauses; no other waits for it.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import RowMapping

from filemill.chassis import process_identity
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.errors import FilemillError, NotFound, Unavailable
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.storage.store import BlobStore, drain
from filemill.chassis.telemetry import request_context
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileQuarantined, FileUploaded, Reason
from filemill.upload import scans_repository as scans
from filemill.upload.scanner import Scanner, Verdict

EVERY_S = 2.0
AT_ONCE = 4
HOLD_S = 30.0
KEEP_EVERY_S = 10.0
PAUSE_LONGEST_S = 60.0
COUNTED_MOST = 1000

WAITING = Gauge("filemill_upload_scans_waiting", f"Versions that wait for the scanner; counted up to {COUNTED_MOST}.")
VERDICTS = Counter("filemill_upload_scans", "Verdicts of the scanner.", ["outcome"])
_NOT_ANALYZED = Reason(code="quarantined", detail="The file is held back and is not read.")
_log = structlog.get_logger()


class Scanning:
    """The loop. `scanner` None: there is none any more, and what still waits for one goes on waiting.

    `too_large`: what becomes of a file that the scanner takes only a part of, `quarantine` or `serve`.
    """

    def __init__(
        self, database: Database, store: BlobStore, scanner: Scanner | None, too_large: str, news: asyncio.Event
    ) -> None:
        self._database = database
        self._store = store
        self._scanner = scanner
        self._too_large = too_large
        self._news = news

    async def check(self) -> str | None:
        """What waits, in words. Raises `Unavailable` while the scanner is away."""
        if self._scanner is not None:
            await self._scanner.check()
        count = await self._database.read(scans.waiting, COUNTED_MOST)
        return f"{count} files wait to be scanned" if count else None

    async def run(self) -> None:
        """Scan what is due, for ever. Raises `Unavailable` if files wait for a scanner that is not set any more."""
        while True:
            self._news.clear()
            if await self.round():
                continue
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def round(self) -> int:
        """Scan some of what is due, while the scanner answers; returns how many it has decided."""
        count = await self._database.read(scans.waiting, COUNTED_MOST)
        WAITING.set(count)
        if not count:
            return 0
        if self._scanner is None:
            raise Unavailable(f"{count} files wait to be scanned, and CLAMD_URL is not set.")
        try:
            await self._scanner.ready()
        except Unavailable as error:
            _log.info("upload.scan.waiting", problem=error.detail)
            return 0
        await self._free_what_the_dead_held()
        holder = f"{process_identity.me()}/{new_id()}"
        rows = await self._database.write_unsynced("upload.scan.claim", scans.claim, holder, HOLD_S, AT_ONCE)
        work = [asyncio.create_task(self._scan(self._scanner, row)) for row in rows]
        try:
            while work and (await asyncio.wait(work, timeout=KEEP_EVERY_S))[1]:
                await self._database.write_unsynced("upload.scan.keep", scans.keep, holder, HOLD_S)
            return sum([task.result() for task in work])
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def _free_what_the_dead_held(self) -> None:
        """A process that died on this machine is noticed at once, elsewhere when its lease ends."""
        holders = await self._database.read(scans.holders)
        dead = [holder for holder in holders if process_identity.is_dead(holder.partition("/")[0])]
        if dead:
            await self._database.write_unsynced("upload.scan.free", scans.free, dead)

    async def _scan(self, scanner: Scanner, row: RowMapping) -> bool:
        """Whether it was decided. What was not is due again."""
        try:
            verdict = await scanner.scan(self._blocks(row["storage_key"]))
        except FilemillError as error:
            verdict = Verdict("unscannable", error.detail)
        except asyncio.CancelledError:
            await self._put_back(row, tried=False)
            raise
        crash_point("upload.scan.answered")
        VERDICTS.labels(outcome=verdict.outcome).inc()
        if verdict.outcome == "unscannable":
            _log.warning(
                "upload.scan.undecided", file_id=row["file_id"], tries=row["attempts"] + 1, said=verdict.detail
            )
            await self._put_back(row, tried=True)
            return False
        reason = self._reason_against(verdict)
        if reason is None:
            done = await self._database.write("upload.scan.clean", _release, row)
        else:
            done = await self._database.write("upload.scan.quarantine", _quarantine, row, reason)
        _log.info("upload.scan.done", file_id=row["file_id"], outcome=verdict.outcome, said=verdict.detail, told=done)
        return True

    def _reason_against(self, verdict: Verdict) -> Reason | None:
        if verdict.outcome == "infected":
            return Reason(code="infected", detail=f"The scanner found {verdict.detail}.")
        if verdict.outcome == "too-large" and self._too_large == "quarantine":
            detail = "The file is larger than the scanner takes (its StreamMaxLength, MaxFileSize), so nobody knows."
            return Reason(code="scan-too-large", detail=detail)
        return None

    async def _put_back(self, row: RowMapping, *, tried: bool) -> None:
        pause_s = min(2.0 ** row["attempts"], PAUSE_LONGEST_S) if tried else 0.0
        await self._database.write_unsynced("upload.scan.put-back", scans.put_back, row, tried=tried, pause_s=pause_s)

    async def _blocks(self, storage_key: str) -> AsyncIterator[bytes]:
        try:
            reader = await self._store.open(storage_key)
        except NotFound as error:
            raise Unavailable("The stored bytes are missing; `filemill verify` names them.") from error
        async for block in drain(reader):
            yield block


def _release(tx: Tx, row: RowMapping) -> bool:
    """Now it exists for the others."""
    hold(tx, row["file_id"])
    return scans.release(tx, row) and _tell(tx, row, Topic.UPLOADED, FileUploaded.model_validate(row["uploaded"]))


def _quarantine(tx: Tx, row: RowMapping, reason: Reason) -> bool:
    """It stays, is never served, and the others hear why."""
    hold(tx, row["file_id"])
    if not scans.quarantine(tx, row, reason.model_dump(), _NOT_ANALYZED.model_dump()):
        return False
    told = FileQuarantined.model_validate(row["uploaded"] | {"reason": reason})
    return _tell(tx, row, Topic.QUARANTINED, told)


def _tell(tx: Tx, row: RowMapping, topic: Topic, data: Any) -> bool:
    with request_context.within(request_context.begin(row["request_id"], row["traceparent"])):
        outbox.append(tx, wire.make_event("upload", topic, row["file_id"], data))
    return True
