"""The HTTP face of erasing an owner: ask for it, see how far it is. For admins."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from filemill.access import erasing, erasures_repository
from filemill.access.settings import AccessSettings
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import BadRequest, NotFound
from filemill.chassis.web import pagination
from filemill.chassis.web.caller import AdminDep
from filemill.chassis.web.pagination import CursorQuery, LimitQuery
from filemill.contracts.erasures import NewOwnerErasure, OwnerErasure, OwnerErasures
from filemill.contracts.ids import Id


@dataclass(frozen=True, slots=True)
class ErasureEndpoints:
    """The handlers and what they need."""

    database: Database
    settings: AccessSettings

    def router(self) -> APIRouter:
        """Every route of this room."""
        router = APIRouter(tags=["erasures"])
        add = router.add_api_route
        add("/erasures", self.erase, methods=["POST"], status_code=202, response_model=OwnerErasure,
            summary="Erase an owner with everything that is kept of them, in every service")  # fmt: skip
        add("/erasures", self.list, methods=["GET"], response_model=OwnerErasures, summary="Erasures, newest first")
        add("/erasures/{erasure_id}", self.get, methods=["GET"], response_model=OwnerErasure,
            summary="How far an erasure is: the receipt")  # fmt: skip
        return router

    async def erase(
        self, asked: NewOwnerErasure, request: Request, response: Response, caller: AdminDep
    ) -> OwnerErasure:
        """At once no key and no session of theirs works, and none can be made until it is done. `Location` says how far it is.

        Asked again it is the same. Files under a legal hold are not erased: they are named, and the erasure waits for them.
        The name comes in the body, since paths are logged.
        """
        if not asked.owner_id.isprintable():
            raise BadRequest("No owner has such a name.")
        erasure_id = await self.database.write("access.erasure.begin", erasing.begin, asked.owner_id, caller.owner_id)
        prefix = request.headers.get("x-forwarded-prefix", "").rstrip("/")
        response.headers["Location"] = f"{prefix}/erasures/{erasure_id}"
        return await self.get(erasure_id, caller)

    async def list(
        self, _caller: AdminDep, limit: LimitQuery = pagination.LIMIT_DEFAULT, cursor: CursorQuery = None
    ) -> OwnerErasures:
        """Those that are done, too: they name nobody."""
        before = pagination.decode(cursor, str)
        rows = await self.database.read(erasures_repository.page, limit + 1, str(before[0]) if before else None)
        more = pagination.encode(rows[limit - 1][0]["erasure_id"]) if len(rows) > limit else None
        return OwnerErasures(items=[erasing.receipt(*row) for row in rows[:limit]], next_cursor=more)

    async def get(self, erasure_id: Id, _caller: AdminDep) -> OwnerErasure:
        """Per service what it removed and whether it has confirmed; which files a legal hold keeps; what remains by design."""
        found = await self.database.read(_find, erasure_id)
        if found is None:
            raise NotFound("There is no such erasure.")
        return found


def _find(tx: Tx, erasure_id: str) -> OwnerErasure | None:
    row = erasures_repository.find(tx, erasure_id)
    return None if row is None else erasing.receipt(row, erasures_repository.said(tx, erasure_id))
