"""Calls to others: three tries with jitter, within a budget and a deadline; a breaker that counts only what it should."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from prometheus_client import REGISTRY

from filemill.chassis.errors import Unavailable
from filemill.chassis.resilience import deadline
from filemill.chassis.resilience.retry import ATTEMPTS, SAVED_MOST, RetryBudget, attempts
from filemill.chassis.resilience.service_client import ServiceClient

Answer = Callable[[bytes], Awaitable[bytes]]


def said(status: str, body: bytes = b"{}", *headers: str) -> bytes:
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers))
    return head.encode() + b"\r\n" + body


@asynccontextmanager
async def service(*answers: bytes | None, total_s: float = 0.5) -> AsyncIterator[tuple[ServiceClient, list[bytes]]]:
    """A real server that gives these answers in order, the last one for ever; None: it never answers."""
    asked: list[bytes] = []
    left = list(answers)
    quiet = asyncio.Event()
    handlers: set[asyncio.Task[None] | None] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(asyncio.current_task())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                asked.append(head)
                answer = left.pop(0) if len(left) > 1 else left[0]
                if answer is None:
                    await quiet.wait()
                    return
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = ServiceClient("tested", f"http://127.0.0.1:{port}", total_s=total_s)
    try:
        yield client, asked
    finally:
        await client.close()
        quiet.set()
        server.close()
        await server.wait_closed()
        # Before Python 3.12 that does not wait for them, and one that the loop's end cancels leaves its socket open.
        await asyncio.gather(*filter(None, handlers))


async def test_get_when_the_first_two_answers_are_503_then_the_third_is_taken() -> None:
    """A hiccup is nobody's concern; the breaker sees one call that went well."""
    away = said("503 Service Unavailable")
    async with service(away, away, said("200 OK", b'{"a": 1}')) as (client, asked):
        assert await client.get_json("/x") == {"a": 1}
        assert len(asked) == ATTEMPTS
        assert not client.breaker.is_open


@pytest.mark.parametrize(
    ("status", "tries"), [("503 Away", 3), ("429 Slow down", 3), ("403 Forbidden", 1), ("418 Tea", 1)]
)
async def test_get_when_it_fails_for_good_then_only_what_may_help_is_tried_again(status: str, tries: int) -> None:
    """Three attempts at most; a refusal is not argued with."""
    async with service(said(status)) as (client, asked):
        with pytest.raises(Unavailable, match=status[:3]):
            await client.get_json("/x")
        assert len(asked) == tries


async def test_get_when_it_is_404_then_that_is_the_answer() -> None:
    """Nothing there: no retry, no failure."""
    async with service(said("404 Not Found")) as (client, asked):
        assert await client.get_json("/x") is None
        assert len(asked) == 1


async def test_get_when_nobody_answers_then_it_ends_within_the_total_time() -> None:
    """The total covers every attempt, whatever the single ones may take."""
    async with service(None, total_s=0.2) as (client, _asked):
        began_s = time.monotonic()
        with pytest.raises(Unavailable, match="in time"):
            await client.get_json("/x")
        assert time.monotonic() - began_s < 1.0


async def test_get_when_told_to_come_back_later_than_the_deadline_then_it_does_not_wait() -> None:
    """`Retry-After` is honoured: not asked again before, and the caller learns it."""
    async with service(said("503 Away", b"", "Retry-After: 30")) as (client, asked):
        began_s = time.monotonic()
        with pytest.raises(Unavailable) as refused:
            await client.get_json("/x")
        assert refused.value.retry_after_s == 30
        assert (len(asked), time.monotonic() - began_s < 0.4) == (1, True)


async def test_get_when_told_to_come_back_soon_then_it_waits_that_long() -> None:
    """The pause is the one that was asked for."""
    async with service(said("503 Away", b"", "Retry-After: 1"), said("200 OK"), total_s=5.0) as (client, _asked):
        began_s = time.monotonic()
        assert await client.get_json("/x") == {}
        assert time.monotonic() - began_s >= 1.0


async def test_get_when_five_calls_fail_then_the_breaker_opens_and_health_and_metrics_say_so() -> None:
    """Five calls, not five attempts; then nobody is asked any more."""
    async with service(said("500 Broken")) as (client, asked):
        for _ in range(5):
            with pytest.raises(Unavailable):
                await client.get_json("/x")
        count = len(asked)
        with pytest.raises(Unavailable, match="asked again soon"):
            await client.get_json("/x")
        assert len(asked) == count
        with pytest.raises(Unavailable):
            await client.check()
        assert REGISTRY.get_sample_value("filemill_breaker_open", {"dependency": "tested"}) == 1


async def test_get_when_the_caller_has_no_time_left_then_the_breaker_counts_nothing() -> None:
    """Impatient callers cannot open a breaker that others depend on."""
    async with service(None, total_s=0.5) as (client, _asked):
        for _ in range(6):
            with deadline.within(0.01), pytest.raises(deadline.Over):
                await client.get_json("/x")
        assert not client.breaker.is_open


async def test_get_when_the_caller_has_a_deadline_then_it_is_handed_on() -> None:
    """The service that is asked knows how long it is worth working."""
    async with service(said("200 OK"), total_s=0.5) as (client, asked):
        with deadline.within(0.2):
            await client.get_json("/x")
        await client.get_json("/x")
        first, second = (int(head.lower().split(b"x-deadline-ms: ")[1].split(b"\r\n")[0]) for head in asked)
        assert 100 < first <= 200 < second <= 500


async def test_attempts_when_everything_fails_then_retries_stay_within_a_tenth_of_the_calls() -> None:
    """A dependency in trouble gets a tenth more load, not three times as much."""
    budget, calls, made = RetryBudget("budgeted"), 300, 0

    async def call() -> None:
        nonlocal made
        async for attempt in attempts(budget, lambda _error: True, lambda _error: 0.0):
            with attempt:
                made += 1
                raise OSError

    for _ in range(calls):
        with pytest.raises(OSError):
            await call()
    assert calls < made <= calls * 1.1 + SAVED_MOST


def test_deadline_when_nested_then_the_earlier_one_holds() -> None:
    """Nobody gets more time than whoever asked."""
    assert deadline.left_s(7.0) == 7.0
    with deadline.within(1.0), deadline.within(60.0):
        assert deadline.left_s() <= 1.0
        assert deadline.left_s(0.1) == 0.1
    with deadline.within(-1.0):
        assert deadline.left_s(5.0) == 0.0


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "1.5", "9" * 20, "\xb2"])
def test_deadline_when_the_header_is_no_number_then_there_is_none(header: str | None) -> None:
    """A stranger's header is data."""
    with deadline.as_asked(header):
        assert deadline.left_s(5.0) == 5.0
    with deadline.as_asked("1500"):
        assert 1.0 < deadline.left_s(5.0) <= 1.5


async def once(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


PUT = {"key": "k.1", "total_s": 5.0, "for_owner": "ann"}


async def test_put_when_taken_or_refused_then_that_is_the_answer_and_it_was_sent_once() -> None:
    """With its length and its key; a refusal is no failure of the service."""
    refused = said("413 Too large", b'{"code": "quota-exceeded", "retryable": false}')
    for status, answer, code in (
        (201, said("201 Created", b'{"file_id": "x"}'), None),
        (413, refused, "quota-exceeded"),
    ):
        async with service(answer) as (client, asked):
            got = await client.put("/x", {"path": "a b&c"}, once(b"on", b"e"), 3, **PUT)  # type: ignore[arg-type]
            assert (got.status, got.body.get("code"), got.is_yes) == (status, code, status == 201)
            [head] = asked
            assert head.startswith(b"PUT /x?path=a+b%26c ")
            assert b"Idempotency-Key: k.1\r\n" in head
            assert b"Content-Length: 3\r\n" in head
            assert not client.breaker.is_open


@pytest.mark.parametrize(
    "answer",
    [
        said("503 Away", b"{}", "Retry-After: 7"),
        said("507 Full"),
        said("429 Slow down"),
        said("409 Conflict", b'{"code": "idempotency-in-progress", "retryable": true}'),
    ],
)
async def test_put_when_another_try_may_help_then_it_is_unavailable_and_not_repeated_here(answer: bytes) -> None:
    """Whoever has the body tries again later."""
    async with service(answer) as (client, asked):
        with pytest.raises(Unavailable) as raised:
            await client.put("/x", {}, once(b"one"), 3, **PUT)  # type: ignore[arg-type]
        assert len(asked) == 1
        assert raised.value.retry_after_s == (7 if b"Retry-After" in answer else 1)


async def test_put_when_nothing_is_answered_then_it_ends_by_its_time() -> None:
    """And counts against the breaker as any call."""
    async with service(None) as (client, _asked):
        with pytest.raises(Unavailable):
            await client.put("/x", {}, once(b"one"), 3, key="k", total_s=0.1, for_owner="ann")
