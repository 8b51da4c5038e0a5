"""The HTTP face of sharing by link: make, list, take back, and what such a link opens."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import RowMapping

from filemill.chassis.access_journal import SHARE
from filemill.chassis.clock import now
from filemill.chassis.database.database import Tx
from filemill.chassis.errors import FilemillError, NotFound
from filemill.chassis.web import pagination
from filemill.chassis.web.caller import CallerDep, VisitorDep, WriterDep, address_of
from filemill.chassis.web.origin import origin_of
from filemill.chassis.web.pagination import CursorQuery, LimitQuery
from filemill.contracts.ids import FileId, Id, is_id
from filemill.contracts.links import CreatedShare, NewShare, Share, SharePage
from filemill.contracts.problems import Problem
from filemill.contracts.upload import FileAccessed
from filemill.upload import repository, shares, shares_repository
from filemill.upload.contents import Contents, find_file

SECRET_MOST_CHARACTERS = 100
_ROBOTS = "noindex, nofollow"
"""Who has the address has the file: no search engine that comes upon it shall keep it."""
_OPENED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"*/*": {}}}, 206: {"description": "A range."}, 304: {},
    403: {"model": Problem, "description": "Expired, taken back, or no link of ours."},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sharing:
    """The handlers and what they need."""

    contents: Contents

    def router(self) -> APIRouter:
        """Every route of this room."""
        router = APIRouter(tags=["shares"])
        add = router.add_api_route
        path = "/files/{file_id}/shares"
        add(path, self.make, methods=["POST"], status_code=201, response_model=CreatedShare,
            summary="Share a file by a link that can be taken back")  # fmt: skip
        add(path, self.list, methods=["GET"], response_model=SharePage, summary="The links to a file")
        add(path + "/{share_id}", self.revoke, methods=["DELETE"], status_code=204, summary="Take a link back")
        shared = "/shared/{share_id}"
        add(shared, self.open, methods=["GET"], responses=_OPENED, dependencies=[VisitorDep],
            summary="What such a link opens")  # fmt: skip
        add(shared, self.open, methods=["HEAD"], include_in_schema=False, dependencies=[VisitorDep])
        return router

    async def make(self, file_id: FileId, asked: NewShare, request: Request, caller: CallerDep) -> CreatedShare:
        """The address is told this once. Whoever has it reads the file until it expires or is taken back."""
        most = timedelta(days=self.contents.settings.share_days_most)
        try:
            row, secret = await self.contents.database.write("upload.share", shares.make, caller, file_id, asked, most)
        except NotFound:
            await self.contents.journal.refused(repository.owner_of, file_id, "share", caller)
            raise
        url = f"{origin_of(request, self.contents.settings)}/shared/{row['share_id']}?secret={secret}"
        return CreatedShare(url=url, **_shown(row))

    async def list(
        self, file_id: FileId, caller: CallerDep, limit: LimitQuery = pagination.LIMIT_DEFAULT, cursor: CursorQuery = None
    ) -> SharePage:  # fmt: skip
        """Newest first; those that ended, too, for a while."""
        before = pagination.decode(cursor, str)
        rows = await self.contents.database.read(
            _page, caller.owner_id, file_id, limit + 1, str(before[0]) if before else None
        )
        more = pagination.encode(rows[limit - 1]["share_id"]) if len(rows) > limit else None
        return SharePage(items=[Share(**_shown(row)) for row in rows[:limit]], next_cursor=more)

    async def revoke(self, file_id: FileId, share_id: Id, caller: WriterDep) -> Response:
        """It opens nothing from then on, in any instance; a download that has begun goes on to its end."""
        await self.contents.database.write("upload.unshare", shares.revoke, caller, file_id, share_id)
        return Response(status_code=204)

    async def open(
        self,
        share_id: str,
        request: Request,
        secret: Annotated[str, Query(max_length=SECRET_MOST_CHARACTERS)] = "",
    ) -> Response:
        """The bytes, with `Range`, `If-None-Match` and `HEAD` as for the content. 404 once the file is in the trash."""
        wanted = share_id if is_id(share_id) else ""
        share = await self.contents.database.read(shares.find, wanted, secret)
        opened = FileAccessed(
            file_id=share["file_id"], owner_id=share["owner_id"], actor=SHARE, action="share-open",
            client_address=address_of(request), version=share["version"], share_id=share["share_id"],
        )  # fmt: skip
        try:
            shares.check(share, now())
        except FilemillError as error:
            await self.contents.journal.note(opened.model_copy(update={"outcome": "refused", "reason": error.code}))
            raise
        row = await self.contents.database.read(find_file, repository.find_signed, share["file_id"], share["version"])
        opened = opened.model_copy(update={"version": row["version"]})
        await self.contents.must_be_served(row, opened)
        answer = await self.contents.answer(request, row, opened)
        answer.headers["X-Robots-Tag"] = _ROBOTS
        return answer


def _page(tx: Tx, owner_id: str, file_id: str, limit: int, before: str | None) -> list[RowMapping]:
    if repository.get(tx, owner_id, file_id) is None:
        raise NotFound("There is no such file.")
    return shares_repository.page(tx, owner_id, file_id, limit, before)


def _shown(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in Share.model_fields if name in row} | {"state": shares.state_of(row, now())}
