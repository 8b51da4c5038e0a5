"""The HTTP face of the processing service: plans and renditions. Jobs are `chassis.jobs.endpoints`."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from filemill.chassis.database.database import Database
from filemill.chassis.storage.store import BlobStore
from filemill.chassis.web import pagination
from filemill.chassis.web.blob_response import blob_response
from filemill.chassis.web.caller import CallerDep
from filemill.contracts.ids import FileId
from filemill.contracts.processing import ReprocessAnswer, ReprocessRequest
from filemill.processing import repository
from filemill.processing.on_request import OnRequest
from filemill.processing.plan import PLANS, facts_of
from filemill.processing.reprocess import Reprocessing


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The handlers and what they need."""

    database: Database
    store: BlobStore
    reprocessing: Reprocessing
    on_request: OnRequest

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
        add("/files/{file_id}/renditions/{name}", self.rendition, methods=["GET"], summary="A picture made from a file")
        add("/blobs/named", self.named, methods=["GET"], summary="Which of these stored blobs are renditions or text")
        return router

    async def named(self, keys: Annotated[str, Query(max_length=8000)], _caller: CallerDep) -> dict[str, list[str]]:
        """`keys`: storage keys, separated by commas. For upload, which removes what nobody names."""
        return {"keys": await self.database.read(repository.named, keys.split(","))}

    async def reprocess(self, asked: ReprocessRequest, caller: CallerDep) -> ReprocessAnswer:
        """A page of the caller's files at a time: the ones that fit go to the bulk lane, or are only counted."""
        after = pagination.decode(asked.cursor, str)
        answer, last = await self.reprocessing.some(caller.owner_id, asked, str(after[0]) if after else None)
        return answer.model_copy(update={"next_cursor": pagination.encode(last) if last else None})

    async def plans(self, _caller: CallerDep) -> dict[str, Any]:
        """Each plan with its steps in order: what each is for, and which of its programs are missing on this machine."""
        shown = [(plan, [asdict(step) for step in facts_of(plan)]) for plan in PLANS]
        return {"items": [{"name": plan.name, "why": plan.why, "steps": steps} for plan, steps in shown]}

    async def rendition(self, file_id: FileId, name: str, request: Request, caller: CallerDep) -> Response:
        """What exists, or what can be made: `page-N` of a PDF, a `card`. The ETag is the rendition's own."""
        row = await self.on_request.rendition(caller.owner_id, file_id, name)
        return await blob_response(request, self.store, row["storage_key"], row["content_type"])
