"""The HTTP face of the upload service (CONTRACT section 3). Refusals come from headers before a body is read."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.requests import ClientDisconnect

from filemill.chassis.clock import now
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import BadRequest, NotFound, Unavailable
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.storage.store import BlobReader, BlobStore, drain
from filemill.chassis.web import pagination
from filemill.chassis.web.caller import Caller, CallerDep
from filemill.chassis.web.pagination import CursorQuery, LimitQuery
from filemill.contracts.ids import FileId
from filemill.contracts.topics import Topic
from filemill.contracts.upload import File, FileAccessed, FileLifecycle, FilePage, Limits, Stats
from filemill.upload import downloads, idempotency, repository, rules
from filemill.upload.access_journal import AccessJournal
from filemill.upload.errors import MissingFile
from filemill.upload.idempotency import Answered, IdempotencyKeys, Ticket
from filemill.upload.intake import BodySink, Intake, StoredBody, bounded
from filemill.upload.multipart import FormReader, boundary_of
from filemill.upload.names import clean_name
from filemill.upload.settings import UploadSettings
from filemill.upload.spool import Spool
from filemill.upload.views import FileRow, Links, file_view

STREAMING = (("POST", "/files"), ("POST", "/files/"), ("POST", "/upload"), ("PUT", "/files"))
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "title": {"type": "string"},
                        "tags": {"type": "string", "description": "Comma-separated, or a JSON list."},
                        "metadata": {"type": "string", "description": "A JSON object."},
                        "external_id": {"type": "string"},
                    },
                }
            }
        },
    }
}
_RAW = {"requestBody": {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}
_QUEUED: dict[int | str, dict[str, Any]] = {
    202: {
        "model": File,
        "description": "Kept safe, but not in the store, which is away: `queued` (FILEMILL_SPOOL_DIR).",
    }
}
_BYTES: dict[int | str, dict[str, Any]] = {200: {"content": {"*/*": {}}}, 206: {"description": "A range."}, 304: {}}


@dataclass(slots=True)
class _Arrival:
    """What the body of one upload request turned out to be."""

    body: StoredBody
    raw_name: str | None
    fields: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The handlers and what they need."""

    database: Database
    store: BlobStore
    intake: Intake
    keys: IdempotencyKeys
    journal: AccessJournal
    settings: UploadSettings
    spool: Spool | None = None

    def router(self) -> APIRouter:
        """Every route of this service."""
        router = APIRouter(tags=["files"])
        for path in ("/files", "/upload"):
            hidden = path == "/upload"
            router.add_api_route(
                path, self.post, methods=["POST"], status_code=201, response_model=File, openapi_extra=_FORM, responses=_QUEUED,
                summary="Upload a file as a form" + (" (the same call)" if hidden else ""), name=f"post {path}",
            )  # fmt: skip
        add = router.add_api_route
        add("/files/", self.post, methods=["POST"], status_code=201, include_in_schema=False)
        add("/files", self.put, methods=["PUT"], status_code=201, response_model=File, openapi_extra=_RAW, responses=_QUEUED,
            summary="Upload a file as a raw body")  # fmt: skip
        add(
            "/files",
            self.list_files,
            methods=["GET"],
            response_model=FilePage,
            summary="The caller's files, newest first",
        )
        add("/files/", self.list_files, methods=["GET"], include_in_schema=False)
        add("/files/{file_id}", self.get_file, methods=["GET"], response_model=File, summary="One file")
        add("/files/{file_id}/content", self.content, methods=["GET"], responses=_BYTES, summary="The bytes of a file")
        add("/files/{file_id}/content", self.content, methods=["HEAD"], include_in_schema=False)
        add("/files/{file_id}", self.trash, methods=["DELETE"], status_code=204, summary="Move a file to the trash")
        add("/files/{file_id}/restore", self.restore, methods=["POST"], response_model=File, summary="Undo a delete")
        add("/stats", self.stats, methods=["GET"], response_model=Stats, summary="The caller's files in numbers")
        add("/limits", self.limits, methods=["GET"], response_model=Limits, summary="Every limit in force")
        return router

    # the way in

    async def post(self, request: Request, caller: CallerDep) -> Response:
        """Multipart form with the field `file`; optional `title`, `tags`, `metadata`, `external_id` before or after it."""
        boundary = boundary_of(request.headers.get("content-type", ""))
        rules.check_length(
            request.headers.get("content-length"), self.settings, overhead_bytes=rules.FORM_OVERHEAD_BYTES
        )
        return await self._take(request, caller, "POST /files", lambda sink: self._form(request, boundary, sink))

    async def put(
        self, request: Request, caller: CallerDep, filename: Annotated[str | None, Query(max_length=4096)] = None
    ) -> Response:
        """The raw body is the file; its name is `?filename=`."""
        rules.check_length(request.headers.get("content-length"), self.settings)
        clean_name(filename)
        return await self._take(request, caller, "PUT /files", lambda sink: self._raw(request, filename, sink))

    async def _take(self, request: Request, caller: Caller, route: str, read: Any) -> Response:
        key = request.headers.get("idempotency-key")
        rules.check_idempotency_key(key)
        shown = await self.keys.present(caller.owner_id, route, key) if key else None
        ticket = shown if isinstance(shown, Ticket) else None
        try:
            answer = await self._receive(request, caller, read, shown)
            if ticket is not None:
                self.keys.redeemed(ticket)
            return answer
        except BaseException as error:
            if ticket is not None:
                await self.keys.give_up(ticket)
            if isinstance(error, ClientDisconnect):
                return Response(status_code=499)  # nobody reads it; the log line shows what happened
            raise

    async def _receive(self, request: Request, caller: Caller, read: Any, shown: Ticket | Answered | None) -> Response:
        sink = await self.intake.sink()
        try:
            arrival: _Arrival = await read(sink)
        except TimeoutError as error:
            await sink.abort()
            raise BadRequest(f"The body stopped arriving for {self.settings.body_idle_s:g} s.") from error
        except BaseException:
            await sink.abort()
            raise
        try:
            fields = rules.read_fields(arrival.fields)
            name = clean_name(arrival.raw_name)
            print_ = idempotency.fingerprint(name, fields, arrival.body.sha256)
            if isinstance(shown, Answered):
                shown.check(print_)
                await self.intake.discard(arrival.body)
                return await self._replayed(request, caller, shown.file_id)
            ticket = replace(shown, fingerprint=print_) if shown is not None else None
            row = await self.intake.accept(caller, arrival.raw_name, arrival.body, fields, ticket)
        except Unavailable:
            raise  # the row may be committed all the same: a blob of nobody's is better than a row without its bytes
        except Exception:
            await self.intake.discard(arrival.body)
            raise
        return self._created(request, row)

    async def _form(self, request: Request, boundary: bytes, sink: BodySink) -> _Arrival:
        reader = FormReader(boundary)

        async def on_file(data: bytes) -> None:
            sink.named(clean_name(reader.filename))
            await sink.write(data)

        await reader.read(self._chunks(request), on_file)
        if not reader.has_file:
            raise MissingFile("Send the file in a form field named 'file' that has a filename, or its bytes with PUT.")
        sink.named(clean_name(reader.filename))
        return _Arrival(await sink.finish(), reader.filename, reader.fields)

    async def _raw(self, request: Request, filename: str | None, sink: BodySink) -> _Arrival:
        sink.named(clean_name(filename))
        async for chunk in self._chunks(request):
            await sink.write(chunk)
        return _Arrival(await sink.finish(), filename)

    def _chunks(self, request: Request) -> AsyncIterator[bytes]:
        return bounded(request.stream(), self.settings.body_idle_s)

    async def _replayed(self, request: Request, caller: Caller, file_id: str) -> Response:
        row = await self.database.read(repository.get, caller.owner_id, file_id)
        if row is None:
            raise NotFound("The file this Idempotency-Key made was deleted meanwhile.")
        response = self._created(request, row)
        response.headers["Idempotent-Replayed"] = "true"
        return response

    def _created(self, request: Request, row: FileRow) -> Response:
        links = Links.of(request, self.settings)
        headers = {"Location": links.own(row["file_id"])}
        status = 202 if row["status"] == "queued" else 201
        return Response(file_view(row, links).model_dump_json(), status, headers, "application/json")

    # the way out

    async def list_files(
        self,
        request: Request,
        caller: CallerDep,
        limit: LimitQuery = pagination.LIMIT_DEFAULT,
        cursor: CursorQuery = None,
    ) -> FilePage:
        """Newest first; `next_cursor` is null on the last page."""
        before = pagination.decode_newest(cursor)
        rows = await self.database.read(repository.page, caller.owner_id, limit + 1, before)
        links = Links.of(request, self.settings)
        last = rows[limit - 1] if len(rows) > limit else None
        next_cursor = pagination.encode_newest(last["created_at"], last["file_id"]) if last else None
        return FilePage(items=[file_view(row, links) for row in rows[:limit]], next_cursor=next_cursor)

    async def get_file(self, file_id: FileId, request: Request, caller: CallerDep) -> File:
        """What is known here; metadata knows more."""
        return file_view(await self._row(caller, file_id), Links.of(request, self.settings))

    async def content(self, file_id: FileId, request: Request, caller: CallerDep) -> Response:
        """Supports `Range`, `If-Range`, `If-None-Match` and `HEAD`; the ETag is the SHA-256."""
        row = await self._row(caller, file_id)
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

    # deleting

    async def trash(self, file_id: FileId, caller: CallerDep, *, purge: bool = False) -> Response:
        """The file goes to the trash, from where `restore` brings it back."""
        if purge:
            raise BadRequest("purge=true is not built yet; without it the file goes to the trash.")
        await self.database.write("upload.trash", _move, caller, file_id, now())
        return Response(status_code=204)

    async def restore(self, file_id: FileId, request: Request, caller: CallerDep) -> File:
        """Bring a file back from the trash."""
        row = await self.database.write("upload.restore", _move, caller, file_id, None)
        return file_view(row, Links.of(request, self.settings))

    # numbers

    async def stats(self, caller: CallerDep) -> Stats:
        """Counts and bytes of what is not in the trash."""
        midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
        by_type, today = await self.database.read(repository.stats, caller.owner_id, midnight)
        total = sum(size for _, size in by_type.values())
        return Stats(
            files=sum(count for count, _ in by_type.values()),
            bytes=total,
            bytes_stored=total,
            uploads_today=today,
            by_type={kind: count for kind, (count, _) in sorted(by_type.items())},
        )

    async def limits(self, _caller: CallerDep) -> JSONResponse:
        """Sizes in bytes."""
        return JSONResponse(rules.limits(self.settings).model_dump())

    async def _row(self, caller: Caller, file_id: str) -> Any:
        row = await self.database.read(repository.get, caller.owner_id, file_id)
        if row is None:
            raise NotFound("There is no such file.")
        return row


def _move(tx: Tx, caller: Caller, file_id: str, deleted_at: datetime | None) -> Any:
    row = repository.set_deleted(tx, caller.owner_id, file_id, deleted_at)
    if row is None:
        raise NotFound("There is no such file." if deleted_at else "There is no such file in the trash.")
    data = FileLifecycle(
        file_id=file_id, owner_id=row["owner_id"], version=row["version"], change=row["change"],
        actor=caller.owner_id, client_address=caller.address,
    )  # fmt: skip
    topic = Topic.DELETED if deleted_at else Topic.RESTORED
    outbox.append(tx, wire.make_event("upload", topic, file_id, data))
    return row
