"""`filemill verify`: is everything that was promised still there, and do the services agree about it? Reads only.

Every row of every service is read once, every blob that a row names is hashed once. What disagrees only because its news is
still in an outbox or a queue is no fault: it is counted as on its way. The digest is a line that is equal for two
installations exactly if they keep the same: rows (without leases, marks and post on its way) and bytes.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping, Table
from sqlalchemy.exc import DatabaseError

from filemill.chassis.database import rows
from filemill.chassis.database.inventory import Inventory, KeptTable, KnownFile, NamedBlob
from filemill.chassis.errors import FilemillError, NotFound
from filemill.chassis.messaging.transport import Peeks
from filemill.contracts.topics import QUEUES
from filemill.local.contents import hash_blob, lying_in, pages, unsent
from filemill.local.installation import Installation, Part, Progress
from filemill.metadata import audit_check

BLOBS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class DamagedBlob:
    """A blob that is not what its row says."""

    storage_key: str
    file_id: str
    role: str
    problem: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something else that is not as it must be."""

    service: str
    file_id: str | None
    problem: str


@dataclass(slots=True)
class Report:
    """What was looked at and what was found. Sizes in bytes."""

    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    blobs: int = 0
    bytes: int = 0
    undigested: int = 0
    damaged: list[DamagedBlob] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    on_its_way: int = 0
    spooled: int = 0
    orphans: int = 0
    digest: str = ""

    @property
    def ok(self) -> bool:
        """Whether all is well. Orphans are only a waste of room."""
        return not self.damaged and not self.faults


async def verify(installation: Installation, progress: Progress) -> Report:
    """Look at everything. What is wrong is in the report, never an exception."""
    return await _Verification(installation, progress).run()


class _Verification:
    """One run over one installation."""

    def __init__(self, installation: Installation, progress: Progress) -> None:
        self._installation = installation
        self._progress = progress
        self._report = Report()
        self._sums: dict[str, int] = {}
        self._blob_sum = 0
        self._found_blobs = 0
        self._travelling: set[str] = set()
        self._unseen = False

    async def run(self) -> Report:
        report = self._report
        await self._find_travelling()
        for part in self._installation.parts.values():
            report.rows[part.inventory.service] = 0
            for kept in part.inventory.tables:
                await self._guarded(part, self._walk(part, kept))
        for part in self._installation.parts.values():
            await self._guarded(part, self._compare(part))
        if (metadata := self._installation.parts.get("metadata")) is not None:
            await self._guarded(metadata, self._check_trail(metadata))
        await self._count_orphans()
        parts = [f"{name}={total:064x}" for name, total in sorted(self._sums.items())]
        report.digest = hashlib.sha256("\n".join([*parts, f"blobs={self._blob_sum:064x}"]).encode()).hexdigest()
        return report

    async def _guarded(self, part: Part, work: Awaitable[None]) -> None:
        """A database that cannot be read any more is a finding, and the others are looked at all the same."""
        try:
            await work
        except (DatabaseError, FilemillError, ValueError) as error:
            cause = error.orig if isinstance(error, DatabaseError) else error
            self._report.faults.append(
                Fault(part.inventory.service, None, f"the database cannot be read whole: {cause}")
            )

    # rows and the blobs they name

    async def _walk(self, part: Part, kept: KeptTable) -> None:
        service, table = part.inventory.service, f"{part.inventory.service}.{kept.table.name}"
        total, done = await part.database.read(rows.count, kept), 0
        async for batch in pages(part, kept):
            if kept.counted:
                self._sums[table] = (self._sums.get(table, 0) + rows.digest(kept, batch)) % rows.DIGEST_RANGE
            for row in batch:
                if (flaw := kept.flaw(row)) is not None:
                    about = row.get("file_id")
                    self._report.faults.append(Fault(service, about, f"{table} entry {rows.key_of(kept, row)} {flaw}"))
            await self._check_blobs(part, [blob for row in batch for blob in kept.blobs(row)])
            self._report.rows[service] += len(batch)
            self._report.spooled += len(batch) if kept.must_be_empty else 0
            done += len(batch)
            self._progress(table.replace(".", " "), done, total)

    async def _check_blobs(self, part: Part, blobs: list[NamedBlob]) -> None:
        waiting = iter(blobs)

        async def work() -> None:
            for blob in waiting:  # shared: each worker takes the next
                await self._check_blob(part, blob)

        await asyncio.gather(*[work() for _ in range(min(BLOBS_AT_ONCE, len(blobs)))])

    async def _check_blob(self, part: Part, blob: NamedBlob) -> None:
        report = self._report
        report.blobs += 1
        problem, size, sha256 = "", 0, ""
        try:
            size, sha256 = await hash_blob(self._installation.store, blob.storage_key)
            self._found_blobs += 1
            report.bytes += size
        except NotFound:
            problem = "missing"
        except (FilemillError, DatabaseError, OSError) as error:
            problem = f"cannot be read: {error}"
        if not problem and blob.size is not None and size != blob.size:
            problem = f"{size} bytes, {blob.size} were stored"
        elif not problem and blob.sha256 is not None and sha256 != blob.sha256:
            problem = "other bytes than were stored (SHA-256 differs)"
        report.undigested += blob.sha256 is None
        if problem:
            file_ids = [blob.file_id]
            if not blob.file_id and part.inventory.whose is not None:  # several files may share it
                file_ids = await part.database.read(part.inventory.whose, blob.storage_key)
            report.damaged += [DamagedBlob(blob.storage_key, one, blob.role, problem) for one in file_ids]
        line = f"{blob.storage_key} {size} {sha256}".encode()
        self._blob_sum = (self._blob_sum + int.from_bytes(hashlib.sha256(line).digest(), "big")) % rows.DIGEST_RANGE

    async def _check_trail(self, metadata: Part) -> None:
        checked = await audit_check.check(metadata.database, (), self._progress)
        for fault in checked.faults:
            self._report.faults.append(Fault("metadata", None, f"audit trail: {fault}"))

    # do the services agree

    async def _compare(self, part: Part) -> None:
        """Every file of upload with what this service knows of it, and whether it knows files that upload does not."""
        inventory, first = part.inventory, next(iter(self._installation.parts.values()))
        if inventory.files is None:
            return
        kept = KeptTable(inventory.files)
        if part is first:
            self._report.files = await part.database.read(rows.count, kept)
            return
        async for batch in pages(first, KeptTable(_files_of(first))):
            truths = [known for row in batch if (known := _known(first.inventory, row))]
            ids = [truth.file_id for truth in truths]
            theirs = await part.database.read(rows.of_files, _files_of(part), ids)
            by_id = {row["file_id"]: _known(inventory, row) for row in theirs}
            for truth in truths:
                self._judge(part, truth.file_id, _difference(truth, by_id.get(truth.file_id)))
            if inventory.unaudited is not None:
                for file_id in await part.database.read(inventory.unaudited, ids):
                    self._judge(part, file_id, "the audit trail has no entry of its upload")
        async for batch in pages(part, kept):
            ids = [row["file_id"] for row in batch if _known(inventory, row)]
            there = {row["file_id"] for row in await first.database.read(rows.of_files, _files_of(first), ids)}
            for file_id in ids:
                if file_id not in there:
                    self._judge(part, file_id, "upload has no such file")

    def _judge(self, part: Part, file_id: str, problem: str | None) -> None:
        if problem is None:
            return
        if self._unseen or file_id in self._travelling:
            self._report.on_its_way += 1
        else:
            self._report.faults.append(Fault(part.inventory.service, file_id, problem))

    # what is on its way

    async def _find_travelling(self) -> None:
        """Which files have news in an outbox or a queue, and whether a queue holds news that cannot be looked at."""
        for part in self._installation.parts.values():
            async for event in unsent(part):
                self._travelling.add(event.subject)
        queues = self._installation.queues
        for queue in QUEUES:
            if isinstance(queues, Peeks):
                async for event in lying_in(queues, queue):
                    self._travelling.add(event.subject)
            else:
                depth = await queues.depth(queue)
                self._unseen = self._unseen or depth.waiting + depth.leased + depth.parked > 0

    async def _count_orphans(self) -> None:
        """Blobs no row names. Each is named by one row only, so the difference of the counts is enough."""
        listed = 0
        async for _ in self._installation.store.list():
            listed += 1
            if listed % 1000 == 0:
                self._progress("stored blobs", listed, max(listed, self._found_blobs))
        self._report.orphans = max(0, listed - self._found_blobs)


def _files_of(part: Part) -> Table:
    assert part.inventory.files is not None
    return part.inventory.files


def _known(inventory: Inventory, row: RowMapping) -> KnownFile | None:
    assert inventory.known is not None
    return inventory.known(row)


def _difference(truth: KnownFile, theirs: KnownFile | None) -> str | None:
    """In words, what a service says of a file that upload does not."""
    if theirs is None:
        return "knows nothing of this file"
    names = [name for name in _COMPARED if _differs(getattr(truth, name), getattr(theirs, name))]
    return f"says otherwise than upload: {', '.join(_named(names, truth, theirs))}" if names else None


_COMPARED = ("owner_id", "version", "storage_key", "change", "deleted", "sha256", "status", "analysis")


def _differs(ours: Any, theirs: Any) -> bool:
    return ours is not None and theirs is not None and theirs != "" and ours != theirs


def _named(names: Iterable[str], truth: KnownFile, theirs: KnownFile) -> list[str]:
    return [f"{name} {getattr(theirs, name)} for {getattr(truth, name)}" for name in names]
