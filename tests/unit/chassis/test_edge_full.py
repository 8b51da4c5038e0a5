"""The edge of a service where as many wait for their answers as may: the next are told at once to come again."""

import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from filemill.chassis.limits import admission
from filemill.chassis.limits.admission import SMALL_BODY_BYTES
from filemill.chassis.resilience import deadline
from filemill.chassis.web.edge import Edge

ROOM = 3


class Slow:
    """An app that answers when it is let."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.came = asyncio.Semaphore(0)
        self.broken = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.came.release()
        await self.gate.wait()
        if self.broken:
            raise RuntimeError("as the test wants it")
        await PlainTextResponse("done")(scope, receive, send)


@pytest.fixture
def slow() -> Slow:
    """The app behind the edge."""
    return Slow()


@pytest.fixture
def edge(slow: Slow) -> Edge:
    """An edge with room for `ROOM`."""
    made = Edge(slow)
    made.bound(ROOM)
    return made


async def ask(edge: Edge, method: str = "GET", path: str = "/files", **sent: object) -> httpx.Response:
    """One request through the edge."""
    transport = httpx.ASGITransport(edge, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.request(method, path, **sent)  # type: ignore[arg-type]


async def filled(edge: Edge, slow: Slow) -> list[asyncio.Task[httpx.Response]]:
    """As many as there is room for, all waiting."""
    waiting = [asyncio.create_task(ask(edge)) for _ in range(ROOM)]
    for _ in range(ROOM):
        await slow.came.acquire()
    return waiting


async def test_request_when_the_service_is_full_then_503_at_once_with_when_to_come_again(
    edge: Edge, slow: Slow
) -> None:
    """And once those before it have their answers, there is room for all of them again."""
    waiting = await filled(edge, slow)
    refused = await ask(edge, "PUT", content=b"x" * 100)
    assert refused.status_code == 503
    problem = refused.json()
    assert (problem["code"], problem["retryable"]) == ("service-unavailable", True)
    assert problem["request_id"] == refused.headers["x-request-id"]
    assert refused.headers["retry-after"] == "1"
    slow.gate.set()
    assert [(await task).status_code for task in waiting] == [200] * ROOM
    assert [(await ask(edge)).status_code for _ in range(ROOM + 1)] == [200] * (ROOM + 1)


@pytest.mark.parametrize("path", ["/livez", "/health"])
async def test_probe_when_the_service_is_full_then_it_is_answered(edge: Edge, slow: Slow, path: str) -> None:
    """Or a busy instance would be taken for a dead one."""
    waiting = await filled(edge, slow)
    probe = asyncio.create_task(ask(edge, path=path))
    await slow.came.acquire()
    slow.gate.set()
    assert (await probe).status_code == 200
    await asyncio.gather(*waiting)


async def test_our_own_service_when_it_says_how_long_it_waits_then_it_is_let_in(edge: Edge, slow: Slow) -> None:
    """Its call ends by itself, and a refusal would open the breaker of work that can wait."""
    waiting = await filled(edge, slow)
    own = asyncio.create_task(ask(edge, headers={deadline.HEADER: "500"}))
    await slow.came.acquire()
    slow.gate.set()
    assert (await own).status_code == 200
    await asyncio.gather(*waiting)


async def test_large_upload_when_it_is_arriving_then_it_takes_no_place(edge: Edge, slow: Slow) -> None:
    """Slow clients are not our work."""
    body = b"x" * (SMALL_BODY_BYTES + 1)
    arriving = [asyncio.create_task(ask(edge, "PUT", content=body)) for _ in range(2 * ROOM)]
    for _ in arriving:
        await slow.came.acquire()
    waiting = await filled(edge, slow)
    assert (await ask(edge, "PUT", content=body)).status_code == 503
    slow.gate.set()
    answers = await asyncio.gather(*arriving, *waiting)
    assert [answer.status_code for answer in answers] == [200] * 3 * ROOM


@pytest.mark.parametrize("ending", ["broken", "cancelled"])
async def test_place_when_a_request_ends_without_an_answer_then_it_is_free(edge: Edge, slow: Slow, ending: str) -> None:
    """By a fault of ours, or because the client went."""
    waiting = await filled(edge, slow)
    if ending == "broken":
        slow.broken = True
        slow.gate.set()
    else:
        for task in waiting:
            task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    slow.broken = False
    slow.gate.set()
    assert [(await ask(edge)).status_code for _ in range(2 * ROOM)] == [200] * 2 * ROOM


async def test_refused_when_time_has_passed_then_a_line_says_how_many(
    edge: Edge, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not each of them for itself: `Admission` sums up a second of them, here a moment."""
    monkeypatch.setattr(admission, "WINDOW_S", 1e-6)
    waiting = await filled(edge, slow)
    with capture_logs() as lines:
        for _ in range(6):
            await ask(edge)
    assert sum(line["requests"] for line in lines if line["event"] == "http.requests.refused") == 5
    slow.gate.set()
    await asyncio.gather(*waiting)
