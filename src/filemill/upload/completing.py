"""How an upload that came in several requests becomes one file: from its pieces, from other uploads, or whole at once.

The file's own transaction also marks the upload done, so there is one file however often its last request is repeated or
killed. What fails before that leaves the upload as it was, and no blob but one that the reconciler finds.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import RowMapping

from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import Locked, NotFound, Unavailable
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.pieces import Resumes
from filemill.chassis.storage.store import drain
from filemill.chassis.web.body import Body
from filemill.chassis.web.caller import Caller
from filemill.chassis.web.upload_tokens import UploadGrant
from filemill.upload import rules
from filemill.upload import sessions_repository as sessions
from filemill.upload.appending import Digests, pieces_of, read_head
from filemill.upload.body_sink import BodySink, StoredBody
from filemill.upload.errors import ChunkMismatch
from filemill.upload.intake import Intake
from filemill.upload.polyglots import TAIL_BYTES
from filemill.upload.sessions_repository import NewSession
from filemill.upload.settings import UploadSettings
from filemill.upload.sniff import sniff
from filemill.upload.tokens_repository import grant_of
from filemill.upload.turns import Turn
from filemill.upload.tus import Checksum


@dataclass(frozen=True, slots=True)
class _Whole:
    """Redeemed in the file's own transaction: the upload is this file from now on."""

    turn: Turn

    def redeem(self, tx: Tx, file_id: str) -> None:
        done = {"state": "done", "file_id": file_id, "holder": None, "held_until": 0.0}
        if not sessions.advance(tx, self.turn.upload_id, self.turn.holder, done):
            raise Locked("Another request has taken over this upload.", retry_after_s=1)


@dataclass(frozen=True, slots=True)
class _Born:
    """Redeemed likewise, for an upload that began and ended in one request."""

    new: NewSession

    def redeem(self, tx: Tx, file_id: str) -> None:
        sessions.add(tx, replace(self.new, state="done", file_id=file_id))


@dataclass(frozen=True, slots=True)
class _Checking:
    """Hashes what it passes on, by the algorithm a client chose."""

    sink: BodySink
    digest: "hashlib._Hash"

    async def write(self, data: bytes) -> None:
        await asyncio.to_thread(self.digest.update, data)
        await self.sink.write(data)


@dataclass(frozen=True, slots=True)
class Completing:
    """Makes files of uploads. `store` is the store of `intake`."""

    database: Database
    store: Resumes
    intake: Intake
    settings: UploadSettings
    digests: Digests

    async def arrive_whole(self, caller: Caller, new: NewSession, body: Body, checksum: Checksum | None) -> str:
        """An upload that comes whole with the request that begins it goes the way of every other file. Returns the file."""
        sink = await self.intake.sink(grant_of(new.token))
        try:
            sink.named(new.filename)
            if checksum is None:
                await body.pour(sink)
            else:
                await self._pour_checked(body, sink, checksum)
            stored = await sink.finish()
        except BaseException:
            await sink.abort()
            raise
        born = _Born(replace(new, received=stored.size))
        return await self._accept(caller, new.filename, new.fields, stored, born, grant_of(new.token))

    async def concatenate(self, caller: Caller, new: NewSession, parts: list[str]) -> str:
        """Make one file of finished partial uploads, in this order. Returns the file."""
        rows = [await self._part(caller.owner_id, upload_id) for upload_id in parts]
        size = sum(row["received"] for row in rows)
        if size > self.settings.max_file_bytes:
            raise rules.too_large(self.settings)
        rules.check_length(str(size), self.settings, self.intake.room)
        stored = await self._copy(new.filename, rows, None)
        return await self._accept(
            caller, new.filename, new.fields, stored, _Born(replace(new, size=size, received=stored.size)), None
        )

    async def make_file(self, caller: Caller, turn: Turn, body: StoredBody) -> None:
        """The upload of this turn becomes a file with these bytes, which ends both."""
        row = turn.row
        assert row is not None
        await self._accept(caller, row["filename"], row["fields"], body, _Whole(turn), grant_of(row["token"]))

    async def stored(self, row: RowMapping) -> StoredBody:
        """The whole body of a tus upload as a blob: by another name where the store can, else copied."""
        upload_id, pieces, key = row["upload_id"], pieces_of(row), new_key()
        head = await read_head(self.store, upload_id, pieces)
        kind = sniff(head, row["filename"])
        most_bytes = rules.check_kind(kind, row["filename"], self.settings, grant_of(row["token"]))
        if row["received"] > most_bytes:
            raise rules.too_large_for(kind, most_bytes)
        if not await self.store.adopt(upload_id, pieces, key):
            return await self._copy(row["filename"], [row], grant_of(row["token"]))
        digest = self.digests.at(upload_id, row["received"])
        if digest is None:
            digest = hashlib.sha256()
            async for chunk in self.store.read_pieces(upload_id, pieces):
                await asyncio.to_thread(digest.update, chunk)
        stored = StoredBody(key, row["received"], digest.hexdigest(), kind)
        try:
            tail = await self._tail_of(key, row["received"])
            warnings = rules.check_ends(head, tail, kind, row["filename"], self.settings)
        except BaseException:
            await self.intake.discard(stored)
            raise
        return replace(stored, warnings=warnings)

    async def _accept(
        self,
        caller: Caller,
        filename: str,
        fields: Mapping[str, Any],
        body: StoredBody,
        ticket: _Whole | _Born,
        grant: UploadGrant | None,
    ) -> str:
        crash_point("upload.session.sealed")
        try:
            row = await self.intake.accept(caller, filename, body, rules.Fields(**fields), ticket, grant)
        except Unavailable:
            raise  # it may be committed all the same: a blob of nobody's is better than a row without its bytes
        except Exception:
            await self.intake.discard(body)
            raise
        crash_point("upload.session.completed")
        file_id: str = row["file_id"]
        return file_id

    async def _part(self, owner_id: str, upload_id: str) -> RowMapping:
        row = await self.database.read(sessions.get, owner_id, upload_id)
        if row is None or row["kind"] != "partial" or row["received"] != row["size"]:
            raise NotFound("Upload-Concat names an upload that is not here, is no partial one, or is not finished.")
        return row

    async def _tail_of(self, key: str, size_bytes: int) -> bytes:
        reader = await self.intake.open(key)
        start = max(0, size_bytes - TAIL_BYTES)
        return b"".join([chunk async for chunk in drain(reader, start, size_bytes - start)])

    async def _pour_checked(self, body: Body, sink: BodySink, checksum: Checksum) -> None:
        checking = _Checking(sink, hashlib.new(checksum.algorithm))
        await body.pour(checking)
        if not hmac.compare_digest(checking.digest.digest(), checksum.digest):
            raise ChunkMismatch("The bytes of this request are not those of Upload-Checksum; none was kept.")

    async def _copy(self, filename: str, rows: list[RowMapping], grant: UploadGrant | None) -> StoredBody:
        sink = await self.intake.sink(grant)
        try:
            sink.named(filename)
            for row in rows:
                async for chunk in self.store.read_pieces(row["upload_id"], pieces_of(row)):
                    await sink.write(chunk)
            return await sink.finish()
        except BaseException:
            await sink.abort()
            raise
