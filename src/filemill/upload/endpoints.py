"""The HTTP face of what happens to files once they are here: list, look, delete, restore, count (CONTRACT section 3).

Not for: bytes on their way in (`arrivals`) and out (`contents`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from filemill.chassis.clock import now
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import BadRequest, NotFound
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.web import pagination
from filemill.chassis.web.caller import Caller, CallerDep
from filemill.chassis.web.pagination import CursorQuery, LimitQuery
from filemill.contracts.ids import FileId
from filemill.contracts.topics import Topic
from filemill.contracts.upload import File, FileLifecycle, FilePage, Limits, Stats
from filemill.upload import repository, rules
from filemill.upload.settings import UploadSettings
from filemill.upload.views import Links, file_view


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The handlers and what they need."""

    database: Database
    settings: UploadSettings

    def router(self) -> APIRouter:
        """Every route of this service."""
        router = APIRouter(tags=["files"])
        add = router.add_api_route
        add(
            "/files",
            self.list_files,
            methods=["GET"],
            response_model=FilePage,
            summary="The caller's files, newest first",
        )
        add("/files/", self.list_files, methods=["GET"], include_in_schema=False)
        add("/files/{file_id}", self.get_file, methods=["GET"], response_model=File, summary="One file")
        add("/files/{file_id}", self.trash, methods=["DELETE"], status_code=204, summary="Move a file to the trash")
        add("/files/{file_id}/restore", self.restore, methods=["POST"], response_model=File, summary="Undo a delete")
        add("/stats", self.stats, methods=["GET"], response_model=Stats, summary="The caller's files in numbers")
        add("/limits", self.limits, methods=["GET"], response_model=Limits, summary="Every limit in force")
        return router

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
