"""Several files in one download: `POST /files/zip`, and a GET for links.

Every file is found before the first byte, or the answer is 404. A file that fails midway breaks the connection off: the
length was said, and the zip has no directory, so nobody takes it for whole. Memory grows neither with their number nor size.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from filemill.chassis.database.database import Tx
from filemill.chassis.errors import BadRequest, NotFound, Unavailable
from filemill.chassis.storage.store import BlobReader
from filemill.chassis.web.caller import Caller, CallerDep, ReaderDep
from filemill.contracts.ids import is_id
from filemill.contracts.upload import ZIP_FILES_MOST, FileAccessed, ZipRequest
from filemill.upload import repository
from filemill.upload.contents import Contents, find_file
from filemill.upload.downloads import safe_headers
from filemill.upload.errors import ZipTooLarge
from filemill.upload.settings import UploadSettings
from filemill.upload.zips import Member, ZipStream, length_of, unique_names

NAME = "files.zip"
IDS_MOST_CHARACTERS = 37 * ZIP_FILES_MOST
_ZIP: dict[int | str, dict[str, Any]] = {200: {"content": {"application/zip": {}}}}


@dataclass(frozen=True, slots=True)
class Selections:
    """The handlers, and what they need."""

    contents: Contents
    settings: UploadSettings

    def router(self) -> APIRouter:
        """Before the routes of single files: `zip` is no id."""
        router = APIRouter(tags=["files"])
        add = router.add_api_route
        add("/files/zip", self.post, methods=["POST"], responses=_ZIP, response_class=Response,
            summary="Several files as a zip")  # fmt: skip
        add("/files/zip", self.get, methods=["GET"], responses=_ZIP, response_class=Response,
            summary="The same, for a link")  # fmt: skip
        return router

    async def post(self, asked: ZipRequest, caller: ReaderDep) -> Response:
        """Each file's newest content under its name; a name that comes again gets ` (2)`. 404 if one of them is not there."""
        return await self._zip(asked.file_ids, caller)

    async def get(
        self, caller: CallerDep, ids: Annotated[str, Query(max_length=IDS_MOST_CHARACTERS, description="With commas.")]
    ) -> Response:
        """As many as fit into an address (about 800)."""
        return await self._zip([one.strip() for one in ids.split(",") if one.strip()], caller)

    async def _zip(self, file_ids: Sequence[str], caller: Caller) -> Response:
        wanted = list(dict.fromkeys(file_ids))
        if not 1 <= len(wanted) <= ZIP_FILES_MOST:
            raise BadRequest(f"A zip has 1 to {ZIP_FILES_MOST} files.")
        rows = await self.contents.database.read(_find_all, caller.owner_id, wanted)
        total = sum(row["size"] for row in rows)
        if total > self.settings.zip_most_bytes:
            most = self.settings.zip_most_bytes
            raise ZipTooLarge(f"These files have {total} bytes; a zip may have {most} (FILEMILL_ZIP_MOST_BYTES).")
        for row in rows:
            await self.contents.must_be_served(row, _opening(row, caller))
        names = unique_names(row["filename"] for row in rows)
        members = [Member(name, row["size"], row["created_at"]) for name, row in zip(names, rows, strict=True)]
        first = await self._open(rows[0], caller)  # a store that is away is an answer, not a connection broken off
        headers = safe_headers(NAME, "application/zip") | {
            "Content-Length": str(length_of(members)), "Cache-Control": "private, no-store",
        }  # fmt: skip
        return _ZipResponse(self._chunks(rows, members, first, caller), first, headers)

    async def _chunks(
        self, rows: Sequence[Any], members: Sequence[Member], first: BlobReader, caller: Caller
    ) -> AsyncGenerator[bytes, None]:
        stream = ZipStream()
        reader: BlobReader | None = first
        try:
            for row, member in zip(rows, members, strict=True):
                reader = reader or await self._open(row, caller)
                for piece in stream.begin(member):
                    yield piece
                sent = 0
                async for chunk in reader.read():
                    sent += len(chunk)
                    for piece in stream.write(chunk):
                        yield piece
                if sent != member.size_bytes:
                    raise Unavailable("The stored bytes are not complete; `filemill verify` names them.")
                for piece in stream.end():
                    yield piece
                await reader.close()
                reader = None
            for piece in stream.finish():
                yield piece
        finally:
            stream.abandon()
            if reader is not None:
                await reader.close()

    async def _open(self, row: Any, caller: Caller) -> BlobReader:
        reader = await self.contents.open_row(row)
        try:
            await self.contents.journal.note(_opening(row, caller))
        except BaseException:
            await reader.close()
            raise
        return reader


class _ZipResponse(StreamingResponse):
    """Closes what is open when its reader goes away."""

    def __init__(self, chunks: AsyncGenerator[bytes, None], first: BlobReader, headers: dict[str, str]) -> None:
        super().__init__(chunks, 200, headers)
        self._chunks = chunks
        self._first = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._chunks.aclose()
            await self._first.close()  # a generator that never began closes nothing


def _opening(row: Any, caller: Caller) -> FileAccessed:
    return FileAccessed(
        file_id=row["file_id"], owner_id=row["owner_id"], actor=caller.owner_id, action="content",
        client_address=caller.address, version=row["version"],
    )  # fmt: skip


def _find_all(tx: Tx, owner_id: str, file_ids: Sequence[str]) -> list[Any]:
    """The rows, in the order asked for. Raises `NotFound` if one is gone or somebody else's."""
    rows = repository.get_all(tx, owner_id, [one for one in file_ids if is_id(one)])
    known = {row["file_id"]: row for row in rows}
    missing = [one for one in file_ids if one not in known]
    if missing:
        raise NotFound(f"{len(missing)} of these {len(file_ids)} files are not there.")
    return [find_file(tx, partial(_known, known), file_id, None) for file_id in file_ids]


def _known(known: dict[str, Any], _tx: Tx, file_id: str) -> Any:
    return known[file_id]
