"""The HTTP face of the processing service: plans and renditions. Jobs are `chassis.jobs.endpoints`."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import RowMapping

from filemill.chassis.access_journal import SIGNED_LINK, AccessJournal
from filemill.chassis.clock import now
from filemill.chassis.database.database import Database
from filemill.chassis.errors import NotFound
from filemill.chassis.jobs.reprocessing import Reprocessing
from filemill.chassis.storage.signed_links import LinkSigner
from filemill.chassis.storage.store import BlobStore
from filemill.chassis.web.blob_response import blob_response
from filemill.chassis.web.caller import Caller, CallerDep, ServiceDep, address_of
from filemill.chassis.web.origin import origin_of
from filemill.contracts.ids import FileId
from filemill.contracts.jobs import ReprocessAnswer, ReprocessRequest
from filemill.contracts.links import SignedUrl
from filemill.contracts.processing import NewRendition
from filemill.processing import repository
from filemill.processing.on_request import OnRequest
from filemill.processing.plan import PLANS, facts_of
from filemill.processing.settings import ProcessingSettings
from filemill.processing.step_options import options_of
from filemill.processing.steps.conversion import Wish

NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The handlers and what they need."""

    database: Database
    store: BlobStore
    reprocessing: Reprocessing
    on_request: OnRequest
    journal: AccessJournal
    signer: LinkSigner
    settings: ProcessingSettings

    def router(self) -> APIRouter:
        """Every route of this service but the jobs."""
        router = APIRouter(tags=["processing"])
        add = router.add_api_route
        add(
            "/jobs/reprocess",
            self.reprocess,
            methods=["POST"],
            response_model=ReprocessAnswer,
            summary="Process files again that fit a filter",
        )
        add("/plans", self.plans, methods=["GET"], summary="What is done with which type of file, step by step")
        one = "/files/{file_id}/renditions/"
        add(one + "custom", self.custom, methods=["GET"], summary="A picture in another size or format, signed")
        add(one + "{name}", self.rendition, methods=["GET"], summary="A picture made from a file")
        add(one.rstrip("/"), self.sign, methods=["POST"], status_code=201, response_model=SignedUrl,
            summary="Get an address of the file's picture in another size or format")  # fmt: skip
        add("/blobs/named", self.named, methods=["GET"], summary="Which of these stored blobs are renditions or text")
        return router

    async def named(self, keys: Annotated[str, Query(max_length=8000)], _caller: ServiceDep) -> dict[str, list[str]]:
        """`keys`: storage keys, separated by commas. For upload, which removes what nobody names."""
        return {"keys": await self.database.read(repository.named, keys.split(","))}

    async def reprocess(self, asked: ReprocessRequest, caller: CallerDep) -> ReprocessAnswer:
        """A page of the caller's files at a time: the ones that fit go to the bulk lane, or are only counted."""
        return await self.reprocessing.some(caller.owner_id, asked)

    async def plans(self, _caller: CallerDep) -> dict[str, Any]:
        """Each plan with its steps in order: what each is for, and which of its programs are in force or missing here."""
        shown = [(plan, [asdict(step) for step in facts_of(plan, options_of(self.settings))]) for plan in PLANS]
        return {"items": [{"name": plan.name, "why": plan.why, "steps": steps} for plan, steps in shown]}

    async def rendition(self, file_id: FileId, name: str, request: Request, caller: CallerDep) -> Response:
        """What exists, or what can be made: `page-N` of a PDF or office document, `page-N.png` (or jpeg, avif, webp), a `card`.

        It has an ETag.
        """
        try:
            row = await self.on_request.rendition(caller.owner_id, file_id, name)
        except NotFound:
            await self.journal.refused(repository.known.owner_of, file_id, "rendition", caller)
            raise
        return await self._shown(request, row, caller)

    async def sign(self, file_id: FileId, asked: NewRendition, request: Request, caller: CallerDep) -> SignedUrl:
        """It works without credentials until it expires. The picture is made when it is first asked for."""
        if await self.database.read(repository.known.living, caller.owner_id, file_id) is None:
            raise NotFound("There is no such file.")
        expires_at = now().replace(microsecond=0) + timedelta(seconds=asked.expires_in)
        path = f"/files/{file_id}/renditions/custom"
        wanted = {"w": str(asked.w or 0), "h": str(asked.h or 0), "fit": asked.fit, "format": asked.format}
        query = self.signer.sign("GET", path, expires_at, wanted)
        return SignedUrl(url=f"{origin_of(request, self.settings)}{path}?{query}", expires_at=expires_at)

    async def custom(self, file_id: FileId, request: Request) -> Response:
        """`?w=&h=&fit=&format=&expires=&key=&sig=` as `POST` wrote it: nobody can have us draw other sizes."""
        path = f"/files/{file_id}/renditions/custom"
        self.signer.check("GET", path, request.query_params.multi_items(), now())
        said = request.query_params
        wish = Wish(int(said["w"]), int(said["h"]), said["fit"], said["format"])
        row = await self.on_request.signed(file_id, wish.name)
        caller = Caller(row["owner_id"], is_admin=False, address=address_of(request))
        return await self._shown(request, row, caller, SIGNED_LINK)

    async def _shown(self, request: Request, row: RowMapping, caller: Caller, actor: str | None = None) -> Response:
        answer = await blob_response(request, self.store, row["storage_key"], row["content_type"])
        if answer.status_code != NOT_MODIFIED:
            await self.journal.opened(row["file_id"], row["version"], "rendition", caller, actor)
        return answer
