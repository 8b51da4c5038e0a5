"""The HTTP face of analytics: the caller's files in numbers, and those of each owner for an admin; as JSON or as a table."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from filemill.chassis.clock import now
from filemill.chassis.database.database import Database
from filemill.chassis.errors import BadRequest
from filemill.chassis.web.caller import AdminDep, CallerDep
from filemill.contracts.analytics import Analytics, OwnerAnalytics
from filemill.metadata.analytics import analytics, by_owner
from filemill.metadata.exporting import numbers_table, owners_table

PERIOD_DEFAULT = timedelta(days=30)
TIME_BEGINS = datetime.min.replace(tzinfo=UTC)
_AS_TABLE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}
Format = Annotated[Literal["json", "csv"], Query()]
From = Annotated[datetime | None, Query(alias="from", description="30 days ago when absent.")]
To = Annotated[datetime | None, Query(alias="to", description="Now when absent.")]


@dataclass(frozen=True, slots=True)
class Reports:
    """The handlers and what they need."""

    database: Database

    def router(self) -> APIRouter:
        """Every route of this room."""
        router = APIRouter(tags=["metadata"])
        add = router.add_api_route
        add("/analytics", self.analytics, methods=["GET"], response_model=Analytics, responses=_AS_TABLE,
            summary="Files in numbers")  # fmt: skip
        add("/analytics/owners", self.owners, methods=["GET"], response_model=OwnerAnalytics, responses=_AS_TABLE,
            summary="What each owner has")  # fmt: skip
        return router

    async def analytics(
        self,
        caller: CallerDep,
        since: From = None,
        until: To = None,
        format: Format = "json",  # noqa: A002 - as elsewhere
    ) -> Any:
        """Whole days (UTC): counts and bytes by day, type, status; failures by reason; times of steps and models; top tags."""
        numbers = await self.database.read(analytics, caller.owner_id, *_period(since, until))
        return _table(numbers_table(numbers), "analytics.csv") if format == "csv" else numbers

    async def owners(
        self,
        _caller: AdminDep,
        since: From = None,
        until: To = None,
        format: Format = "json",  # noqa: A002 - as elsewhere
    ) -> Any:
        """For admins: files and bytes of each owner created on these days, those with most bytes first."""
        numbers = await self.database.read(by_owner, *_period(since, until))
        return _table(owners_table(numbers), "owners.csv") if format == "csv" else numbers


def _period(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    end = _aware(until) or now() + timedelta(minutes=1)
    return _aware(since) or max(end, TIME_BEGINS + PERIOD_DEFAULT) - PERIOD_DEFAULT, end


def _aware(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise BadRequest("A time needs its offset, such as 2026-01-31T00:00:00Z.")
    return moment


def _table(text: str, name: str) -> Response:
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=named)
