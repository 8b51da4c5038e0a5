"""One suite for every rate limiter; and what becomes of the limits when the count cannot be asked."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from filemill.chassis.limits.build import build_limiter
from filemill.chassis.limits.leases import LeasingLimiter
from filemill.chassis.limits.limiter import RateLimiter, Verdict, judge
from filemill.chassis.redis_client import TOTAL_S
from filemill.chassis.settings import ServiceSettings
from support.servers.redis import Redis
from support.shared_state import SHARED, shared_settings

HOUR_RATE = 1 / 3600
"""So slow that nothing comes back while a test runs."""

Open = Callable[[ServiceSettings], Awaitable[RateLimiter]]


def unchecked() -> int:
    """How many calls passed since the count could not be asked."""
    return int(REGISTRY.get_sample_value("filemill_rate_limit_unchecked_total") or 0)


@pytest.fixture(params=SHARED)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> ServiceSettings:
    return shared_settings(request, request.param, tmp_path)


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    limiters: list[RateLimiter] = []

    async def open_one(settings: ServiceSettings) -> RateLimiter:
        limiters.append(await build_limiter(settings))
        return limiters[-1]

    yield open_one
    for limiter in limiters:
        await limiter.close()


@pytest.fixture
async def limiter(opened: Open, settings: ServiceSettings) -> RateLimiter:
    return await opened(settings)


async def test_allow_when_the_burst_is_used_up_then_it_says_when_to_come_back(limiter: RateLimiter) -> None:
    """As many as the burst at once, each told what is left, the last one also when the next may come; then refused."""
    for left in (2, 1, 0):
        verdict = await limiter.allow("ann", HOUR_RATE, 3)
        assert (verdict.allowed, verdict.remaining) == (True, left)
        assert verdict.next_in_s == 0 if left else 3590 < verdict.next_in_s <= 3600
    for _ in range(3):
        verdict = await limiter.allow("ann", HOUR_RATE, 3)
        assert (verdict.allowed, verdict.remaining) == (False, 0)
        assert 3590 < verdict.next_in_s <= 3600


async def test_allow_when_others_call_then_each_has_its_own(limiter: RateLimiter) -> None:
    """One caller's crowd costs another nothing."""
    assert (await limiter.allow("ann", HOUR_RATE, 1)).allowed
    assert not (await limiter.allow("ann", HOUR_RATE, 1)).allowed
    assert (await limiter.allow("bob", HOUR_RATE, 1)).allowed


async def test_allow_when_instances_ask_at_once_then_exactly_the_burst_passes(
    opened: Open, settings: ServiceSettings
) -> None:
    """One count for all instances: 200 calls over four of them, 50 pass."""
    limiters = [await opened(settings) for _ in range(4)]
    before = unchecked()
    verdicts = await asyncio.gather(*[one.allow("ann", HOUR_RATE, 50) for one in limiters for _ in range(50)])
    passed = sorted(verdict.remaining for verdict in verdicts if verdict.allowed)
    uncounted = unchecked() - before
    if uncounted:  # a server that a busy machine lets wait too long is not asked: that is told, and the others count
        assert len(passed) - uncounted <= 50
    else:
        assert passed == list(range(50))


async def test_allow_when_several_are_taken_at_once_then_all_or_none(limiter: RateLimiter) -> None:
    """A lump that does not fit costs nothing."""
    assert (await limiter.allow("ann", HOUR_RATE, 10, 7)).remaining == 3
    refused = await limiter.allow("ann", HOUR_RATE, 10, 4)
    assert not refused.allowed
    assert 3590 < refused.next_in_s <= 3600
    assert (await limiter.allow("ann", HOUR_RATE, 10, 3)).allowed


async def test_leases_when_instances_ask_at_once_then_no_more_than_the_burst_passes(
    opened: Open, settings: ServiceSettings
) -> None:
    """Lumps are taken of the one count: of 400 calls over four processes at most 200 pass, and nearly as many do."""
    limiters = [LeasingLimiter(await opened(settings)) for _ in range(4)]
    passed = 0
    for _ in range(25):
        verdicts = await asyncio.gather(*[one.allow("ann", HOUR_RATE, 200) for one in limiters for _ in range(4)])
        passed += sum(verdict.allowed for verdict in verdicts)
    assert 120 <= passed <= 200


async def test_leases_when_a_caller_comes_often_then_few_questions_are_asked(limiter: RateLimiter) -> None:
    """A count far over its limit costs nothing at all until it may come again."""
    asked: list[int] = []

    class Counted:
        async def allow(self, key: str, rate_per_s: float, burst: int, count: int = 1) -> Verdict:
            asked.append(count)
            return await limiter.allow(key, rate_per_s, burst, count)

        async def check(self) -> None:
            """Never asked here."""

        async def close(self) -> None:
            """The fixture's."""

    leases = LeasingLimiter(Counted())
    verdicts = [await leases.allow("ann", HOUR_RATE, 320) for _ in range(320)]
    assert sum(verdict.allowed for verdict in verdicts) == 320
    assert len(asked) < 40
    assert [verdict.remaining for verdict in verdicts[:4]] == [319, 318, 317, 316]
    assert not (await leases.allow("ann", HOUR_RATE, 320)).allowed
    before = len(asked)
    refused = [await leases.allow("ann", HOUR_RATE, 320) for _ in range(1000)]
    assert not any(verdict.allowed for verdict in refused)
    assert refused[-1].next_in_s > 3000
    assert len(asked) == before
    assert (await leases.allow("bob", HOUR_RATE, 320)).allowed


async def test_allow_when_time_passes_then_the_rate_comes_back_and_no_more(limiter: RateLimiter) -> None:
    """Over about a second at 50 per second with a burst of 5, as many pass as the rule gives."""
    began_s, passed = time.monotonic(), 0
    while time.monotonic() - began_s < 1.0:
        passed += (await limiter.allow("ann", 50.0, 5)).allowed
        await asyncio.sleep(0.001)
    most = 5 + 50 * (time.monotonic() - began_s)
    assert most * 0.8 <= passed <= most + 1


async def test_check_when_all_is_well_then_it_is_silent(limiter: RateLimiter) -> None:
    """Health asks this."""
    await limiter.check()


def test_judge_when_the_clock_was_set_back_then_nobody_waits_longer_than_for_an_empty_bucket() -> None:
    """A count from the future is taken as an empty bucket."""
    verdict, full_at_s = judge(10_000.0, 100.0, 1.0, 5)
    assert not verdict.allowed
    assert verdict.next_in_s == pytest.approx(1)
    assert full_at_s == pytest.approx(105)


async def test_sqlite_when_callers_went_away_then_their_counts_are_forgotten(
    tmp_path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full bucket is the same as none, so none is kept."""
    limiter = await opened(ServiceSettings(data_dir=tmp_path))
    for number in range(20):
        await limiter.allow(f"user{number}", 1.0, 5)
    at_s = time.time()
    monkeypatch.setattr("time.time", lambda: at_s + 60)
    for _ in range(10):
        await limiter.allow("ann", 1.0, 100)
    inner = limiter._inner  # type: ignore[attr-defined]
    kept = await inner._database.read(lambda tx: tx.exec_driver_sql("SELECT name FROM buckets").scalars().all())
    assert list(kept) == ["ann"]


@pytest.mark.servers
async def test_redis_when_it_is_paused_then_calls_pass_in_time_and_are_counted_as_unchecked(
    redis_server: Redis, opened: Open, tmp_path: Path
) -> None:
    """The loss of a counter is not the loss of the service."""
    limiter = await opened(ServiceSettings(data_dir=tmp_path, redis_url=redis_server.fresh_url()))
    assert (await limiter.allow("ann", HOUR_RATE, 1)).allowed

    before = unchecked()
    redis_server.pause()
    try:
        began_s = time.monotonic()
        verdicts = await asyncio.gather(*[limiter.allow("ann", HOUR_RATE, 1) for _ in range(20)])
        assert all(verdict.allowed for verdict in verdicts)
        assert time.monotonic() - began_s < TOTAL_S + 1
        began_s = time.monotonic()
        for _ in range(50):
            assert (await limiter.allow("ann", HOUR_RATE, 1)).allowed
        assert time.monotonic() - began_s < 1
    finally:
        redis_server.resume()
    assert unchecked() - before == 70


@pytest.mark.servers
async def test_redis_when_nobody_calls_any_more_then_the_count_goes_away(
    redis_server: Redis, opened: Open, tmp_path: Path
) -> None:
    """A key lives only until its bucket is full."""
    limiter = await opened(ServiceSettings(data_dir=tmp_path, redis_url=redis_server.fresh_url()))
    await limiter.allow("ann", 1.0, 5)
    client = limiter._inner._client  # type: ignore[attr-defined]
    left_ms = await client.ask(lambda redis: redis.pttl("limit:ann"))
    assert 0 < left_ms <= 2001
