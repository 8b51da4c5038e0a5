"""The way in: bytes stream once through hash, count and type check into the store; then row and event in one transaction.

Order is the promise: blob durable, then the transaction (row, `file.uploaded`, idempotency key), then the answer. Whatever
fails on the way leaves no row, and no blob but one that the reconciler finds.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from filemill.chassis.clock import now
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import FilemillError, NotFound, PreconditionFailed, Unavailable
from filemill.chassis.ids import made_at, new_id
from filemill.chassis.messaging import wire
from filemill.chassis.sessions.store import SessionStore
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.store import BlobReader, BlobStore
from filemill.chassis.web.caller import Caller
from filemill.chassis.web.upload_tokens import UploadGrant
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileUploaded
from filemill.upload import repository, rules, scans_repository, versions_repository
from filemill.upload.accepting import (
    Accepted,
    Redeemable,
    accept_all,
    accept_child,
    accept_queued,
    keep_contents,
    tell_or_hold,
)
from filemill.upload.body_sink import BodySink, StoredBody
from filemill.upload.landing import Landing
from filemill.upload.names import clean_name
from filemill.upload.room import Room
from filemill.upload.settings import UploadSettings
from filemill.upload.spool import Spool
from filemill.upload.views import FileRow

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ChildOf:
    """What a file came out of, where in it that was, and how many ancestors that makes."""

    parent_id: str
    path: str
    depth: int


class Intake:
    """Accepts files of the callers of this service."""

    def __init__(
        self,
        database: Database,
        store: BlobStore,
        settings: UploadSettings,
        spool: Spool | None = None,
        sessions: SessionStore | None = None,
    ) -> None:
        self._sessions = sessions
        self._database = database
        self._store = store
        self._settings = settings
        self._spool = spool
        self._held = scans_repository.SCANNING if settings.clamd_url else None
        self.scans_due = asyncio.Event()
        self.room = Room(settings.data_dir, store, settings.min_free_disk_bytes)

    async def sink(self, grant: UploadGrant | None = None, *, spooled: bool = True) -> BodySink:
        """A place for the bytes of one file. Raises `Unavailable`, `StorageFull` if there is none.

        `grant`: what its upload token allows. `spooled` False: not into the spool, from where only new files come to the
        store.
        """
        self.room.check()
        key = new_key()
        spool = self._spool if spooled else None
        return BodySink(await Landing.open(self._store, spool, key), key, self._settings, self.room, grant)

    async def accept(
        self,
        caller: Caller,
        raw_name: str | None,
        body: StoredBody,
        fields: rules.Fields,
        ticket: Redeemable | None,
        grant: UploadGrant | None = None,
        child_of: ChildOf | None = None,
    ) -> Mapping[str, Any]:
        """Make the file exist: row, event, idempotency key and the use of a token in one transaction. Returns the row.

        Raises `NotFound` if it is the child of a file that was deleted meanwhile.
        """
        crash_point("upload.blob-without-row")
        file_id = new_id()
        new = repository.NewFile(
            file_id=file_id,
            owner_id=caller.owner_id,
            filename=clean_name(raw_name),
            size=body.size,
            content_type=body.kind.content_type,
            sha256=body.sha256,
            storage_key=body.storage_key,
            external_id=fields.external_id,
            title=fields.title,
            tags=fields.tags,
            warnings=list(body.warnings),
            created_at=made_at(file_id),  # lists are sorted by either: both must say the same
            parent_id=child_of.parent_id if child_of else None,
            parent_path=child_of.path if child_of else None,
            depth=child_of.depth if child_of else 0,
        )
        status = "queued" if body.queued else self._held or "uploaded"
        row = repository.row_of(new, status, self._held)
        uploaded = _told(row, caller, title=new.title, tags=new.tags, metadata=fields.metadata)
        if body.queued:
            return await self._queue(row, uploaded, ticket, grant)
        event = wire.make_event("upload", Topic.UPLOADED, new.file_id, uploaded)
        one = Accepted(row, event, ticket, self._scope(row), self._settings.quota_bytes, grant)
        if child_of is not None:
            kept = await self._database.write("upload.accept-child", accept_child, one)
        else:
            kept = await self._database.write_each("upload.accept", accept_all, one)
        if self._held:
            self.scans_due.set()
        by = {"token_id": grant.token_id} if grant is not None else {}
        _log.info("upload.file.accepted", file_id=new.file_id, size=new.size, content_type=new.content_type, **by)
        await self._count(caller)
        return kept

    async def _count(self, caller: Caller) -> None:
        """The number of a session is for show: a store that is away must not cost an answer about a file that exists."""
        if caller.session_id is None or self._sessions is None:
            return
        try:
            await self._sessions.count_upload(caller.session_id)
        except Unavailable as error:
            _log.info("upload.session.not-counted", reason=error.detail)

    async def accept_version(
        self,
        caller: Caller,
        file_id: str,
        raw_name: str | None,
        body: StoredBody,
        only_if: Sequence[str] | None,
        ticket: Redeemable | None,
    ) -> Mapping[str, Any]:
        """Give a file new content, under its old name if `raw_name` is None. Returns the row.

        `only_if`: its content must have one of these SHA-256, else `PreconditionFailed`. Raises `NotFound`.
        """
        crash_point("upload.version-without-row")
        content = {"size": body.size, "content_type": body.kind.content_type, "sha256": body.sha256}
        values = content | {"storage_key": body.storage_key, "updated_at": now(), "warnings": list(body.warnings)}
        if self._held:
            values |= {"status": self._held, "held": self._held}
        if raw_name is not None:
            values["filename"] = clean_name(raw_name)
        row = await self._database.write(
            "upload.accept-version", self._add_version, caller, file_id, values, only_if, ticket
        )
        if self._held:
            self.scans_due.set()
        _log.info("upload.version.accepted", file_id=file_id, version=row["version"], size=body.size)
        return row

    def _add_version(
        self,
        tx: Tx,
        caller: Caller,
        file_id: str,
        values: Mapping[str, Any],
        only_if: Sequence[str] | None,
        ticket: Redeemable | None,
    ) -> Mapping[str, Any]:
        if ticket is not None:
            ticket.redeem(tx, file_id)
        row = versions_repository.add_version(tx, caller.owner_id, file_id, values, only_if)
        if row is None:
            if only_if is not None and repository.get(tx, caller.owner_id, file_id) is not None:
                raise PreconditionFailed("The file has other content than If-Match says; look at it again.")
            raise NotFound("There is no such file.")
        version = dict(row) | {"created_at": row["updated_at"]}
        [kept] = keep_contents(tx, [(version, self._scope(row))], self._settings.quota_bytes)
        if kept["storage_key"] != row["storage_key"]:
            repository.point_to(tx, file_id, kept["storage_key"])
        told = _told(kept, caller)
        tell_or_hold(tx, [(kept, wire.make_event("upload", Topic.UPLOADED, file_id, told))])
        return dict(row) | {"storage_key": kept["storage_key"]}

    def _scope(self, row: FileRow) -> str:
        """Within what the same bytes are stored once: a scope of its own is shared with nobody."""
        own = {"owner": f"owner {row['owner_id']}", "everyone": "everyone"}
        return own.get(self._settings.dedupe, str(row["storage_key"]))

    async def _queue(
        self, row: Mapping[str, Any], uploaded: FileUploaded, ticket: Redeemable | None, grant: UploadGrant | None
    ) -> Mapping[str, Any]:
        """It exists, but nobody is told of it before its bytes are in the store."""
        assert self._spool is not None
        waiting, quota = self._spool.row_of(uploaded), self._settings.quota_bytes
        await self._database.write("upload.spool.accept", accept_queued, row, waiting, ticket, quota, grant)
        self._spool.wake()
        _log.info("upload.file.queued", file_id=row["file_id"], size=row["size"])
        return row

    async def open(self, storage_key: str) -> BlobReader:
        """Read what was stored a moment ago."""
        return await self._store.open(storage_key)

    async def discard(self, body: StoredBody) -> None:
        """The bytes turned out to belong to no file. If this fails the reconciler does it later."""
        try:
            if body.queued and self._spool is not None:
                await self._spool.discard(body.storage_key, body.size)
            else:
                await self._store.delete(body.storage_key)
        except FilemillError as error:
            _log.warning("upload.blob.left", storage_key=body.storage_key, error=error.detail)


def _told(row: FileRow, caller: Caller, **words: Any) -> FileUploaded:
    """What others hear of a version. `words`: the owner's, which come with the first."""
    facts = {name: row.get(name) for name in FileUploaded.model_fields if name not in ("title", "tags")}
    facts = {name: value for name, value in facts.items() if value is not None}
    return FileUploaded(**facts, actor=caller.owner_id, client_address=caller.address, **words)
