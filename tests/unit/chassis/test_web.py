"""The edge of every service: ids, problems, bounds on bodies, health."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Request

from filemill.chassis import errors
from filemill.chassis.background import Background
from filemill.chassis.messaging.memory_transport import MemoryTransport
from filemill.chassis.resilience import deadline
from filemill.chassis.web.app import build_app
from filemill.chassis.web.edge import BODY_MOST_BYTES
from filemill.chassis.web.health import Dependency, HealthState
from support.asgi import running

router = APIRouter()


@router.get("/bug")
async def bug() -> None:
    """A fault of ours."""
    raise RuntimeError("secret detail in /src/filemill")


@router.get("/away")
async def away() -> None:
    """A dependency is away."""
    raise errors.Unavailable("The store is away.", retry_after_s=7)


@router.post("/body")
async def body(request: Request) -> dict[str, int]:
    """Reads a body."""
    return {"size": len(await request.body())}


@router.get("/number")
async def number(value: int) -> int:
    """Takes a number."""
    return value


@router.get("/left")
async def left() -> float:
    """How long the caller still waits."""
    return deadline.left_s(3600.0)


class Broken:
    """A dependency that a test can break."""

    def __init__(self) -> None:
        self.problem: str | None = None

    async def check(self) -> None:
        if self.problem:
            raise errors.Unavailable(self.problem)


@pytest.fixture
def needed() -> Broken:
    return Broken()


@pytest.fixture
def useful() -> Broken:
    return Broken()


@pytest.fixture
async def client(needed: Broken, useful: Broken) -> AsyncIterator[httpx.AsyncClient]:
    async def nothing() -> None:
        return

    dependencies = {"database": Dependency(needed.check), "search": Dependency(useful.check, needed=False)}
    state = HealthState("upload", dependencies, Background(), MemoryTransport())
    app = build_app(state, [router], summary="Test.", start=nothing, stop=nothing)
    async with running(app) as made:
        yield made


async def test_request_when_it_brings_ids_then_they_come_back_and_else_they_are_made(client: httpx.AsyncClient) -> None:
    """Every answer has a request id to quote."""
    assert (await client.get("/livez", headers={"X-Request-ID": "mine-1"})).headers["x-request-id"] == "mine-1"
    made = [(await client.get("/livez", headers={"X-Request-ID": "not ok"})).headers["x-request-id"] for _ in range(2)]
    assert len({*made, "not ok"}) == 3


async def test_request_when_it_has_a_deadline_then_the_work_for_it_knows(client: httpx.AsyncClient) -> None:
    """A calling service says how long it waits; without that nobody is in a hurry."""
    assert 0 < (await client.get("/left", headers={deadline.HEADER: "500"})).json() <= 0.5
    assert (await client.get("/left")).json() == 3600.0


@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        ("GET /bug", 500, "internal-error"),
        ("GET /away", 503, "dependency-unavailable"),
        ("GET /nothing", 404, "not-found"),
        ("PUT /away", 405, "method-not-allowed"),
        ("GET /number?value=x", 400, "bad-request"),
        ("GET /number", 400, "bad-request"),
        ("POST /parked/x/retry", 404, "not-found"),
    ],
)
async def test_error_when_anything_goes_wrong_then_it_is_a_problem_without_inner_detail(
    client: httpx.AsyncClient, line: str, status: int, code: str
) -> None:
    """One shape for every error, also for a fault of ours."""
    method, address = line.split(" ")
    answer = await client.request(method, address)
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text
    assert answer.headers.get("retry-after") == ("7" if code == "dependency-unavailable" else None)


async def test_body_when_it_is_over_the_bound_then_413_from_the_header_or_while_it_comes(
    client: httpx.AsyncClient,
) -> None:
    """What is no file is small, whatever its headers say."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(BODY_MOST_BYTES // 1000 + 2):
            yield b"x" * 1000

    assert (await client.post("/body", content=bytes(BODY_MOST_BYTES))).json() == {"size": BODY_MOST_BYTES}
    for content in (bytes(BODY_MOST_BYTES + 1), pieces()):
        answer = await client.post("/body", content=content)
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


async def test_health_when_a_dependency_is_away_then_down_or_degraded_with_the_reason(
    client: httpx.AsyncClient, needed: Broken, useful: Broken
) -> None:
    """503 only when the service cannot do its job."""
    fine = await client.get("/health")
    assert (fine.status_code, fine.json()["status"], fine.json()["service"]) == (200, "ok", "upload")
    useful.problem = "The index is away."
    less = await client.get("/health")
    assert (less.status_code, less.json()["status"]) == (200, "degraded")
    assert less.json()["dependencies"]["search"] == {"status": "degraded", "detail": "The index is away."}
    needed.problem = "The database is away."
    down = await client.get("/health")
    assert (down.status_code, down.json()["status"]) == (503, "down")
    assert (await client.get("/livez")).status_code == 200
    assert (await client.get("/readyz")).status_code == 200


async def test_docs_when_there_is_a_prefix_then_addresses_carry_it(client: httpx.AsyncClient) -> None:
    """Swagger UI works at the port of the service and behind the gateway."""
    plain = (await client.get("/docs")).text
    assert "'/openapi.json'" in plain
    assert "servers" not in (await client.get("/openapi.json")).json()
    behind = {"X-Forwarded-Prefix": "/api/upload"}
    assert "/api/upload/docs-assets/swagger-ui-bundle.js" in (await client.get("/docs", headers=behind)).text
    assert (await client.get("/openapi.json", headers=behind)).json()["servers"] == [{"url": "/api/upload"}]
    assert (await client.get("/docs-assets/swagger-ui.css")).status_code == 200
