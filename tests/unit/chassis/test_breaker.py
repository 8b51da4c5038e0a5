"""The breaker: opens after five failures, lets ONE probe through, and one success closes it."""

import asyncio
import contextlib

import pytest

from filemill.chassis.errors import NotFound, Unavailable
from filemill.chassis.resilience.breaker import FAILURES_TO_OPEN, OPEN_FIRST_S, OPEN_LONGEST_S, Breaker, not_closed


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("test", clock=clock)


async def fail(breaker: Breaker, error: BaseException | None = None) -> None:
    with contextlib.suppress(OSError, Unavailable, NotFound):
        async with breaker.call():
            raise error or OSError("down")


async def succeed(breaker: Breaker) -> None:
    async with breaker.call():
        pass


async def open_it(breaker: Breaker) -> None:
    for _ in range(FAILURES_TO_OPEN):
        await fail(breaker)
    assert breaker.is_open


async def test_call_when_five_fail_in_a_row_then_the_next_is_refused_without_being_made(breaker: Breaker) -> None:
    """An open breaker answers at once, and says when to come back."""
    await open_it(breaker)
    made = False
    with pytest.raises(Unavailable) as refused:
        async with breaker.call():
            made = True
    assert not made
    assert refused.value.retry_after_s == OPEN_FIRST_S


async def test_call_when_a_success_comes_between_then_the_count_begins_anew(breaker: Breaker) -> None:
    """Only failures in a row count."""
    for _ in range(FAILURES_TO_OPEN - 1):
        await fail(breaker)
    await succeed(breaker)
    await fail(breaker)
    assert not breaker.is_open


async def test_call_when_the_fault_is_the_callers_then_it_does_not_count(breaker: Breaker) -> None:
    """A 404 shows that the dependency works."""
    for _ in range(FAILURES_TO_OPEN * 2):
        await fail(breaker, NotFound())
    assert not breaker.is_open
    for _ in range(FAILURES_TO_OPEN):
        await fail(breaker, Unavailable())
    assert breaker.is_open


async def test_call_when_the_time_is_over_then_one_probe_goes_and_the_others_are_refused(
    breaker: Breaker, clock: Clock
) -> None:
    """A dependency that comes back is asked by one caller, not by all that wait."""
    await open_it(breaker)
    clock.now_s += OPEN_FIRST_S
    async with breaker.call():
        for _ in range(3):
            with pytest.raises(Unavailable):
                await succeed(breaker)
    assert not breaker.is_open
    await succeed(breaker)


async def test_call_when_the_probe_fails_then_it_is_open_for_another_while(breaker: Breaker, clock: Clock) -> None:
    """One failed probe is enough to wait again, twice as long each time, up to a minute; a success forgets that."""
    await open_it(breaker)
    clock.now_s += OPEN_FIRST_S
    for pause_s in (10, 20, 40, OPEN_LONGEST_S, OPEN_LONGEST_S):
        await fail(breaker)
        clock.now_s += pause_s - 1
        with pytest.raises(Unavailable):
            await succeed(breaker)
        clock.now_s += 1
    await succeed(breaker)
    assert not breaker.is_open
    await open_it(breaker)
    clock.now_s += OPEN_FIRST_S
    await succeed(breaker)


async def test_call_when_the_probe_is_cancelled_then_the_next_caller_probes(breaker: Breaker, clock: Clock) -> None:
    """A caller who goes away says nothing about the dependency, and does not block the breaker for ever."""
    await open_it(breaker)
    clock.now_s += OPEN_FIRST_S
    with pytest.raises(asyncio.CancelledError):
        async with breaker.call():
            raise asyncio.CancelledError
    await succeed(breaker)
    assert not breaker.is_open


@pytest.mark.parametrize("end", [asyncio.CancelledError(), OSError("late")])
async def test_call_when_an_old_call_ends_during_the_probe_then_there_is_still_one_probe(
    breaker: Breaker, clock: Clock, end: BaseException
) -> None:
    """A slow call from before the breaker opened must not make room for a second probe."""
    old = breaker.call()
    await old.__aenter__()
    await open_it(breaker)
    clock.now_s += OPEN_FIRST_S
    async with breaker.call():
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await old.__aexit__(type(end), end, None)
        with pytest.raises(Unavailable):
            await succeed(breaker)


async def test_not_closed_when_a_breaker_is_open_then_it_is_told_of_until_a_probe_succeeds(
    breaker: Breaker, clock: Clock
) -> None:
    """`/health` says which calls are held back, and for how long still."""
    assert breaker not in not_closed()
    await open_it(breaker)
    assert breaker in not_closed()
    clock.now_s += 2
    assert (breaker.next_try_s, breaker.is_probing) == (OPEN_FIRST_S - 2, False)
    clock.now_s += OPEN_FIRST_S
    async with breaker.call():
        assert (breaker.next_try_s, breaker.is_probing) == (0.0, True)
    assert breaker not in not_closed()
