"""The HTTP face of the ai service: ask for an analysis, read findings, see the models. Jobs are `chassis.jobs.endpoints`.

A file exists here from the moment of its 201: on a miss upload is asked once. An analysis of a file that is not processed
yet waits for that. The same question about the same content is answered from what is kept.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy import RowMapping

from filemill.ai import jobs, repository
from filemill.ai.capabilities.names import NAMES
from filemill.ai.errors import UnknownCapability
from filemill.ai.jobs import options_key
from filemill.ai.models.registry import Model as RegistryModel
from filemill.ai.models.registry import Registry
from filemill.ai.repository import NEW_VERSION, job_queue, known
from filemill.ai.settings import AiSettings
from filemill.chassis.bounds import flaw_of_json
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import BadRequest, NotFound
from filemill.chassis.jobs.errors import JobQueueFull
from filemill.chassis.jobs.reprocessing import Reprocessing
from filemill.chassis.jobs.table import INTERACTIVE
from filemill.chassis.resilience.service_client import ServiceClient
from filemill.chassis.web.caller import Caller, CallerDep
from filemill.contracts.ai import (
    AnalyzeAnswer,
    AnalyzeRequest,
    EarlierFinding,
    Finding,
    FindingsView,
    Model,
    Models,
)
from filemill.contracts.ids import FileId
from filemill.contracts.jobs import ReprocessAnswer, ReprocessRequest

WAIT_MOST_S = 60
LOOK_EVERY_S = 0.1
OPTIONS_MOST_BYTES = 16 * 1024
OPTIONS_MOST_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The handlers and what they need."""

    database: Database
    registry: Registry
    upload: ServiceClient
    reprocessing: Reprocessing
    settings: AiSettings
    wake: Callable[[], None]

    def router(self) -> APIRouter:
        """Every route of this service but the jobs."""
        router = APIRouter(tags=["ai"])
        add = router.add_api_route
        add("/analyze/{file_id}", self.analyze, methods=["POST"], status_code=202, response_model=AnalyzeAnswer,
            summary="Ask for an analysis")  # fmt: skip
        add(
            "/files/{file_id}/findings",
            self.findings,
            methods=["GET"],
            response_model=FindingsView,
            summary="What is known",
        )
        add(
            "/jobs/reprocess",
            self.reprocess,
            methods=["POST"],
            response_model=ReprocessAnswer,
            summary="Analyse files again that fit a filter",
        )
        add("/models", self.models, methods=["GET"], response_model=Models, summary="Models, by capability and rank")
        return router

    async def analyze(
        self,
        file_id: FileId,
        response: Response,
        caller: CallerDep,
        asked: AnalyzeRequest | None = None,
        wait: Annotated[int, Query(ge=0, le=WAIT_MOST_S, description="Seconds to wait for the result.")] = 0,
    ) -> AnalyzeAnswer:
        """202 with the job; 200 when the same question was answered before, or within `wait`."""
        question = asked or AnalyzeRequest()
        for name in question.capabilities or ():
            if name not in NAMES:
                raise UnknownCapability(f"There is no capability {name!r}; there are {', '.join(NAMES)}.")
        if flaw := flaw_of_json(question.options, most_depth=OPTIONS_MOST_DEPTH, most_bytes=OPTIONS_MOST_BYTES):
            raise BadRequest(f"Options {flaw}.")
        row = await self.file(caller, file_id)
        kept = await self.database.read(self._kept, caller.owner_id, row, question)
        if kept is not None:
            response.status_code = 200
            return AnalyzeAnswer(status="done", cached=True, findings=kept)
        job_id = await self.database.write("ai.analyze", self._enqueue, row, question)
        self.wake()
        return await self._wait(caller, row, job_id, wait, response)

    async def findings(
        self,
        file_id: FileId,
        caller: CallerDep,
        earlier: Annotated[bool, Query(description="Also what other models, or other options, said before.")] = False,
    ) -> FindingsView:
        """The newest finding of each capability, with evidence; with `earlier` beside the last five that differ in model."""
        row = await self.file(caller, file_id)
        rows = await self.database.read(repository.findings, caller.owner_id, file_id, row["version"])
        before: list[RowMapping] = []
        if earlier:
            before = await self.database.read(repository.earlier, caller.owner_id, file_id, row["version"])
        return FindingsView(
            file_id=file_id,
            version=row["version"],
            analyzed_at=max((one["found_at"] for one in rows), default=None),
            items=[Finding.model_validate(one["finding"]) for one in rows],
            earlier=[EarlierFinding.model_validate(one["finding"] | {"found_at": one["found_at"]}) for one in before]
            if earlier
            else None,
        )

    async def reprocess(self, asked: ReprocessRequest, caller: CallerDep) -> ReprocessAnswer:
        """A page of the caller's files at a time: the ones that fit go to the bulk lane, or are only counted."""
        return await self.reprocessing.some(caller.owner_id, asked)

    async def models(self, _caller: CallerDep) -> Models:
        """What each capability runs on, what would be better, and what it takes to have it; `loaded` where a worker has it."""
        broken = [
            Model(
                id=one.name, version="", capability="unknown", rank=0, state="failed", quality="basic", runtime="", licence="",
                reason=one.reason,
            )
            for one in self.registry.broken
        ]  # fmt: skip
        told = await self.database.read(repository.models_told)
        return Models(items=[_shown(model, told.get(model.entry.id)) for model in self.registry.list()] + broken)

    async def _wait(
        self, caller: Caller, row: RowMapping, job_id: str, wait_s: int, response: Response
    ) -> AnalyzeAnswer:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + wait_s
        state = "queued"
        while loop.time() < until_s:
            job = await self.database.read(job_queue.get, caller.owner_id, job_id)
            state = job["state"] if job else "cancelled"
            if state not in ("queued", "running"):
                break
            await asyncio.sleep(LOOK_EVERY_S)
        if state in ("queued", "running") and not wait_s:
            return AnalyzeAnswer(job_id=job_id, status="queued")
        rows = await self.database.read(repository.findings, caller.owner_id, row["file_id"], row["version"])
        found = [Finding.model_validate(one["finding"]) for one in rows]
        if state in ("queued", "running"):
            return AnalyzeAnswer(job_id=job_id, status="timeout", cached=bool(found), last=found or None)
        response.status_code = 200
        return AnalyzeAnswer(job_id=job_id, status=state, findings=found if state == "done" else None)

    def _kept(self, tx: Tx, owner_id: str, row: RowMapping, question: AnalyzeRequest) -> list[Finding] | None:
        """The answer to the same question, if every part of it is kept and made by the models in force."""
        key = options_key(question.capabilities, question.options)
        found = {one["capability"]: one for one in repository.findings(tx, owner_id, row["file_id"], row["version"])}
        wanted = jobs.wanted(self.registry, question.capabilities)
        if any(name not in found or found[name]["options"] != key for name in wanted):
            return None
        findings = [Finding.model_validate(found[name]["finding"]) for name in wanted]
        return findings if all(jobs.still_holds(self.registry, finding) for finding in findings) else None

    def _enqueue(self, tx: Tx, row: RowMapping, question: AnalyzeRequest) -> str:
        if job_queue.counts(tx).get("queued", 0) >= self.settings.ai_queue_most:
            raise JobQueueFull(retry_after_s=30)
        if known.get(tx, row["file_id"]) is None:
            facts = {name: row[name] for name in ("filename", "content_type", "size", "sha256", "uploaded_at")}
            # Version 0: the news of the upload, when it comes, is newer than this stand-in.
            known.learn(tx, row["file_id"], row["owner_id"], 0, "", **facts, **NEW_VERSION)
        ready = bool(row["processed_run"])
        return jobs.enqueue(
            tx, row, lane=INTERACTIVE, cause="asked", deadline_s=self.settings.ai_deadline_s,
            wait_s=0.0 if ready else self.settings.analysis_deadline_s,
            capabilities=question.capabilities, options=question.options,
        )  # fmt: skip

    async def file(self, caller: Caller, file_id: str) -> RowMapping:
        """What is known of a file of the caller. Raises `NotFound`, and `Unavailable` where nobody can say."""
        row = await self.database.read(known.living, caller.owner_id, file_id)
        if row is not None:
            return row
        file = await self.upload.get_json(f"/files/{file_id}")
        if file is None:
            raise NotFound("There is no such file.")
        return {**file, "uploaded_at": None, "processed_run": 0}  # type: ignore[return-value]


def _shown(model: RegistryModel, told: tuple[str, str | None] | None) -> Model:
    """A model as it is on this machine's shelf; where it is ready, as the workers say it is."""
    shown = Model.model_validate(model.as_json())
    return shown.model_copy(update={"state": told[0], "reason": told[1]}) if told and model.state == "ready" else shown
