"""The HTTP face of the way out: the bytes of a file, whole or in part, with headers that keep a browser safe."""

import contextlib
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from filemill.chassis.database.database import Database
from filemill.chassis.errors import NotFound, Unavailable
from filemill.chassis.storage.store import BlobReader, BlobStore, drain
from filemill.chassis.web.caller import CallerDep
from filemill.contracts.ids import FileId
from filemill.contracts.upload import FileAccessed
from filemill.upload import downloads, repository
from filemill.upload.access_journal import AccessJournal
from filemill.upload.spool import Spool

_BYTES: dict[int | str, dict[str, Any]] = {200: {"content": {"*/*": {}}}, 206: {"description": "A range."}, 304: {}}


@dataclass(frozen=True, slots=True)
class Contents:
    """The handlers of downloads, and what they need."""

    database: Database
    store: BlobStore
    journal: AccessJournal
    spool: Spool | None = None

    def router(self) -> APIRouter:
        """`GET` and `HEAD` of a file's content."""
        router = APIRouter(tags=["files"])
        add = router.add_api_route
        add("/files/{file_id}/content", self.content, methods=["GET"], responses=_BYTES, summary="The bytes of a file")
        add("/files/{file_id}/content", self.content, methods=["HEAD"], include_in_schema=False)
        return router

    async def content(self, file_id: FileId, request: Request, caller: CallerDep) -> Response:
        """Supports `Range`, `If-Range`, `If-None-Match` and `HEAD`; the ETag is the SHA-256."""
        row = await self.database.read(repository.get, caller.owner_id, file_id)
        if row is None:
            raise NotFound("There is no such file.")
        content = downloads.Content(row["filename"], row["content_type"], row["size"], row["sha256"])
        if downloads.not_modified(content, request.headers):
            return Response(status_code=304, headers={"ETag": content.etag, "Cache-Control": "private, no-cache"})
        # A range is only defined for GET (RFC 9110, 14.2): HEAD describes the whole.
        part = downloads.choose(content, {} if request.method == "HEAD" else request.headers)
        headers = downloads.headers_for(content, part)
        if request.method == "HEAD":
            return Response(status_code=part.status, headers=headers)
        reader = await self._open(row)
        if reader.size_bytes != content.size:
            await reader.close()
            raise Unavailable("The stored bytes are not complete; `filemill verify` names them.")
        opened = FileAccessed(
            file_id=file_id, owner_id=row["owner_id"], actor=caller.owner_id, action="content",
            client_address=caller.address, version=row["version"],
        )  # fmt: skip
        await self.journal.note(opened)
        return StreamingResponse(drain(reader, part.start, part.length), part.status, headers)

    async def _open(self, row: Any) -> BlobReader:
        if row["status"] != "queued":
            return await self.store.open(row["storage_key"])
        if self.spool is not None:
            with contextlib.suppress(NotFound):
                return await self.spool.open(row["storage_key"])
        try:
            return await self.store.open(row["storage_key"])  # it may have got there a moment ago
        except NotFound as error:
            raise Unavailable(
                "The storage is away; this file waits for it in the spool of another instance.", retry_after_s=5
            ) from error
