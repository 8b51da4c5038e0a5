"""The HTTP face of uploads that go straight to the store: `POST /uploads`, the parts, `POST /uploads/{id}/complete`.

On a bucket the parts go to addresses that the store checks itself; on a local folder to addresses of ours, signed for one part
and its exact length. Not for: how parts are checked and become a file (`parts`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response
from sqlalchemy import RowMapping
from starlette.requests import ClientDisconnect

from filemill.chassis.clock import now, unix_s
from filemill.chassis.errors import BadRequest, NotFound, Unprocessable
from filemill.chassis.ids import new_id
from filemill.chassis.storage.pieces import Piece, SignedPart, SignsParts
from filemill.chassis.storage.signed_links import LinkSigner
from filemill.chassis.web.body import Body
from filemill.chassis.web.caller import Caller, UploaderDep
from filemill.chassis.web.origin import origin_of
from filemill.contracts.direct_uploads import PARTS_MOST, DirectUpload, NewUpload, UploadPart
from filemill.contracts.ids import is_id
from filemill.contracts.upload import File
from filemill.upload import repository, rules
from filemill.upload.appending import as_rows
from filemill.upload.errors import EmptyFile
from filemill.upload.names import clean_name
from filemill.upload.parts import PART_HASHES, Parts, announced
from filemill.upload.sessions_repository import NewSession
from filemill.upload.tokens_repository import row_of
from filemill.upload.unfinished import fields_of
from filemill.upload.views import Links, file_view

STREAMING = (("PUT", "/uploads/{upload_id}/parts/{number}"),)
PART_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Direct:
    """The handlers and what they need."""

    parts: Parts
    signer: LinkSigner

    def router(self) -> APIRouter:
        """Everything below `/uploads`."""
        router = APIRouter(tags=["direct uploads"])
        add = router.add_api_route
        add("/uploads", self.begin, methods=["POST"], status_code=201, response_model=DirectUpload,
            summary="Get addresses to which the parts of a file can be sent")  # fmt: skip
        one = "/uploads/{upload_id}"
        add(one, self.look, methods=["GET"], response_model=DirectUpload, summary="What became of a direct upload")
        add(one, self.end, methods=["DELETE"], status_code=204, summary="End a direct upload; a file made of it stays")
        add(f"{one}/complete", self.complete, methods=["POST"], status_code=201, response_model=File,
            responses={202: {"model": DirectUpload, "description": "`verifying`: the parts are being read."}},
            summary="All parts are sent: check them and make the file")  # fmt: skip
        add(f"{one}/parts/{{number}}", self.put_part, methods=["PUT"], status_code=204,
            summary="A part, to a signed address: no credentials")  # fmt: skip
        return router

    async def begin(self, asked: NewUpload, request: Request, caller: UploaderDep) -> Response:
        """Send each part with PUT to its `url`, exactly its `size` bytes, in any order, before `expires_at`.

        A part may be sent again until the upload is completed.
        """
        new = self._new(asked, caller)
        await self.parts.unfinished.begin(new)
        row = await self.parts.row(caller.owner_id, new.upload_id)
        return self._said(request, row, 201, await self._addresses(request, new))

    async def look(self, upload_id: str, request: Request, caller: UploaderDep) -> Response:
        """`state`: `open`, `verifying`, `done` (with `file_id`), `failed` (with the reason)."""
        return self._said(request, await self.parts.row(caller.owner_id, _known(upload_id)), 200)

    async def complete(self, upload_id: str, request: Request, caller: UploaderDep) -> Response:
        """Size and SHA-256 are checked before the file exists. May be repeated: the same answer, one file."""
        row = await self.parts.complete(caller, _known(upload_id))
        if row["state"] == "failed":
            raise Unprocessable(f"This upload was refused: {row['reason']['detail']}")
        if row["state"] != "done":
            answer = self._said(request, row, 202)
            answer.headers["Location"] = f"{Links.of(request, self.parts.settings).upload}/uploads/{upload_id}"
            return answer
        file = await self.parts.unfinished.database.read(repository.get, caller.owner_id, row["file_id"])
        if file is None:
            raise NotFound("The file this upload made was deleted meanwhile.")
        links = Links.of(request, self.parts.settings)
        headers = {"Location": links.own(row["file_id"])}
        return Response(file_view(file, links).model_dump_json(), 201, headers, "application/json")

    async def end(self, upload_id: str, caller: UploaderDep) -> Response:
        """What was sent is deleted."""
        await self.parts.row(caller.owner_id, _known(upload_id))
        await self.parts.unfinished.remove(caller.owner_id, upload_id)
        return Response(status_code=204)

    async def put_part(
        self, upload_id: str, number: Annotated[int, Path(ge=1, le=PARTS_MOST)], request: Request
    ) -> Response:
        """The address is good for this part, its length, and its SHA-256 where one was announced."""
        path = f"/uploads/{upload_id}/parts/{number}"
        self.signer.check("PUT", path, request.query_params.multi_items(), now())
        piece = await self.parts.open_part(_known(upload_id), number)
        if request.headers.get("content-length") != str(piece.size_bytes):
            raise BadRequest(f"This part has exactly {piece.size_bytes} bytes; say so in Content-Length.")
        rules.check_length(str(piece.size_bytes), self.parts.settings, self.parts.unfinished.intake.room)
        try:
            await self.parts.receive(piece, Body(request, self.parts.settings.body_idle_s))
        except TimeoutError as error:
            raise BadRequest("The body stopped arriving; send the part again.") from error
        except ClientDisconnect:
            return Response(status_code=499)  # nobody reads it; the log line shows what happened
        return Response(status_code=204)

    def _new(self, asked: NewUpload, caller: Caller) -> NewSession:
        settings = self.parts.settings
        if asked.size == 0:
            raise EmptyFile("The file has no bytes; nothing was stored.")
        rules.check_length(str(asked.size), settings, self.parts.unfinished.intake.room, caller.grant)
        said = {"title": asked.title, "external_id": asked.external_id}
        raw = {name: [value] for name, value in said.items() if value is not None}
        raw |= {"tags": [orjson.dumps(asked.tags).decode()], "metadata": [orjson.dumps(asked.metadata).decode()]}
        part = asked.part_size or max(PART_BYTES, math.ceil(asked.size / PARTS_MOST))
        return NewSession(
            upload_id=new_id(),
            owner_id=caller.owner_id,
            kind="direct",
            filename=clean_name(asked.filename),
            fields=fields_of(rules.read_fields(raw)),
            told=_hashes_of(asked, part),
            size=asked.size,
            sha256=asked.sha256,
            expires_at=unix_s() + settings.unfinished_hours * 3600,
            client_address=caller.address,
            token=row_of(caller.grant),
            pieces=as_rows([Piece(new_id(), min(part, asked.size - at)) for at in range(0, asked.size, part)]),
        )

    async def _addresses(self, request: Request, new: NewSession) -> list[UploadPart]:
        expires_at = datetime.fromtimestamp(int(new.expires_at), UTC)
        store, at, found = self.parts.store, 0, []
        signed: Sequence[SignedPart]
        parts = announced(new.pieces, new.told, new.sha256)
        if isinstance(store, SignsParts):
            signed = await store.sign_parts(parts, int(new.expires_at - unix_s()))
        else:
            origin = origin_of(request, self.parts.settings)
            paths = [f"/uploads/{new.upload_id}/parts/{number}" for number in range(1, len(parts) + 1)]
            signed = [SignedPart(f"{origin}{path}?{self.signer.sign('PUT', path, expires_at, {})}") for path in paths]
        for number, (part, to) in enumerate(zip(parts, signed, strict=True), 1):
            sent = UploadPart(number=number, offset=at, size=part.size_bytes, url=to.url, headers=dict(to.headers))
            found.append(sent)
            at += part.size_bytes
        return found

    def _said(self, request: Request, row: RowMapping, status: int, parts: list[UploadPart] | None = None) -> Response:
        links = Links.of(request, self.parts.settings)
        own = f"{links.upload}/uploads/{row['upload_id']}"
        said = DirectUpload(
            upload_id=row["upload_id"],
            state=row["state"],
            reason=row["reason"],
            size=row["size"],
            file_id=row["file_id"],
            expires_at=datetime.fromtimestamp(int(row["expires_at"]), UTC),
            parts=parts,
            links={"self": own, "complete": f"{own}/complete"}
            | ({"file": links.own(row["file_id"])} if row["file_id"] else {}),
        )
        headers = {"Location": own} if status == 201 else {}
        return Response(said.model_dump_json(), status, headers, "application/json")


def _hashes_of(asked: NewUpload, part_size: int) -> dict[str, Any]:
    """What is remembered of the parts' hashes. Raises `BadRequest` if they are not those of the parts."""
    parts = math.ceil(asked.size / part_size)
    if parts > PARTS_MOST:
        raise BadRequest(f"With this part_size the file has {parts} parts; it may have {PARTS_MOST}.")
    if asked.part_sha256 is None:
        return {}
    if asked.part_size is None:
        raise BadRequest("Say with part_sha256 how the file is cut: part_size.")
    if len(asked.part_sha256) != parts:
        raise BadRequest(f"With this part_size the file has {parts} parts; part_sha256 has {len(asked.part_sha256)}.")
    return {PART_HASHES: asked.part_sha256}


def _known(upload_id: str) -> str:
    """Raises `NotFound` for what is no id."""
    if not is_id(upload_id):
        raise NotFound("There is no such upload.")
    return upload_id
