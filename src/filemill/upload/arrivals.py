"""The HTTP face of the way in: a form or a raw body becomes a file. Refusals come from headers before a body is read.

Not for: uploads that go on after a break (`resumable`), what happens to files afterwards (`endpoints`).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.requests import ClientDisconnect

from filemill.chassis.database.database import Database
from filemill.chassis.errors import BadRequest, NotFound, Unavailable
from filemill.chassis.web.body import Body
from filemill.chassis.web.caller import Caller, CallerDep, ServiceDep, UploaderDep, uploader_of
from filemill.chassis.web.direct import ExactRoute
from filemill.contracts.ids import FileId
from filemill.contracts.upload import DEPTH_MOST, File
from filemill.upload import idempotency, repository, rules
from filemill.upload.at_once import AtOnce
from filemill.upload.body_sink import BodySink, FormSink, StoredBody
from filemill.upload.errors import MissingFile, NestedTooDeep
from filemill.upload.idempotency import Answered, IdempotencyKeys, Ticket
from filemill.upload.intake import ChildOf, Intake
from filemill.upload.multipart import FormReader, boundary_of
from filemill.upload.names import clean_name, clean_path
from filemill.upload.openapi_bodies import FORM, QUEUED, RAW
from filemill.upload.settings import UploadSettings
from filemill.upload.views import FileRow, Links, file_view

STREAMING = (
    ("POST", "/files"), ("POST", "/files/"), ("POST", "/upload"), ("PUT", "/files"), ("PUT", "/files/{file_id}/content"),
    ("PUT", "/files/{file_id}/children"),
)  # fmt: skip
NAME_PARAMETER_MOST = 4096


@dataclass(slots=True)
class _Arrival:
    """What the body of one upload request turned out to be."""

    body: StoredBody
    raw_name: str | None
    fields: dict[str, list[str]] = field(default_factory=dict)


_Accept = Callable[[_Arrival, rules.Fields, Ticket | None], Awaitable[FileRow]]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The handlers of whole bodies, and what they need."""

    database: Database
    intake: Intake
    keys: IdempotencyKeys
    settings: UploadSettings
    at_once: AtOnce

    def router(self) -> APIRouter:
        """`POST /files`, `POST /upload`, `PUT /files`."""
        router = APIRouter(tags=["files"])
        for path in ("/files", "/upload"):
            hidden = path == "/upload"
            router.add_api_route(
                path, self.post, methods=["POST"], status_code=201, response_model=File, openapi_extra=FORM, responses=QUEUED,
                summary="Upload a file as a form" + (" (the same call)" if hidden else ""), name=f"post {path}",
            )  # fmt: skip
        add = router.add_api_route
        add("/files/", self.post, methods=["POST"], status_code=201, include_in_schema=False)
        add("/files", self.put, methods=["PUT"], status_code=201, response_model=File, openapi_extra=RAW, responses=QUEUED,
            summary="Upload a file as a raw body")  # fmt: skip
        add("/files/{file_id}/content", self.put_version, methods=["PUT"], status_code=201, response_model=File,
            openapi_extra=RAW, summary="Give a file new content: a new version")  # fmt: skip
        add("/files/{file_id}/children", self.put_child, methods=["PUT"], status_code=201, response_model=File,
            openapi_extra=RAW, summary="A file that came out of this one")  # fmt: skip
        return router

    def direct(self) -> list[ExactRoute]:
        """The two ways a new file comes, ahead of the framework: it would cost more than the upload of a small file."""
        return [
            ExactRoute("POST", "/files", self.post, uploader_of),
            ExactRoute("PUT", "/files", self._put_direct, uploader_of),
        ]

    async def post(self, request: Request, caller: UploaderDep) -> Response:
        """Multipart form with the field `file`; optional `title`, `tags`, `metadata`, `external_id` before or after it."""
        boundary = boundary_of(request.headers.get("content-type", ""))
        length, spare_bytes = request.headers.get("content-length"), rules.FORM_OVERHEAD_BYTES
        rules.check_length(length, self.settings, self.intake.room, caller.grant, overhead_bytes=spare_bytes)
        return await self._take(request, caller, "POST /files", lambda sink: self._form(request, boundary, sink))

    async def put(
        self,
        request: Request,
        caller: UploaderDep,
        filename: Annotated[str | None, Query(max_length=NAME_PARAMETER_MOST)] = None,
    ) -> Response:
        """The raw body is the file; its name is `?filename=`."""
        rules.check_length(request.headers.get("content-length"), self.settings, self.intake.room, caller.grant)
        clean_name(filename)
        return await self._take(request, caller, "PUT /files", lambda sink: self._raw(request, filename, sink))

    async def _put_direct(self, request: Request, caller: Caller) -> Response:
        filename = request.query_params.get("filename")
        if filename is not None and len(filename) > NAME_PARAMETER_MOST:
            raise BadRequest(f"query.filename: String should have at most {NAME_PARAMETER_MOST} characters")
        return await self.put(request, caller, filename)

    async def put_version(
        self,
        file_id: FileId,
        request: Request,
        caller: CallerDep,
        filename: Annotated[str | None, Query(max_length=NAME_PARAMETER_MOST)] = None,
    ) -> Response:
        """The raw body becomes the newest version; older ones stay readable. `?filename=` renames the file.

        `If-Match` with the ETag of the content you know makes sure that nobody else was faster (412). While the store is
        away versions are refused (503), also where new files would be queued.
        """
        rules.check_length(request.headers.get("content-length"), self.settings, self.intake.room)
        row = await self.database.read(repository.get, caller.owner_id, file_id)
        if row is None:
            raise NotFound("There is no such file.")
        only_if = rules.etags(request.headers.get("if-match"))
        name = clean_name(filename) if filename is not None else None

        async def accept(arrival: _Arrival, _fields: rules.Fields, ticket: Ticket | None) -> FileRow:
            return await self.intake.accept_version(caller, file_id, name, arrival.body, only_if, ticket)

        shown = name or row["filename"]
        return await self._take(request, caller, f"PUT {file_id}", lambda sink: self._raw(request, shown, sink), accept)

    async def put_child(
        self,
        file_id: FileId,
        request: Request,
        caller: ServiceDep,
        path: Annotated[str, Query(max_length=NAME_PARAMETER_MOST, description="Where in this file it was.")],
        filename: Annotated[str | None, Query(max_length=NAME_PARAMETER_MOST)] = None,
    ) -> Response:
        """The raw body becomes a file that follows this one: to the trash, back, and away for good.

        For processing, which unpacks mails and archives. A file with three ancestors gets no children
        (`nested-too-deep`). While the store is away it is refused (503), also where new files would be queued.
        """
        rules.check_length(request.headers.get("content-length"), self.settings, self.intake.room)
        clean_name(filename)
        parent = await self.database.read(repository.get, caller.owner_id, file_id)
        if parent is None:
            raise NotFound("There is no such file.")
        if parent["depth"] >= DEPTH_MOST:
            raise NestedTooDeep(f"It has {parent['depth']} ancestors; files are taken out of files {DEPTH_MOST} deep.")
        child_of = ChildOf(file_id, clean_path(path), parent["depth"] + 1)

        async def accept(arrival: _Arrival, fields: rules.Fields, ticket: Ticket | None) -> FileRow:
            return await self.intake.accept(caller, arrival.raw_name, arrival.body, fields, ticket, child_of=child_of)

        route = f"PUT {file_id} children"
        return await self._take(request, caller, route, lambda sink: self._raw(request, filename, sink), accept)

    async def _take(
        self, request: Request, caller: Caller, route: str, read: Any, accept: _Accept | None = None
    ) -> Response:
        with self.at_once.one(caller):
            return await self._take_one(request, caller, route, read, accept)

    async def _take_one(
        self, request: Request, caller: Caller, route: str, read: Any, accept: _Accept | None
    ) -> Response:
        key = request.headers.get("idempotency-key")
        rules.check_idempotency_key(key)
        if caller.grant is not None:
            route = f"{route} {caller.grant.token_id}"  # each browser has keys of its own
        shown = await self.keys.present(caller.owner_id, route, key) if key else None
        ticket = shown if isinstance(shown, Ticket) else None
        try:
            answer = await self._receive(request, caller, read, shown, accept)
            if ticket is not None:
                self.keys.redeemed(ticket)
            return answer
        except BaseException as error:
            if ticket is not None:
                await self.keys.give_up(ticket)
            if isinstance(error, ClientDisconnect):
                return Response(status_code=499)  # nobody reads it; the log line shows what happened
            raise

    async def _receive(
        self, request: Request, caller: Caller, read: Any, shown: Ticket | Answered | None, accept: _Accept | None
    ) -> Response:
        sink = await self.intake.sink(caller.grant, spooled=accept is None)
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
            if accept is not None:
                row = await accept(arrival, fields, ticket)
            else:
                row = await self.intake.accept(caller, arrival.raw_name, arrival.body, fields, ticket, caller.grant)
        except Unavailable:
            raise  # the row may be committed all the same: a blob of nobody's is better than a row without its bytes
        except Exception:
            await self.intake.discard(arrival.body)
            raise
        return self._created(request, row)

    async def _form(self, request: Request, boundary: bytes, sink: BodySink) -> _Arrival:
        reader = FormReader(boundary)
        await Body(request, self.settings.body_idle_s).pour(FormSink(reader, sink))
        reader.end()
        if not reader.has_file:
            raise MissingFile("Send the file in a form field named 'file' that has a filename, or its bytes with PUT.")
        sink.named(clean_name(reader.filename))
        return _Arrival(await sink.finish(), reader.filename, reader.fields)

    async def _raw(self, request: Request, filename: str | None, sink: BodySink) -> _Arrival:
        sink.named(clean_name(filename))
        await Body(request, self.settings.body_idle_s).pour(sink)
        return _Arrival(await sink.finish(), filename)

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
