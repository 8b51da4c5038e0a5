"""The way in: bytes stream once through hash, count and type check into the store; then row and event in one transaction.

Order is the promise: blob durable, then the transaction (row, `file.uploaded`, idempotency key), then the answer. Whatever
fails on the way leaves no row, and no blob but one that the orphan sweeper finds.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from filemill.chassis.clock import now
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import FilemillError
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.store import BlobStore
from filemill.chassis.web.caller import Caller
from filemill.contracts.envelope import Event
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileUploaded
from filemill.upload import repository, rules
from filemill.upload.errors import EmptyFile
from filemill.upload.landing import Landing
from filemill.upload.names import clean_name
from filemill.upload.settings import UploadSettings
from filemill.upload.sniff import HEAD_BYTES, Kind, sniff
from filemill.upload.spool import Spool

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StoredBody:
    """Bytes that are durable under `storage_key`: in the store, or, `queued`, in the spool until the store is back."""

    storage_key: str
    size: int
    sha256: str
    kind: Kind
    queued: bool = False


class Redeemable(Protocol):
    """What is used up in the transaction in which a file begins to exist."""

    def redeem(self, tx: Tx, file_id: str) -> None:
        """Say what the file was made for; raising leaves everything as it was."""
        ...


class BodySink:
    """Takes the bytes of one file: counts, hashes, looks at the head, and stores, in one pass."""

    def __init__(self, landing: Landing, key: str, settings: UploadSettings) -> None:
        self._landing = landing
        self._key = key
        self._settings = settings
        self._head = bytearray()
        self._size = 0
        self._kind: Kind | None = None
        self._filename = ""

    def named(self, filename: str) -> None:
        """Say the file's name; it must be known before the first byte."""
        self._filename = filename

    async def write(self, data: bytes) -> None:
        """Take bytes. Raises `FileTooLarge`, and the refusals of `rules.check_kind` once the head is there."""
        self._size += len(data)
        if self._size > self._settings.max_file_bytes:
            raise rules.too_large(self._settings)
        if self._kind is None:
            self._head += data[: HEAD_BYTES - len(self._head)]
            if len(self._head) >= HEAD_BYTES:
                self._look()
        await self._landing.write(data)

    async def finish(self) -> StoredBody:
        """All bytes are here: make them durable."""
        if self._size == 0:
            raise EmptyFile("The file has no bytes; nothing was stored.")
        kind = self._kind or self._look()
        landed = await self._landing.commit()
        return StoredBody(self._key, self._size, landed.sha256, kind, landed.queued)

    async def abort(self) -> None:
        """Keep nothing."""
        await self._landing.abort()

    def _look(self) -> Kind:
        self._kind = sniff(bytes(self._head), self._filename)
        self._head.clear()
        rules.check_kind(self._kind, self._filename)
        return self._kind


class Intake:
    """Accepts files of the callers of this service."""

    def __init__(
        self,
        database: Database,
        store: BlobStore,
        settings: UploadSettings,
        spool: Spool | None = None,
    ) -> None:
        self._database = database
        self._store = store
        self._settings = settings
        self._spool = spool

    async def sink(self) -> BodySink:
        """A place for the bytes of one file. Raises `Unavailable` if there is none."""
        key = new_key()
        return BodySink(await Landing.open(self._store, self._spool, key), key, self._settings)

    async def accept(
        self, caller: Caller, raw_name: str | None, body: StoredBody, fields: rules.Fields, ticket: Redeemable | None
    ) -> Mapping[str, Any]:
        """Make the file exist: row, event and idempotency key in one transaction. Returns the row."""
        crash_point("upload.blob-without-row")
        new = repository.NewFile(
            file_id=new_id(),
            owner_id=caller.owner_id,
            filename=clean_name(raw_name),
            size=body.size,
            content_type=body.kind.content_type,
            sha256=body.sha256,
            storage_key=body.storage_key,
            external_id=fields.external_id,
            title=fields.title,
            tags=fields.tags,
            created_at=now(),
        )
        uploaded = FileUploaded(
            file_id=new.file_id,
            filename=new.filename,
            owner_id=new.owner_id,
            version=1,
            size=new.size,
            content_type=new.content_type,
            sha256=new.sha256,
            storage_key=new.storage_key,
            created_at=new.created_at,
            title=new.title,
            tags=new.tags,
            metadata=fields.metadata,
            external_id=new.external_id,
            actor=caller.owner_id,
            client_address=caller.address,
        )
        if body.queued:
            return await self._queue(new, uploaded, ticket)
        row = repository.row_of(new)
        event = wire.make_event("upload", Topic.UPLOADED, uploaded.file_id, uploaded)
        await self._database.write_each("upload.accept", _accept_all, Accepted(row, event, ticket))
        _log.info("upload.file.accepted", file_id=new.file_id, size=new.size, content_type=new.content_type)
        return row

    async def _queue(
        self, new: repository.NewFile, uploaded: FileUploaded, ticket: Redeemable | None
    ) -> Mapping[str, Any]:
        """It exists, but nobody is told of it before its bytes are in the store."""
        assert self._spool is not None
        row, waiting = repository.row_of(new, "queued"), self._spool.row_of(uploaded)
        await self._database.write("upload.spool.accept", _spool, row, waiting, ticket)
        self._spool.wake()
        _log.info("upload.file.queued", file_id=new.file_id, size=new.size)
        return row

    async def discard(self, body: StoredBody) -> None:
        """The bytes turned out to belong to no file. If this fails the orphan sweeper does it later."""
        try:
            if body.queued and self._spool is not None:
                await self._spool.discard(body.storage_key, body.size)
            else:
                await self._store.delete(body.storage_key)
        except FilemillError as error:
            _log.warning("upload.blob.left", storage_key=body.storage_key, error=error.detail)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file that is about to exist, what is told of it, and the key it redeems."""

    row: Mapping[str, Any]
    event: Event
    ticket: Redeemable | None


def _accept_all(tx: Tx, files: Sequence[Accepted]) -> Sequence[None]:
    for one in files:
        if one.ticket is not None:
            one.ticket.redeem(tx, one.row["file_id"])
    repository.insert_files(tx, [one.row for one in files])
    outbox.append(tx, *(one.event for one in files))
    return [None] * len(files)


def _spool(tx: Tx, row: Mapping[str, Any], waiting: Mapping[str, Any], ticket: Redeemable | None) -> None:
    if ticket is not None:
        ticket.redeem(tx, row["file_id"])
    repository.insert_files(tx, [row])
    repository.insert_spooled(tx, waiting)


async def bounded(body: AsyncIterator[bytes], idle_s: float) -> AsyncIterator[bytes]:
    """The chunks of a body; a silence longer than `idle_s` ends it with `TimeoutError`."""
    iterator = aiter(body)
    while True:
        async with asyncio.timeout(idle_s):
            try:
                chunk = await anext(iterator)
            except StopAsyncIteration:
                return
        if chunk:
            yield chunk
