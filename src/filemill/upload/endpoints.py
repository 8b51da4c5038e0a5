"""The HTTP face of what happens to files once they are here: list, look, delete, restore, count.

Not for: bytes on their way in (`arrivals`) and out (`contents`).
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from filemill.chassis.clock import now
from filemill.chassis.database.database import Database
from filemill.chassis.errors import NotFound
from filemill.chassis.web import pagination
from filemill.chassis.web.caller import Caller, CallerDep
from filemill.chassis.web.pagination import CursorQuery, LimitQuery
from filemill.contracts.ids import FileId, Id
from filemill.contracts.upload import File, FilePage, Limits, Purge, Stats, VersionPage
from filemill.upload import legal_holds, purges_repository, repository, rules, versions_repository
from filemill.upload import purge as purging
from filemill.upload.errors import UnderHold
from filemill.upload.lifecycle import move
from filemill.upload.room import Room
from filemill.upload.settings import UploadSettings
from filemill.upload.views import Links, file_view, purge_view, version_view

_PURGING: dict[int | str, dict[str, Any]] = {
    202: {"model": Purge, "description": "With `?purge=true`: under way; `Location` says how far it is."}
}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The handlers and what they need."""

    database: Database
    settings: UploadSettings
    room: Room

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
        add(
            "/files/{file_id}",
            self.trash,
            methods=["DELETE"],
            status_code=204,
            responses=_PURGING,
            summary="Delete a file",
        )
        add("/files/{file_id}/restore", self.restore, methods=["POST"], response_model=File, summary="Undo a delete")
        add("/files/{file_id}/versions", self.versions, methods=["GET"], response_model=VersionPage,
            summary="Every content a file has had")  # fmt: skip
        add("/purges/{purge_id}", self.get_purge, methods=["GET"], response_model=Purge, summary="How far a purge is")
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

    async def trash(
        self, file_id: FileId, request: Request, caller: CallerDep, purge: Annotated[bool, Query()] = False
    ) -> Response:
        """The file goes to the trash, from where `restore` brings it back. `?purge=true`: gone for good, everywhere.

        423 `locked` names the legal hold that it is under.
        """
        try:
            if not purge:
                await self.database.write("upload.trash", move, caller, file_id, now())
                return Response(status_code=204)
            purge_id = await self.database.write("upload.purge", purging.begin, caller, file_id, "asked")
        except UnderHold:
            asked: legal_holds.Asked = "purged" if purge else "deleted"
            await self.database.write("upload.hold.refused", legal_holds.refused, caller, file_id, asked)
            raise
        location = f"{Links.of(request, self.settings).upload}/purges/{purge_id}"
        body = (await self._purge(caller, purge_id)).model_dump_json()
        return Response(body, 202, {"Location": location}, "application/json")

    async def get_purge(self, purge_id: Id, caller: CallerDep) -> Purge:
        """Which services have confirmed, what they removed, and `done_at` once all have."""
        return await self._purge(caller, purge_id)

    async def _purge(self, caller: Caller, purge_id: str) -> Purge:
        found = await self.database.read(purges_repository.find, caller.owner_id, purge_id)
        if found is None:
            raise NotFound("There is no such purge.")
        return purge_view(*found, purging.SERVICES)

    async def versions(
        self,
        file_id: FileId,
        request: Request,
        caller: CallerDep,
        limit: LimitQuery = pagination.LIMIT_DEFAULT,
        cursor: CursorQuery = None,
    ) -> VersionPage:
        """Newest first. A file that waits in the spool has none yet."""
        await self._row(caller, file_id)
        before = pagination.decode_number(cursor)
        rows = await self.database.read(versions_repository.versions_of, file_id, limit + 1, before)
        links = Links.of(request, self.settings)
        more = pagination.encode_number(rows[limit - 1]["version"]) if len(rows) > limit else None
        return VersionPage(items=[version_view(row, links) for row in rows[:limit]], next_cursor=more)

    async def restore(self, file_id: FileId, request: Request, caller: CallerDep) -> File:
        """Bring a file back from the trash."""
        row = await self.database.write("upload.restore", move, caller, file_id, None)
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
            bytes_stored=await self.database.read(versions_repository.stored_bytes, caller.owner_id),
            uploads_today=today,
            by_type={kind: count for kind, (count, _) in sorted(by_type.items())},
        )

    async def limits(self, caller: CallerDep) -> JSONResponse:
        """Sizes in bytes; `used_bytes` is what counts against the quota: every version, the trash included."""
        used = await self.database.read(versions_repository.used_bytes, caller.owner_id)
        return JSONResponse(rules.limits(self.settings, self.room, used).model_dump())

    async def _row(self, caller: Caller, file_id: str) -> Any:
        row = await self.database.read(repository.get, caller.owner_id, file_id)
        if row is None:
            raise NotFound("There is no such file.")
        return row
