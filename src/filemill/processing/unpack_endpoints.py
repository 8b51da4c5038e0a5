"""The HTTP face of unpacking: ask for it, see what became of each part."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import RowMapping

from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.errors import NotFound
from filemill.chassis.jobs.endpoints import job_view
from filemill.chassis.web import pagination
from filemill.chassis.web.caller import CallerDep
from filemill.chassis.web.pagination import CursorQuery, LimitQuery
from filemill.contracts.ids import FileId
from filemill.contracts.jobs import Job
from filemill.contracts.processing import Part, PartPage, UnpackRequest
from filemill.contracts.upload import Reason
from filemill.processing import parts_repository, unpacking
from filemill.processing.repository import job_queue, known


@dataclass(frozen=True, slots=True)
class UnpackEndpoints:
    """The handlers and what they need. `wake` tells the workers that something is due."""

    database: Database
    wake: Callable[[], None]

    def router(self) -> APIRouter:
        """Its routes."""
        router = APIRouter(tags=["processing"])
        add = router.add_api_route
        add("/files/{file_id}/unpack", self.unpack, methods=["POST"], status_code=202, response_model=Job,
            summary="Make files of what is in an archive or a mail")  # fmt: skip
        add("/files/{file_id}/parts", self.parts, methods=["GET"], response_model=PartPage,
            summary="What was taken out of a file, and what became of it")  # fmt: skip
        return router

    async def unpack(
        self,
        file_id: FileId,
        request: Request,
        response: Response,
        caller: CallerDep,
        asked: UnpackRequest | None = None,
    ) -> Job:
        """Behind new uploads. Asked again for the same, it is the same job; a part that is a file already stays that file.

        `paths`: as `properties.archive.entries` names them; all of it without. The parts become files that follow this one.
        """
        paths = asked.paths if asked else None

        def ask(tx: Tx) -> RowMapping:
            hold(tx, file_id)
            _living(tx, caller.owner_id, file_id)
            job_id = unpacking.ask(tx, caller.owner_id, file_id, paths)
            row = job_queue.get(tx, caller.owner_id, job_id)
            assert row is not None
            return row

        row = await self.database.write("processing.unpack", ask)
        self.wake()
        prefix = request.headers.get("x-forwarded-prefix", "").rstrip("/")
        response.headers["Location"] = f"{prefix}/jobs/{row['job_id']}"
        return job_view(row)

    async def parts(
        self,
        file_id: FileId,
        caller: CallerDep,
        limit: LimitQuery = pagination.LIMIT_DEFAULT,
        cursor: CursorQuery = None,
    ) -> PartPage:
        """Of the newest version, in the order in which they are in it."""

        def read(tx: Tx) -> list[RowMapping]:
            version = _living(tx, caller.owner_id, file_id)["version"]
            return parts_repository.page(tx, file_id, version, limit + 1, pagination.decode_number(cursor))

        rows = await self.database.read(read)
        more = pagination.encode_number(rows[limit - 1]["number"]) if len(rows) > limit else None
        return PartPage(items=[_view(row) for row in rows[:limit]], next_cursor=more)


def _living(tx: Tx, owner_id: str, file_id: str) -> RowMapping:
    row = known.living(tx, owner_id, file_id)
    if row is None:
        raise NotFound("There is no such file.")
    return row


def _view(row: RowMapping) -> Part:
    shown: dict[str, Any] = {name: row[name] for name in Part.model_fields if name in row}
    if row["reason_code"]:
        waits = row["state"] == parts_repository.WAITING
        shown["reason"] = Reason(code=row["reason_code"], detail=row["reason_detail"] or "", retryable=waits)
    return Part.model_validate(shown)
