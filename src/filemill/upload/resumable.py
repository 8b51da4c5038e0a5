"""The HTTP face of uploads that go on after a break: tus 1.0.0 at `/tus/` (https://tus.io/protocols/resumable-upload).

A file comes into being with the request that brings its last byte, and that answer names it in `Filemill-File`; a HEAD says
`Upload-Offset` = `Upload-Length` only then. Not for: how bytes are kept and become a file (`unfinished`).
"""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import RowMapping
from starlette.requests import ClientDisconnect

from filemill.chassis.clock import unix_s
from filemill.chassis.errors import BadRequest, FilemillError, Forbidden, NotFound, UnsupportedType
from filemill.chassis.ids import new_id
from filemill.chassis.web.body import Body
from filemill.chassis.web.caller import Caller, UploaderDep
from filemill.chassis.web.upload_tokens import UploadGrant
from filemill.contracts.ids import is_id
from filemill.upload import rules, tus
from filemill.upload.at_once import AtOnce
from filemill.upload.errors import EmptyFile, TusVersion
from filemill.upload.names import clean_name
from filemill.upload.openapi_bodies import CHUNK
from filemill.upload.sessions_repository import NewSession
from filemill.upload.settings import UploadSettings
from filemill.upload.tokens_repository import row_of
from filemill.upload.unfinished import Unfinished, fields_of
from filemill.upload.views import Links

STREAMING = (("POST", "/tus"), ("POST", "/tus/"), ("PATCH", "/tus/{upload_id}"), ("POST", "/tus/{upload_id}"))
Handler = Callable[[Request, Caller, str], Awaitable[Response]]
_HELD_BACK = ("title", "tags", "metadata", "external_id")
_HEADERS = {"Tus-Resumable": tus.VERSION}


@dataclass(frozen=True, slots=True)
class Resumable:
    """The handlers of tus, and what they need."""

    unfinished: Unfinished
    settings: UploadSettings
    at_once: AtOnce

    def router(self) -> APIRouter:
        """Everything below `/tus`."""
        router = APIRouter(tags=["tus"])
        add = router.add_api_route
        for path in ("/tus/", "/tus"):
            shown = path == "/tus/"
            add(path, self.options, methods=["OPTIONS"], status_code=204, include_in_schema=shown,
                summary="What this tus server can do")  # fmt: skip
            add(path, self.create, methods=["POST"], status_code=201, include_in_schema=shown, openapi_extra=CHUNK,
                summary="Begin an upload, with its bytes or without")  # fmt: skip
        one = "/tus/{upload_id}"
        add(one, self.options, methods=["OPTIONS"], status_code=204, include_in_schema=False)
        add(one, self.head, methods=["HEAD"], summary="How far an upload is")
        add(one, self.patch, methods=["PATCH"], status_code=204, openapi_extra=CHUNK, summary="Go on with an upload")
        add(one, self.delete, methods=["DELETE"], status_code=204, summary="End an upload; a file made of it stays")
        add(one, self.post, methods=["POST"], status_code=204, include_in_schema=False)
        return router

    async def options(self) -> Response:
        """Versions, extensions, limits. The one call that needs no `Tus-Resumable`."""
        said = {
            "Tus-Version": tus.VERSION,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Checksum-Algorithm": ",".join(tus.ALGORITHMS),
            "Tus-Max-Size": str(self.settings.max_file_bytes),
        }
        return Response(status_code=204, headers=_HEADERS | said)

    async def create(self, request: Request, caller: UploaderDep) -> Response:
        """`Upload-Length` or `Upload-Defer-Length: 1`; `Upload-Metadata`; a body of the type tus says is the first bytes."""
        return await self._speaking(request, caller, "", self._create)

    async def head(self, upload_id: str, request: Request, caller: UploaderDep) -> Response:
        """`Upload-Offset`: so many bytes are safe."""
        return await self._speaking(request, caller, upload_id, self._head)

    async def patch(self, upload_id: str, request: Request, caller: UploaderDep) -> Response:
        """The body goes behind the first `Upload-Offset` bytes."""
        return await self._speaking(request, caller, upload_id, self._patch)

    async def delete(self, upload_id: str, request: Request, caller: UploaderDep) -> Response:
        """The bytes of an unfinished upload are deleted."""
        return await self._speaking(request, caller, upload_id, self._delete)

    async def post(self, upload_id: str, request: Request, caller: UploaderDep) -> Response:
        """For clients that can send no other method: `X-HTTP-Method-Override`."""
        handlers = {"PATCH": self._patch, "HEAD": self._head, "DELETE": self._delete}
        handler = handlers.get(request.headers.get("x-http-method-override", ""))
        if handler is None:
            raise BadRequest("POST to an upload needs X-HTTP-Method-Override: PATCH, HEAD or DELETE.", headers=_HEADERS)
        return await self._speaking(request, caller, upload_id, handler)

    async def _speaking(self, request: Request, caller: Caller, upload_id: str, handler: Handler) -> Response:
        """Check the version first, and say it in every answer, also in refusals."""
        try:
            if request.headers.get("tus-resumable") != tus.VERSION:
                raise TusVersion("Send Tus-Resumable: 1.0.0.", headers={"Tus-Version": tus.VERSION})
            if upload_id and not is_id(upload_id):
                raise NotFound("There is no such upload.")
            with self.at_once.one(caller) if request.method in ("POST", "PATCH") else nullcontext():
                answer = await handler(request, caller, upload_id)
        except FilemillError as error:
            error.headers.update(_HEADERS)
            raise
        except TimeoutError as error:
            raise BadRequest("The body stopped arriving; what came is kept.", headers=_HEADERS) from error
        except ClientDisconnect:
            return Response(status_code=499)  # nobody reads it; the log line shows what happened
        answer.headers.update(_HEADERS)
        return answer

    # creation

    async def _create(self, request: Request, caller: Caller, _none: str) -> Response:
        headers = request.headers
        kind, parts = tus.read_concat(headers.get("upload-concat"))
        if kind != "file" and caller.grant is not None:
            raise Forbidden("An upload token sends a file in one piece; without Upload-Concat.")
        size = self._length(request, kind, caller.grant)
        with_bytes = headers.get("content-type") == tus.CHUNK_TYPE
        sent = tus.number(headers, "content-length") if with_bytes else 0
        checksum = tus.read_checksum(headers.get("upload-checksum"))
        new = self._new(request, caller, kind, size)
        file_id: str | None = None
        received = 0
        if kind == "final":
            if with_bytes:
                raise Forbidden("A final upload takes no bytes of its own.")
            file_id = await self.unfinished.completing.concatenate(caller, new, parts)
        elif kind == "file" and sent and sent == size:
            body = Body(request, self.settings.body_idle_s)
            file_id = await self.unfinished.completing.arrive_whole(caller, new, body, checksum)
            received = sent
        else:
            await self.unfinished.begin(new)
            if with_bytes:
                row = await self._first_bytes(request, caller, new, checksum)
                received, file_id = row["received"], row["file_id"]
        links = Links.of(request, self.settings)
        answer = Response(status_code=201, headers={"Location": f"{links.upload}/tus/{new.upload_id}"})
        answer.headers["Upload-Expires"] = tus.http_date(new.expires_at)
        if kind != "final":
            answer.headers["Upload-Offset"] = str(received)
        if file_id is not None:
            answer.headers["Filemill-File"] = links.own(file_id)
        return answer

    async def _first_bytes(
        self, request: Request, caller: Caller, new: NewSession, checksum: tus.Checksum | None
    ) -> RowMapping:
        try:
            return await self.unfinished.append(
                caller, new.upload_id, 0, Body(request, self.settings.body_idle_s), None, checksum
            )
        except (FilemillError, ClientDisconnect, TimeoutError):
            # Its client never learned where it is. If this fails the keeper does it later.
            await self.unfinished.forget(caller.owner_id, new.upload_id)
            raise

    def _length(self, request: Request, kind: str, grant: UploadGrant | None) -> int | None:
        size, deferred = tus.number(request.headers, "upload-length"), request.headers.get("upload-defer-length")
        if kind == "final":
            if size is not None or deferred is not None:
                raise BadRequest("A final upload has the length of its parts; say none.")
            return None
        if deferred not in (None, "1") or (size is None) == (deferred is None):
            raise BadRequest("Say either Upload-Length, or Upload-Defer-Length: 1.")
        self._check_size(size, grant)
        return size

    def _check_size(self, size: int | None, grant: UploadGrant | None) -> None:
        if size == 0:
            raise EmptyFile("The file has no bytes; nothing was stored.")
        rules.check_length(None if size is None else str(size), self.settings, self.unfinished.intake.room, grant)

    def _new(self, request: Request, caller: Caller, kind: str, size: int | None) -> NewSession:
        told = {name: request.headers[name] for name in ("upload-metadata", "upload-concat") if name in request.headers}
        said = tus.read_metadata(told.get("upload-metadata"))
        fields = rules.read_fields({name: [said[name]] for name in _HELD_BACK if name in said})
        return NewSession(
            upload_id=new_id(),
            owner_id=caller.owner_id,
            kind=kind,
            filename=clean_name(said.get("filename") or said.get("name")),
            fields=fields_of(fields),
            told=told,
            size=size,
            expires_at=unix_s() + self.settings.unfinished_hours * 3600,
            client_address=caller.address,
            token=row_of(caller.grant),
        )

    # an upload there is

    async def _head(self, request: Request, caller: Caller, upload_id: str) -> Response:
        row = await self.unfinished.look(caller, upload_id)
        answer = self._about(request, row, 200)
        answer.headers["Cache-Control"] = "no-store"
        if row["size"] is None:
            answer.headers["Upload-Defer-Length"] = "1"
        else:
            answer.headers["Upload-Length"] = str(row["size"])
        for name, value in row["told"].items():
            answer.headers[name.title()] = value
        return answer

    async def _patch(self, request: Request, caller: Caller, upload_id: str) -> Response:
        headers = request.headers
        if headers.get("content-type") != tus.CHUNK_TYPE:
            raise UnsupportedType(f"The body of a PATCH has the type {tus.CHUNK_TYPE}.")
        offset, size = tus.number(headers, "upload-offset"), tus.number(headers, "upload-length")
        if offset is None:
            raise BadRequest("A PATCH says Upload-Offset.")
        checksum = tus.read_checksum(headers.get("upload-checksum"))
        self._check_size(size, None)  # the token it was begun with counts
        rules.check_length(headers.get("content-length"), self.settings, self.unfinished.intake.room)
        row = await self.unfinished.append(
            caller, upload_id, offset, Body(request, self.settings.body_idle_s), size, checksum
        )
        return self._about(request, row, 204)

    async def _delete(self, _request: Request, caller: Caller, upload_id: str) -> Response:
        await self.unfinished.remove(caller.owner_id, upload_id)
        return Response(status_code=204)

    def _about(self, request: Request, row: RowMapping, status: int) -> Response:
        headers: dict[str, Any] = {
            "Upload-Offset": str(row["received"]),
            "Upload-Expires": tus.http_date(row["expires_at"]),
        }
        if row["file_id"] is not None:
            headers["Filemill-File"] = Links.of(request, self.settings).own(row["file_id"])
        return Response(status_code=status, headers=headers)
