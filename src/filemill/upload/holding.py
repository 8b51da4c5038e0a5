"""The HTTP face of legal holds: place, look, release, list."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response

from filemill.chassis.database.database import Database
from filemill.chassis.errors import BadRequest, Forbidden, NotFound
from filemill.chassis.web import pagination
from filemill.chassis.web.caller import CallerDep
from filemill.chassis.web.pagination import CursorQuery, LimitQuery
from filemill.contracts.holds import HeldFile, HeldPage, HoldRequest, LegalHold
from filemill.contracts.ids import FileId, is_id
from filemill.upload import holds_repository, legal_holds


@dataclass(frozen=True, slots=True)
class Holding:
    """The handlers and what they need."""

    database: Database

    def router(self) -> APIRouter:
        """Every route of this room."""
        router = APIRouter(tags=["holds"])
        add = router.add_api_route
        path = "/files/{file_id}/hold"
        add(path, self.place, methods=["POST"], status_code=201, response_model=LegalHold,
            responses={200: {"model": LegalHold, "description": "It was held for this reason already."}},
            summary="Place a legal hold: the file cannot be deleted")  # fmt: skip
        add(path, self.get, methods=["GET"], response_model=LegalHold, summary="The hold a file is under")
        add(path, self.release, methods=["DELETE"], status_code=204, summary="Release a legal hold")
        add("/holds", self.list, methods=["GET"], response_model=HeldPage, summary="Files under a legal hold")
        return router

    async def place(self, file_id: FileId, asked: HoldRequest, response: Response, caller: CallerDep) -> LegalHold:
        """For owners and admins. Works in the trash, too. A second one for another reason is 409."""
        row, is_new = await self.database.write("upload.hold", legal_holds.place, caller, file_id, asked.reason)
        response.status_code = 201 if is_new else 200
        return LegalHold.model_validate(row["hold"])

    async def get(self, file_id: FileId, caller: CallerDep) -> LegalHold:
        """404 if there is none."""
        row = await self.database.read(legal_holds.find, caller, file_id)
        if row["hold"] is None:
            raise NotFound("The file is under no legal hold.")
        return LegalHold.model_validate(row["hold"])

    async def release(self, file_id: FileId, caller: CallerDep) -> Response:
        """Only who placed it, or an admin. What was to go with its parent, and could not, goes now."""
        await self.database.write("upload.release", legal_holds.release, caller, file_id)
        return Response(status_code=204)

    async def list(
        self,
        caller: CallerDep,
        everyone: Annotated[bool, Query(description="Of every owner; for admins.")] = False,
        limit: LimitQuery = pagination.LIMIT_DEFAULT,
        cursor: CursorQuery = None,
    ) -> HeldPage:
        """By id, those in the trash too."""
        if everyone and not caller.is_admin:
            raise Forbidden("Only an admin sees the holds of everybody.")
        place = pagination.decode(cursor, str)
        after = str(place[0]) if place else None
        if after is not None and not is_id(after):
            raise BadRequest("cursor: not one that this list gave out")
        owner_id = None if everyone else caller.owner_id
        rows = await self.database.read(holds_repository.page, owner_id, limit + 1, after)
        more = pagination.encode(rows[limit - 1]["file_id"]) if len(rows) > limit else None
        items = [HeldFile.model_validate({name: row[name] for name in HeldFile.model_fields}) for row in rows[:limit]]
        return HeldPage(items=items, next_cursor=more)
