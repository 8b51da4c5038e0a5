"""Vectors over HTTP: those of a file's text, kept by its analysis, and those of a question, made now.

Each answer is of one model and names it: vectors of two cannot be compared. On failure: `no-embeddings` and `no-model` (404)
say what is missing, `model-busy` (429) and `model-failed` (503) that asking again may help.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import RowMapping

from filemill.ai import repository
from filemill.ai.errors import ModelAway, ModelBusy, NoEmbeddings, NoModel
from filemill.ai.models.host import ModelHost
from filemill.ai.models.loading import QUEUE_FULL, ModelFailed
from filemill.ai.models.registry import Registry
from filemill.ai.served import is_served
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.resilience import deadline
from filemill.chassis.web.caller import Caller, CallerDep, ReaderDep
from filemill.contracts.ai import EmbedAnswer, EmbeddedChunk, EmbeddingsView, EmbedRequest, Finding
from filemill.contracts.ids import FileId

EMBED_MOST_S = 30.0
VECTORS_MOST = 200
"""Of one answer; some 400 kB."""

_Vectors = tuple[Finding, list[RowMapping]]


@dataclass(frozen=True, slots=True)
class EmbeddingsEndpoints:
    """The handlers and what they need; `file` finds a file of the caller, or raises."""

    database: Database
    registry: Registry
    models: ModelHost
    file: Callable[[Caller, str], Awaitable[RowMapping]]

    def router(self) -> APIRouter:
        """Their routes."""
        router = APIRouter(tags=["ai"])
        add = router.add_api_route
        add(
            "/files/{file_id}/embeddings",
            self.embeddings,
            methods=["GET"],
            response_model=EmbeddingsView,
            summary="Vectors of the text",
        )
        add("/embed", self.embed, methods=["POST"], response_model=EmbedAnswer, summary="Vectors of a question")
        return router

    async def embeddings(
        self,
        file_id: FileId,
        caller: CallerDep,
        limit: Annotated[int, Query(ge=1, le=VECTORS_MOST)] = VECTORS_MOST,
        cursor: Annotated[int, Query(ge=0, description="`next_cursor` of the page before.")] = 0,
    ) -> EmbeddingsView:
        """A page of them. 404 `no-embeddings` while the text has none."""
        row = await self.file(caller, file_id)
        page = await self.database.read(self._vectors, caller.owner_id, row, cursor - 1, limit + 1)
        if page is None:
            raise NoEmbeddings
        finding, rows = page
        return EmbeddingsView(
            file_id=file_id,
            version=row["version"],
            model=finding.model or "",
            model_version=finding.model_version or "",
            model_digest=finding.model_digest or "",
            dimensions=finding.result["dimensions"],
            items=[
                EmbeddedChunk(
                    chunk=one["chunk"], page=one["page"], start=one["first"], end=one["behind"],
                    vector=base64.b64encode(one["vector"]).decode(),
                )
                for one in rows[:limit]
            ],
            next_cursor=str(rows[limit]["chunk"]) if len(rows) > limit else None,
        )  # fmt: skip

    def _vectors(self, tx: Tx, owner_id: str, row: RowMapping, after: int, most: int) -> _Vectors | None:
        """The finding and its vectors, read together: they are of one model."""
        found = {one["capability"]: one for one in repository.findings(tx, owner_id, row["file_id"], row["version"])}
        finding = Finding.model_validate(found["embeddings"]["finding"]) if "embeddings" in found else None
        if finding is None or finding.state != "done":
            return None
        return finding, repository.vectors_page(tx, owner_id, row["file_id"], row["version"], after, most)

    async def embed(self, asked: EmbedRequest, _caller: ReaderDep) -> EmbedAnswer:
        """As the chunks of files are: by the best model there is, loaded when first asked."""
        model = self.registry.best("embeddings")
        if model is None or not is_served(model):
            command = f" `{model.pull_command}` fetches one." if model and model.pull_command else ""
            raise NoModel(f"No model makes vectors here.{command}")
        try:
            async with asyncio.timeout(deadline.left_s(EMBED_MOST_S)):
                answers = await self.models.ask(model, asked.texts)
        except TimeoutError as error:
            raise ModelAway("The model did not answer in time.") from error
        except ModelFailed as error:
            raise (ModelBusy if error.code == QUEUE_FULL else ModelAway)(error.detail, retry_after_s=5) from error
        vectors = [str(answer["vector"]) for answer in answers]
        return EmbedAnswer(
            model=model.entry.id, model_version=model.entry.version, model_digest=model.digest,
            dimensions=len(base64.b64decode(vectors[0])) // 4, vectors=vectors,
        )  # fmt: skip
