"""Who calls too often is refused at the edge for a moment, and nobody else is."""

import httpx
import pytest
from fastapi import APIRouter
from structlog.testing import capture_logs

from filemill.chassis.errors import Unauthenticated
from filemill.chassis.identity.principal import Principal, Scope
from filemill.chassis.limits.limiter import Verdict
from filemill.chassis.web import edge as edges
from filemill.chassis.web.app import build_app
from filemill.chassis.web.authentication import NOTHING, Shown
from filemill.chassis.web.caller import CallerDep
from filemill.chassis.web.health import HealthState
from filemill.chassis.web.held_back import KEPT_MOST, TOLD_EVERY_S, HeldBack
from filemill.chassis.web.rates import CalledTooOften, Limited

PER_S, BURST = 100.0, 20


class Names:
    """Whoever says `Bearer NAME` is NAME."""

    async def principal(self, shown: Shown) -> Principal | None:
        """See `Authenticator.principal`."""
        if shown == NOTHING:
            return None
        if shown.bearer == "wrong":
            raise Unauthenticated
        return Principal(shown.bearer or "", how="key", credential_id=shown.bearer, scopes=frozenset({Scope.READ}))

    async def close(self) -> None:
        """See `Authenticator.close`."""


class Counting:
    """Lets `BURST` calls of each pass and none after; counts the questions."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = {}

    async def allow(self, key: str, rate_per_s: float, burst: int, count: int = 1) -> Verdict:
        """See `RateLimiter.allow`."""
        self.asked[key] = self.asked.get(key, 0) + count
        left = burst - self.asked[key]
        return Verdict(allowed=left >= 0, remaining=max(left, 0), next_in_s=0.0 if left > 0 else 1 / rate_per_s)

    async def check(self) -> None:
        """See `RateLimiter.check`."""

    async def close(self) -> None:
        """See `RateLimiter.close`."""


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(edges, "HeldBack", lambda: HeldBack(clock))
    return clock


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def client(clock: Clock, counting: Counting) -> httpx.AsyncClient:
    """Calls a service with one route."""
    router = APIRouter()

    @router.get("/files")
    async def files(caller: CallerDep) -> str:
        return caller.owner_id

    async def nothing() -> None:
        pass

    app = build_app(HealthState("test"), [router], summary="Test.", stop=nothing)
    app.authenticate(Names())
    app.limit(Limited(counting, PER_S, BURST))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def ask(client: httpx.AsyncClient, name: str | None, path: str = "/files") -> httpx.Response:
    """One call of somebody."""
    return await client.get(path, headers={"Authorization": f"Bearer {name}"} if name else {})


async def test_calls_when_one_was_refused_then_the_next_are_refused_the_same_way_without_a_question(
    client: httpx.AsyncClient, counting: Counting
) -> None:
    """Only the id of the request differs; the neighbour notices nothing."""
    for _ in range(BURST):
        assert (await ask(client, "bob")).status_code == 200
    counted = await ask(client, "bob")
    questions = counting.asked["key:bob"]
    for _ in range(50):
        held = await ask(client, "bob")
        assert (held.status_code, held.json()["code"]) == (429, "rate-limited")
        assert held.headers["x-request-id"] == held.json()["request_id"] != counted.json()["request_id"]
        own = {"x-request-id", "content-length"}
        assert {n: v for n, v in held.headers.items() if n not in own} == {
            n: v for n, v in counted.headers.items() if n not in own
        }
        assert held.json() | {"request_id": ""} == counted.json() | {"request_id": ""}
    assert counting.asked["key:bob"] == questions
    assert (await ask(client, "ann")).status_code == 200


async def test_calls_when_the_moment_is_over_then_they_are_counted_again(
    client: httpx.AsyncClient, counting: Counting, clock: Clock
) -> None:
    """And one line tells how many were refused meanwhile."""
    for _ in range(BURST + 8):
        await ask(client, "bob")
    questions = counting.asked["key:bob"]
    clock.now_s += TOLD_EVERY_S
    with capture_logs() as lines:
        assert (await ask(client, "bob")).status_code == 429
    assert counting.asked["key:bob"] > questions
    assert [line["calls"] for line in lines if line["event"] == "http.calls.held-back"] == [8]
    counting.asked.clear()
    clock.now_s += 1 / PER_S
    assert (await ask(client, "bob")).status_code == 200


async def test_probes_when_a_caller_is_held_back_then_they_are_answered(client: httpx.AsyncClient) -> None:
    """Whoever watches the service may carry a key that something else uses too much."""
    for _ in range(BURST + 2):
        await ask(client, "bob")
    assert (await ask(client, "bob", "/livez")).status_code in {200, 204}


@pytest.mark.parametrize("name", [None, "wrong"])
async def test_strangers_when_their_address_is_refused_then_callers_from_there_are_not(
    client: httpx.AsyncClient, name: str | None
) -> None:
    """One address is many people's."""
    answers = [(await ask(client, name)).status_code for _ in range(BURST + 5)]
    assert answers == [401] * BURST + [429] * 5
    assert (await ask(client, "ann")).status_code == 200
    assert (await ask(client, "other")).status_code == 200


async def test_calls_when_the_last_one_was_used_then_the_next_is_refused_without_a_question_until_one_is_back(
    client: httpx.AsyncClient, counting: Counting, clock: Clock
) -> None:
    """The count has said when that is: neither the call before it nor the one after is counted in vain."""
    for _ in range(BURST):
        assert (await ask(client, "bob")).status_code == 200
    clock.now_s += 0.9 / PER_S
    refused = await ask(client, "bob")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.headers["ratelimit-remaining"] == "0"
    assert counting.asked["key:bob"] == BURST
    counting.asked.clear()
    clock.now_s += 0.1 / PER_S
    assert (await ask(client, "bob")).status_code == 200


async def test_refusals_when_they_go_on_for_long_then_a_line_a_second_tells_of_them(
    client: httpx.AsyncClient, clock: Clock
) -> None:
    """A line for each would cost more than the refusal."""
    with capture_logs() as lines:
        for _ in range(BURST + 300):
            await ask(client, "bob")
            clock.now_s += 0.1 / PER_S
        clock.now_s += 2 * TOLD_EVERY_S
        for _ in range(BURST):
            await ask(client, "ann")  # whoever is held back next tells of who is quiet meanwhile
    told = [line["calls"] for line in lines if line["event"] == "http.calls.held-back"]
    assert len(told) == 1
    assert 250 < told[0] <= 300


def test_hold_when_many_are_held_then_their_number_is_bounded() -> None:
    """The oldest are counted again."""
    held_back = HeldBack()
    error = CalledTooOften("Too often.", retry_after_s=1, headers={}, hold_s=60)
    for number in range(KEPT_MOST + 1):
        held_back.hold({b"authorization": b"%d" % number}, error)
    assert held_back.refusal({b"authorization": b"0"}) is None
    assert held_back.refusal({b"authorization": b"1"}) is not None
    assert held_back.refusal({}) is None
