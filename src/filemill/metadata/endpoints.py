"""The HTTP face of one file: what is known of it, its text, trail and story.

Not for: finding files (`searches`), files in numbers (`reports`).

A file exists here from the moment of its 201: on a miss upload is asked once (half a second, breaker). If upload is away
too, the answer is 503 with `Retry-After`, never a 404 for a file that may exist.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import RowMapping

from filemill.chassis.access_journal import AccessJournal
from filemill.chassis.database.coalesced import CoalescedReads
from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.errors import NotFound, PreconditionFailed, Unavailable
from filemill.chassis.resilience.service_client import ServiceClient
from filemill.chassis.storage.store import BlobStore, read_all
from filemill.chassis.web import pagination
from filemill.chassis.web.blob_response import blob_response
from filemill.chassis.web.caller import Caller, CallerDep
from filemill.chassis.web.pagination import CursorQuery, LimitQuery
from filemill.contracts.ids import FileId
from filemill.contracts.metadata import AuditPage, Document, DocumentPatch, Timeline
from filemill.contracts.upload import Action
from filemill.metadata import audit_repository, repository, timeline_repository, why
from filemill.metadata.changing import change
from filemill.metadata.rules import check_patch
from filemill.metadata.search.indexer import TEXT_MOST_BYTES
from filemill.metadata.settings import MetadataSettings
from filemill.metadata.text_answers import Format, text_answer
from filemill.metadata.views import audit_view, document_of_upload, document_view, links_of, timeline_view
from filemill.metadata.waiting import job_now

NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The handlers and what they need. `wake_indexer` is called after a change."""

    database: Database
    documents: CoalescedReads[tuple[str, str], RowMapping]
    store: BlobStore
    upload: ServiceClient
    processing: ServiceClient
    ai: ServiceClient
    journal: AccessJournal
    settings: MetadataSettings
    wake_indexer: Callable[[], None]

    def router(self) -> APIRouter:
        """Every route of this service."""
        router = APIRouter(tags=["metadata"])
        add = router.add_api_route
        add(
            "/files/{file_id}", self.get, methods=["GET"], response_model=Document, summary="Everything known of a file"
        )
        add(
            "/files/{file_id}",
            self.patch,
            methods=["PATCH"],
            response_model=Document,
            summary="Change title, tags, fields",
        )
        add("/files/{file_id}/text", self.text, methods=["GET"], summary="The extracted text")
        add(
            "/files/{file_id}/renditions/{name}",
            self.rendition,
            methods=["GET"],
            summary="A picture made from the file",
        )
        add(
            "/files/{file_id}/audit",
            self.audit,
            methods=["GET"],
            response_model=AuditPage,
            summary="Who did what, when",
        )
        add(
            "/files/{file_id}/timeline",
            self.timeline,
            methods=["GET"],
            response_model=Timeline,
            summary="Its story, and why",
        )
        add("/requests/{request_id}/file", self.of_request, methods=["GET"], summary="The file a request was about")
        return router

    async def get(self, file_id: FileId, request: Request, caller: CallerDep) -> Response:
        """The file, its properties, text state, renditions and findings."""
        # Written out here and not by the framework, which is not on the way of most of these requests (chassis/web/direct.py).
        links = links_of(request, self.settings, file_id)
        row = await self.documents.get((caller.owner_id, file_id))
        if row is None:
            return _json(document_of_upload(await self._ask_upload(file_id), links))
        if self.settings.audit == "all":
            await self.journal.opened(file_id, row["version"], "metadata", caller)
        return _json(document_view(row, links), ETag=_etag(row))

    async def patch(
        self,
        file_id: FileId,
        asked: DocumentPatch,
        request: Request,
        response: Response,
        caller: CallerDep,
        if_match: Annotated[str | None, Header()] = None,
    ) -> Document:
        """A JSON merge patch; with `If-Match` it is refused (412) if somebody changed the file meanwhile."""
        check_patch(asked)

        def apply(tx: Tx) -> RowMapping:
            hold(tx, file_id)
            row = repository.get(tx, caller.owner_id, file_id)
            if row is None:
                raise NotFound("There is no such file.")
            # A proxy that compresses makes our tag a weak one; ours is a version, exact in whatever form.
            tags = {tag.strip().removeprefix("W/") for tag in (if_match or "*").split(",")}
            if not {"*", _etag(row)} & tags:
                raise PreconditionFailed(
                    "Somebody changed the file since you read it; read it again and send the new ETag."
                )
            return change(tx, row, asked, caller)

        if await self.database.read(repository.get, caller.owner_id, file_id) is None:
            await self._ask_upload(file_id)
            raise Unavailable("The file is stored but not catalogued yet; try again in a moment.")
        row = await self.database.write("metadata.patch", apply)
        self.wake_indexer()
        response.headers["ETag"] = _etag(row)
        return document_view(row, links_of(request, self.settings, file_id))

    async def text(
        self,
        file_id: FileId,
        caller: CallerDep,
        format: Format = "plain",  # noqa: A002 - the contract's name
    ) -> Response:
        """Plain text, Markdown, or JSON: pages and chunks with where they stand on the page."""
        row = await self._row(caller, file_id, "text")
        found = row["text"] or {}
        if not found.get("storage_key"):
            raise NotFound(_no_text(row, found.get("state")))
        await self.journal.opened(file_id, row["version"], "text", caller)
        body = await read_all(self.store, found["storage_key"], TEXT_MOST_BYTES)
        return await asyncio.to_thread(text_answer, body, format)

    async def rendition(self, file_id: FileId, name: str, request: Request, caller: CallerDep) -> Response:
        """What exists; anything else is processing's to make."""
        row = await self._row(caller, file_id, "rendition")
        found = next((one for one in row["renditions"] if one["name"] == name), None)
        if found is None:
            prefix = (
                "/api/processing" if "x-forwarded-prefix" in request.headers else self.settings.base_url("processing")
            )
            return RedirectResponse(f"{prefix}/files/{file_id}/renditions/{name}", 307)
        answer = await blob_response(request, self.store, found["storage_key"], found["content_type"])
        if answer.status_code != NOT_MODIFIED:
            await self.journal.opened(file_id, row["version"], "rendition", caller)
        return answer

    async def audit(
        self,
        file_id: FileId,
        caller: CallerDep,
        limit: LimitQuery = pagination.LIMIT_DEFAULT,
        cursor: CursorQuery = None,
    ) -> AuditPage:
        """Newest first; refused attempts too."""
        await self._exists(caller, file_id)
        before = pagination.decode_newest_entry(cursor)
        rows = await self.database.read(audit_repository.audit_page, caller.owner_id, file_id, limit + 1, before)
        last = rows[limit - 1] if len(rows) > limit else None
        next_cursor = pagination.encode_newest(last["at"], last["entry_id"]) if last else None
        return AuditPage(items=[audit_view(row) for row in rows[:limit]], next_cursor=next_cursor)

    async def timeline(self, file_id: FileId, caller: CallerDep) -> Timeline:
        """Each hop, wait, try and step in order of time, and in words why the file is where it is."""
        row = await self.database.read(repository.get, caller.owner_id, file_id)
        if row is None:
            file = await self._ask_upload(file_id)
            unheard = "Stored safely; the news of it has not reached the catalogue yet."
            return Timeline(file_id=file_id, status=file["status"], analysis=file["analysis"], why=unheard, items=[])
        entries = await self.database.read(timeline_repository.timeline_of, file_id)
        job = await job_now(row, self.processing, self.ai)
        return Timeline(
            file_id=file_id,
            status=row["status"],
            analysis=row["analysis"],
            why=why.why(row, entries, job),
            items=[timeline_view(entry) for entry in entries],
        )

    async def of_request(self, request_id: str, caller: CallerDep) -> dict[str, str]:
        """From a request id to the file it uploaded."""
        file_id = await self.database.read(timeline_repository.file_of_request, caller.owner_id, request_id)
        if file_id is None:
            raise NotFound("No file is known from this request.")
        return {"file_id": file_id}

    async def _row(self, caller: Caller, file_id: str, action: Action) -> RowMapping:
        row = await self.database.read(repository.get, caller.owner_id, file_id)
        if row is None:
            await self.journal.refused(repository.owner_of, file_id, action, caller)
            await self._ask_upload(file_id)
            raise NotFound("The file is stored, but nothing is known of its content yet; try again in a moment.")
        return row

    async def _exists(self, caller: Caller, file_id: str) -> None:
        if await self.database.read(repository.get, caller.owner_id, file_id) is None:
            await self._ask_upload(file_id)

    async def _ask_upload(self, file_id: str) -> Any:
        file = await self.upload.get_json(f"/files/{file_id}")
        if file is None:
            raise NotFound("There is no such file.")
        return file


def _json(document: Document, **headers: str) -> Response:
    return Response(document.__pydantic_serializer__.to_json(document), media_type="application/json", headers=headers)


def _etag(row: RowMapping) -> str:
    return f'"r{row["revision"]}"'


def _no_text(row: RowMapping, state: str | None) -> str:
    words = {
        "empty": "The file was read and holds no words.",
        "needs-password": "The file needs a password, so its text cannot be read.",
        "unsupported": "No text is read from files of this type.",
    }
    if state in words:
        return words[state]
    return "The text is not there yet." if row["status"] in ("uploaded", "processing") else "The file has no text."
