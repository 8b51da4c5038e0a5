"""Saved searches: named, bounded in number, each of one owner; and what one asks for together with a request.

A saved search is kept as it was typed and read anew each time, so it means what the search language means that day.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from sqlalchemy import RowMapping

from filemill.chassis.bounds import CONTROLS
from filemill.chassis.clock import now
from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.errors import BadRequest, Conflict, NotFound
from filemill.chassis.ids import new_id
from filemill.chassis.web.caller import Caller, CallerDep
from filemill.contracts.ids import is_id
from filemill.contracts.searches import NewSearch, SavedSearch, SavedSearches
from filemill.metadata import saved_repository
from filemill.metadata.asked import asked_of
from filemill.metadata.errors import TooManyKept

SEARCHES_OF_AN_OWNER_MOST = 100
_NONE = "There is no such saved search."


@dataclass(frozen=True, slots=True)
class Saved:
    """The handlers and what they need."""

    database: Database

    def router(self) -> APIRouter:
        """Every route of this room."""
        router = APIRouter(tags=["metadata"])
        add = router.add_api_route
        add(
            "/searches", self.list, methods=["GET"], response_model=SavedSearches, summary="The caller's saved searches"
        )
        add(
            "/searches",
            self.add,
            methods=["POST"],
            status_code=201,
            response_model=SavedSearch,
            summary="Save a search",
        )
        add("/searches/{search_id}", self.remove, methods=["DELETE"], status_code=204, summary="Forget a saved search")
        return router

    async def list(self, caller: CallerDep) -> SavedSearches:
        """By name."""
        rows = await self.database.read(saved_repository.searches_of, caller.owner_id)
        return SavedSearches(items=[_view(row) for row in rows])

    async def add(self, asked: NewSearch, caller: CallerDep) -> SavedSearch:
        """Run it with `GET /files?saved=NAME`. A second one of a name is 409."""
        if not asked.name.strip() or CONTROLS.search(asked.name):
            raise BadRequest("A saved search has a name, without control characters.")
        asked_of(caller.owner_id, asked.query)
        values = asked.model_dump() | {"search_id": new_id(), "owner_id": caller.owner_id, "created_at": now()}
        await self.database.write("metadata.searches.add", _add, values)
        return SavedSearch.model_validate(values)

    async def remove(self, search_id: Annotated[str, Path(max_length=100)], caller: CallerDep) -> Response:
        """Files stay as they are."""
        await self.database.write("metadata.searches.remove", _remove, caller, search_id)
        return Response(status_code=204)


def find(tx: Tx, caller: Caller, name: str) -> SavedSearch:
    """A saved search of the caller's by its name. Raises `NotFound`."""
    row = None if "\0" in name else saved_repository.find(tx, caller.owner_id, name)
    if row is None:
        raise NotFound(_NONE)
    return _view(row)


def _add(tx: Tx, values: dict[str, Any]) -> None:
    owner_id = values["owner_id"]
    hold(tx, f"searches of {owner_id}")
    if saved_repository.count(tx, owner_id) >= SEARCHES_OF_AN_OWNER_MOST:
        raise TooManyKept(f"An owner may have {SEARCHES_OF_AN_OWNER_MOST} saved searches; remove one first.")
    if saved_repository.find(tx, owner_id, values["name"]) is not None:
        raise Conflict(f"There is a saved search {values['name']!r} already.")
    saved_repository.add(tx, values)


def _remove(tx: Tx, caller: Caller, search_id: str) -> None:
    if not is_id(search_id) or not saved_repository.remove(tx, caller.owner_id, search_id):
        raise NotFound(_NONE)


def _view(row: RowMapping) -> SavedSearch:
    return SavedSearch.model_validate({name: row[name] for name in SavedSearch.model_fields})
