"""`/health`, `/livez`, `/readyz`, `/metrics`, `/parked`: the same in every service.

Liveness says only that the process answers. Readiness says that it has started and is not draining. Health asks each
dependency, at most half a second, and says `degraded` when something is away that the service can do without.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

import structlog
from fastapi import APIRouter, Request, Response

from filemill import __version__
from filemill.chassis import faults
from filemill.chassis.background import Background
from filemill.chassis.errors import FilemillError, NotFound, Unavailable
from filemill.chassis.messaging.transport import ParkingLot
from filemill.chassis.resilience import breaker
from filemill.chassis.telemetry import metrics
from filemill.chassis.web.caller import AdminDep, known
from filemill.chassis.web.measures import Measures
from filemill.chassis.web.pagination import LIMIT_DEFAULT, LimitQuery
from filemill.contracts.health import BreakerHealth, DependencyHealth, Health, ParkedPage
from filemill.contracts.topics import queues_of

CHECK_TIMEOUT_S = 0.5
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something a service leans on. `check` raises when it is away; `needed` False means the service works without."""

    check: Callable[[], Awaitable[str | None]]
    needed: bool = True


@dataclass(slots=True)
class HealthState:
    """What the health endpoints look at. `ready` is set by the app's life; `workers` counts, where that can be said."""

    service: str
    dependencies: dict[str, Dependency] = field(default_factory=dict)
    background: Background | None = None
    parking: ParkingLot | None = None
    measures: Measures | None = None
    workers: Callable[[], int | None] | None = None
    ready: bool = False


def build_router(state: HealthState) -> APIRouter:
    """The endpoints over `state`."""
    router = APIRouter(tags=["operation"])

    @router.get("/health", response_model=Health, summary="Whether this service can do its job, and what it leans on")
    async def health(request: Request, response: Response) -> Health:
        answer = await _health(state)
        if not await _may_see_dependencies(request):
            answer = answer.model_copy(update={"dependencies": {}, "breakers": [], "workers": None})
        response.status_code = 503 if answer.status == "down" else 200
        return answer

    @router.get("/livez", summary="The process answers")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz", summary="Started, and not draining")
    async def readyz() -> dict[str, str]:
        if not state.ready:
            raise Unavailable("The service is starting or draining.")
        return {"status": "ok"}

    @router.get("/metrics", summary="Prometheus metrics of this process", include_in_schema=False)
    async def prometheus(request: Request) -> Response:
        if state.measures is not None:
            await state.measures.take()
        body, media_type = metrics.render(request.headers.get("accept", ""))
        return Response(body, media_type=media_type)

    if state.parking is not None:
        _add_parking(router, state.service, state.parking)
    return router


def _add_parking(router: APIRouter, service: str, parking: ParkingLot) -> None:
    @router.get("/parked", response_model=ParkedPage, summary="Events that failed their last try")
    async def parked(_caller: AdminDep, limit: LimitQuery = LIMIT_DEFAULT) -> ParkedPage:
        items = [message for queue in queues_of(service) for message in await parking.parked(queue, limit)]
        return ParkedPage(items=items[:limit])

    @router.post("/parked/{event_id}/retry", status_code=202, summary="Give a parked event fresh tries")
    async def retry(event_id: str, _caller: AdminDep) -> dict[str, str]:
        for queue in queues_of(service):
            if await parking.release(queue, event_id):
                _log.info("messaging.event.released", queue=queue, event_id=event_id)
                return {"status": "queued"}
        raise NotFound("No parked event has this id.")


async def _health(state: HealthState) -> Health:
    names = list(state.dependencies)
    found = await asyncio.gather(*[_ask(state.dependencies[name]) for name in names])
    dependencies = dict(zip(names, found, strict=True))
    if state.background is not None:
        for loop, problem in state.background.failing.items():
            dependencies[f"loop:{loop}"] = DependencyHealth(status="degraded", detail=problem)
    for fault in faults.on_at(state.service):
        dependencies[f"fault:{fault.name}"] = DependencyHealth(status="degraded", detail=fault.says)
    states = {dependency.status for dependency in dependencies.values()}
    status = "down" if "down" in states else "degraded" if "degraded" in states else "ok"
    return Health(
        status=status,
        service=state.service,
        version=__version__,
        dependencies=dependencies,
        breakers=[_said_of(one) for one in breaker.not_closed()],
        workers=state.workers() if state.workers is not None else None,
    )


def _said_of(one: breaker.Breaker) -> BreakerHealth:
    state: Literal["open", "half-open"] = "half-open" if one.is_probing else "open"
    return BreakerHealth(dependency=one.name, state=state, next_try_s=round(one.next_try_s, 1))


async def _may_see_dependencies(request: Request) -> bool:
    """On the inner network everybody; from outside, by way of the gateway, whoever operates the installation."""
    if "x-forwarded-prefix" not in request.headers:
        return True
    try:
        principal = await known(request)
    except FilemillError:
        return False
    return principal is not None and principal.is_admin


async def _ask(dependency: Dependency) -> DependencyHealth:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            return DependencyHealth(status="ok", detail=await dependency.check())
    except Exception as error:  # noqa: BLE001 - whatever a check raises means "away"; the text goes into the answer
        detail = str(error) or type(error).__name__
        return DependencyHealth(status="down" if dependency.needed else "degraded", detail=detail)
