"""A route answered ahead of the framework: what a caller sees is what the framework's own way would show."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, Request, Response

from filemill.chassis import errors
from filemill.chassis.background import Background
from filemill.chassis.messaging.memory_transport import MemoryTransport
from filemill.chassis.telemetry import metrics
from filemill.chassis.web.app import build_app
from filemill.chassis.web.caller import CallerDep
from filemill.chassis.web.direct import DirectRoute
from filemill.chassis.web.health import HealthState
from filemill.contracts.ids import FileId
from support.asgi import running

PATH = "/things/{file_id}"
FOUND, MISSING, AWAY, BROKEN = (f"01a2096e-47bb-75ce-bf67-b6207db3040{number}" for number in range(4))


async def thing(file_id: FileId, request: Request, caller: CallerDep) -> Response:
    """What there is."""
    if file_id == MISSING:
        raise errors.NotFound("There is no such thing.")
    if file_id == AWAY:
        raise errors.Unavailable("The store is away.", retry_after_s=7)
    if file_id == BROKEN:
        raise RuntimeError("secret detail")
    body = (
        f'{{"id": "{file_id}", "owner": "{caller.owner_id}", "prefix": "{request.headers.get("x-forwarded-prefix")}"}}'
    )
    return Response(body, media_type="application/json", headers={"ETag": '"r1"'})


async def delete(file_id: FileId) -> dict[str, str]:
    """Another method of the same address."""
    return {"deleted": file_id}


def _router() -> APIRouter:
    router = APIRouter()
    router.add_api_route(PATH, thing, methods=["GET"])
    router.add_api_route(PATH, delete, methods=["DELETE"])
    router.add_api_route(PATH + "/more", thing, methods=["GET"])
    return router


async def _stop() -> None:
    return None


@pytest.fixture(params=["direct", "framework"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    state = HealthState("test", {}, Background(), MemoryTransport())
    direct = [DirectRoute(PATH, thing)] if request.param == "direct" else []
    async with running(build_app(state, [_router()], summary="Test.", stop=_stop, direct=direct)) as made:
        yield made


async def test_get_when_asked_either_way_then_the_answer_is_the_same(client: httpx.AsyncClient) -> None:
    """Status, headers and body; the request's own id comes back, and it is counted under the route's name."""
    labels = {"method": "GET", "route": PATH, "status": "200"}
    counted = metrics.REQUESTS.labels(**labels)._value.get()
    answer = await client.get(f"/things/{FOUND}", headers={"X-Request-Id": "r-1", "X-Forwarded-Prefix": "/api/x"})
    assert answer.status_code == 200
    assert answer.json() == {"id": FOUND, "owner": "local", "prefix": "/api/x"}
    assert dict(answer.headers) == {
        "content-type": "application/json",
        "content-length": str(len(answer.content)),
        "etag": '"r1"',
        "x-request-id": "r-1",
        "x-content-type-options": "nosniff",
        "x-frame-options": "SAMEORIGIN",
        "referrer-policy": "same-origin",
        "cache-control": "private, no-cache",
    }
    assert metrics.REQUESTS.labels(**labels)._value.get() == counted + 1


@pytest.mark.parametrize(
    ("file_id", "status", "code"),
    [
        (MISSING, 404, "not-found"),
        (AWAY, 503, "dependency-unavailable"),
        (BROKEN, 500, "internal-error"),
        ("no-id", 404, "not-found"),
        (FOUND.upper(), 404, "not-found"),
    ],
)
async def test_get_when_it_fails_either_way_then_the_problem_is_the_same(
    client: httpx.AsyncClient, file_id: str, status: int, code: str
) -> None:
    """Known errors, bugs, and ids of another form."""
    answer = await client.get(f"/things/{file_id}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert answer.headers.get("retry-after") == ("7" if file_id == AWAY else None)
    assert "secret" not in answer.text


async def test_other_methods_and_longer_addresses_when_asked_then_the_framework_answers(
    client: httpx.AsyncClient,
) -> None:
    """Only the very GET is taken out of its hands."""
    assert (await client.delete(f"/things/{FOUND}")).json() == {"deleted": FOUND}
    assert (await client.get(f"/things/{FOUND}/more")).json()["id"] == FOUND
    assert (await client.put(f"/things/{FOUND}")).status_code == 405
    assert (await client.head(f"/things/{FOUND}")).status_code == 405
    assert PATH in (await client.get("/openapi.json")).json()["paths"]
