"""The HTTP face of the way out: the bytes of a file, whole or in part, with headers that keep a browser safe."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from filemill.chassis.access_journal import SIGNED_LINK, AccessJournal
from filemill.chassis.clock import now
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import FilemillError, NotFound, Unavailable
from filemill.chassis.storage.signed_links import LinkSigner
from filemill.chassis.storage.store import BlobReader, BlobStore, HasDescriptor, InFolder, SignsLinks
from filemill.chassis.web import accel
from filemill.chassis.web.blob_response import BlobResponse
from filemill.chassis.web.caller import Caller, CallerDep, address_of
from filemill.chassis.web.origin import origin_of
from filemill.contracts.ids import FileId
from filemill.contracts.links import SignedUrl, SignedUrlRequest
from filemill.contracts.problems import Problem
from filemill.contracts.upload import Action, FileAccessed
from filemill.upload import compression_repository, downloads, repository, scans_repository, versions_repository
from filemill.upload.errors import FileQuarantined, FileScanning
from filemill.upload.settings import UploadSettings
from filemill.upload.spool import Spool

SCAN_RETRY_AFTER_S = 5
STORE_LINK_S = 60
"""How long the link of the store works to which a signed link of ours leads."""
_SIGNED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"*/*": {}}}, 206: {"description": "A range."}, 304: {},
    307: {"description": "To the store, for a minute."}, 403: {"model": Problem, "description": "Expired, or changed."},
}  # fmt: skip
_BYTES: dict[int | str, dict[str, Any]] = {200: {"content": {"*/*": {}}}, 206: {"description": "A range."}, 304: {}}


@dataclass(frozen=True, slots=True)
class Contents:
    """The handlers of downloads, and what they need."""

    database: Database
    store: BlobStore
    journal: AccessJournal
    signer: LinkSigner
    settings: UploadSettings
    spool: Spool | None = None

    def router(self) -> APIRouter:
        """`GET` and `HEAD` of a file's content, with credentials or by a signed link."""
        router = APIRouter(tags=["files"])
        add = router.add_api_route
        add("/files/{file_id}/content", self.content, methods=["GET"], responses=_BYTES, summary="The bytes of a file")
        add("/files/{file_id}/content", self.content, methods=["HEAD"], include_in_schema=False)
        add("/files/{file_id}/signed-url", self.sign, methods=["POST"], response_model=SignedUrl,
            summary="A link that works without credentials")  # fmt: skip
        add(
            "/signed/files/{file_id}",
            self.signed,
            methods=["GET"],
            responses=_SIGNED,
            summary="What a signed link opens",
        )
        add("/signed/files/{file_id}", self.signed, methods=["HEAD"], include_in_schema=False)
        return router

    async def content(
        self, file_id: FileId, request: Request, caller: CallerDep, version: Annotated[int | None, Query(ge=1)] = None
    ) -> Response:
        """Supports `Range`, `If-Range`, `If-None-Match` and `HEAD`; the ETag is the SHA-256. `?version=`: an older one."""
        row = await self._mine(caller, file_id, version, "content")
        opened = FileAccessed(
            file_id=file_id, owner_id=row["owner_id"], actor=caller.owner_id, action="content",
            client_address=caller.address, version=row["version"],
        )  # fmt: skip
        await self.must_be_served(row, opened)
        return await self.answer(request, row, opened)

    async def sign(self, file_id: FileId, asked: SignedUrlRequest, request: Request, caller: CallerDep) -> SignedUrl:
        """The link is bound to this file and version, for reading only, and cannot be taken back before it expires."""
        row = await self._mine(caller, file_id, asked.version, "signed-url")
        signed = FileAccessed(
            file_id=file_id, owner_id=row["owner_id"], actor=caller.owner_id, action="signed-url",
            client_address=caller.address, version=row["version"],
        )  # fmt: skip
        await self.must_be_served(row, signed)
        expires_at = now().replace(microsecond=0) + timedelta(seconds=asked.expires_in)
        path = f"/signed/files/{file_id}"
        query = self.signer.sign("GET", path, expires_at, {"version": str(row["version"])})
        await self.journal.note(signed)
        return SignedUrl(url=f"{origin_of(request, self.settings)}{path}?{query}", expires_at=expires_at)

    async def signed(self, file_id: FileId, request: Request) -> Response:
        """The bytes, without credentials. On a remote store 307 to a link of the store that works for a minute.

        A blob that the store keeps compressed is given by this service: never 307.
        """
        self.signer.check("GET", f"/signed/files/{file_id}", request.query_params.multi_items(), now())
        version = int(request.query_params["version"])
        row = await self.database.read(find_file, repository.find_signed, file_id, version)
        opened = FileAccessed(
            file_id=file_id, owner_id=row["owner_id"], actor=SIGNED_LINK, action="signed-open",
            client_address=address_of(request), version=row["version"],
        )  # fmt: skip
        await self.must_be_served(row, opened)
        if request.method == "GET" and row["status"] != "queued" and (url := await self._store_link(row)) is not None:
            await self.journal.note(opened)
            return Response(status_code=307, headers={"Location": url, "Cache-Control": "no-store"})
        return await self.answer(request, row, opened)

    async def _mine(self, caller: Caller, file_id: str, version: int | None, action: Action) -> Mapping[str, Any]:
        """A version of a file of the caller's. Raises `NotFound`; that somebody asked for another's is audited."""
        find = partial(repository.get, owner_id=caller.owner_id)
        try:
            return await self.database.read(find_file, find, file_id, version)
        except NotFound:
            await self.journal.refused(repository.owner_of, file_id, action, caller)
            raise

    async def _store_link(self, row: Any) -> str | None:
        """A link of the store, if there is one with just these bytes: a compressed blob goes through here.

        A plain form that the compressor has replaced stays for longer than the link works. A row it has not looked at can
        be of a blob that came here compressed.
        """
        if not isinstance(self.store, SignsLinks):
            return None
        key = row["storage_key"]
        form = await self.database.read(compression_repository.form_of, key)
        if form == "zstd" or (form is None and not await self.store.has_plain(key)):
            return None
        return await self.store.sign_get(key, STORE_LINK_S)

    async def must_be_served(self, row: Any, opened: FileAccessed) -> None:
        """Raises `FileScanning`, `FileQuarantined`; that somebody tried is audited."""
        if not row["held"]:
            return
        scanning = row["held"] == scans_repository.SCANNING
        error: type[FilemillError] = FileScanning if scanning else FileQuarantined
        refused = {"outcome": "refused", "reason": error.code}
        await self.journal.note(opened.model_copy(update=refused))
        raise error(retry_after_s=SCAN_RETRY_AFTER_S if error.retryable else None)

    async def answer(self, request: Request, row: Any, opened: FileAccessed) -> Response:
        """The bytes of a row as the request asks for them, noted. Raises `Unavailable`, `RangeNotSatisfiable`."""
        content = downloads.Content(row["filename"], row["content_type"], row["size"], row["sha256"])
        if downloads.not_modified(content, request.headers):
            return Response(status_code=304, headers={"ETag": content.etag, "Cache-Control": "private, no-cache"})
        # A range is only defined for GET (RFC 9110, 14.2): HEAD describes the whole.
        part = downloads.choose(content, {} if request.method == "HEAD" else request.headers)
        headers = downloads.headers_for(content, part)
        if request.method == "HEAD":
            return Response(status_code=part.status, headers=headers)
        reader = await self.open_row(row)
        if reader.size_bytes != content.size:
            await reader.close()
            raise Unavailable("The stored bytes are not complete; `filemill verify` names them.")
        await self.journal.note(opened)
        if self._goes_by_nginx(request, row, reader, part):
            await reader.close()
            return accel.accel_response(row["storage_key"], headers)
        return BlobResponse(reader, downloads.pieces(content, part), part.status, headers)

    def _goes_by_nginx(self, request: Request, row: Any, reader: BlobReader, part: downloads.Choice) -> bool:
        """A blob that lies in the shared folder as it is; what waits in the spool, or lies in a row, does not."""
        is_there = isinstance(self.store, InFolder) and isinstance(reader, HasDescriptor) and row["status"] != "queued"
        offered = is_there and self.settings.accel_redirect == "on" and len(part.spans) == 1
        return offered and accel.is_offered(request.headers, part.status)

    async def open_row(self, row: Any) -> BlobReader:
        """The bytes of a row, from wherever they are. Raises `Unavailable`, `NotFound`."""
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


def find_file(tx: Tx, find: Callable[..., Any], file_id: str, version: int | None) -> Mapping[str, Any]:
    """The row of a living file, with the facts of one of its versions in the place of the newest's. Raises `NotFound`."""
    row = find(tx, file_id=file_id)
    if row is None:
        raise NotFound("There is no such file.")
    if version is None or version == row["version"]:
        return row  # type: ignore[no-any-return]
    older = versions_repository.version(tx, file_id, version)
    if older is None:
        raise NotFound("The file has no such version.")
    return dict(row) | dict(older) | {"status": "uploaded"}
