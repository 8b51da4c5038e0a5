"""A server goes away under load: uploads hold as long as they can, answers say what to do, and nothing acknowledged is lost."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.audit import audit
from support.engines import ServerEngines
from support.mill import Mill, wait_for
from support.quiet import wait_until_quiet
from support.uploads import Clients, Pace, make_uploads

pytestmark = pytest.mark.servers

EVERY_S = 0.1
"""Time between uploads in the short runs: more than two cores process meanwhile."""
LONG_EVERY_S = 0.4
"""In the long runs, so that what waits at their end is what the outage left and not what was too much from the start."""
DRAINED_S = 60.0
BACK_S = 10.0
STUCK_S = 300.0
"""After many restarts there is a backlog, which two cores need minutes for; what then still waits, waits for ever."""


@pytest.fixture
def engines(server_engines: Callable[[], ServerEngines]) -> ServerEngines:
    return server_engines()


@pytest.fixture
def mill(tmp_path: Path, engines: ServerEngines) -> Iterator[Mill]:
    mill = Mill(tmp_path / "data", engines, FILEMILL_RESTART_PAUSE_MOST_S="0.5")
    try:
        yield mill.start()
    finally:
        mill.stop()


@pytest.mark.parametrize("down_s", [8.0, pytest.param(60.0, marks=pytest.mark.slow)])
def test_uploads_when_the_broker_is_down_then_none_fails_and_all_is_processed_afterwards(
    mill: Mill, engines: ServerEngines, down_s: float
) -> None:
    """Events wait in the outbox; a minute after the broker is back every file has gone all its way, once."""
    every_s = EVERY_S if down_s < 60 else LONG_EVERY_S
    uploads = make_uploads(int((down_s + 8) / every_s), random.Random(3))
    clients = Clients(mill.urls, threads=4)
    clients.start(uploads, Pace(every_s))
    wait_for(lambda: len(clients.acknowledged) > 10, "the load to run")
    engines.rabbitmq.kill()
    gone_s, before = time.monotonic(), len(clients.acknowledged)
    wait_for(lambda: time.monotonic() - gone_s > down_s, "the broker to have been away", down_s + 5)
    during = len(clients.acknowledged) - before
    engines.rabbitmq.start()
    clients.wait()
    back_s = time.monotonic()
    wait_until_quiet(mill, DRAINED_S)
    drained_s = time.monotonic() - back_s
    print(
        f"{during} uploads in {down_s:g} s without a broker; drained {drained_s:.1f} s after; {clients.retries} retries"
    )
    assert during > 0.5 * down_s / every_s
    assert clients.retries == 0
    assert audit(mill, uploads, clients.acknowledged) == []


@pytest.mark.parametrize("restarts", [2, pytest.param(50, marks=pytest.mark.slow)])
def test_uploads_when_the_broker_is_restarted_again_and_again_then_none_fails_and_nothing_is_lost(
    mill: Mill, engines: ServerEngines, restarts: int
) -> None:
    """Nobody who uploads notices; what was accepted goes all its way, once, however often the broker goes."""
    uploads = make_uploads(25 * restarts, random.Random(5))
    clients = Clients(mill.urls, threads=4)
    clients.start(uploads, Pace(EVERY_S if restarts < 20 else LONG_EVERY_S))
    for number in range(restarts):
        seen = len(clients.acknowledged)
        # Once the load is through, the backlog goes on.
        wait_for(lambda: len(clients.acknowledged) > seen + 5 or len(clients.acknowledged) == len(uploads), "work", 60)
        engines.rabbitmq.halt() if number % 5 == 4 else engines.rabbitmq.kill()
        engines.rabbitmq.start()
    clients.wait()
    back_s = time.monotonic()
    wait_until_quiet(mill, STUCK_S)
    drained_s = time.monotonic() - back_s
    print(f"{restarts} restarts, {len(uploads)} uploads, {clients.retries} retries; drained {drained_s:.1f} s after")
    assert clients.retries == 0
    assert audit(mill, uploads, clients.acknowledged) == []


@pytest.mark.parametrize("restarts", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_uploads_when_postgresql_is_stopped_hard_then_503_and_back_in_ten_seconds(
    mill: Mill, engines: ServerEngines, restarts: int
) -> None:
    """Callers hear 503 with `Retry-After`; within ten seconds of its return uploads succeed; nothing is lost or stuck."""
    uploads = make_uploads(60 * restarts, random.Random(4))
    clients = Clients(mill.urls, threads=4)
    clients.start(uploads, Pace(EVERY_S if restarts < 20 else LONG_EVERY_S))
    back_s = []
    for _ in range(restarts):
        seen = len(clients.acknowledged)
        wait_for(lambda: len(clients.acknowledged) > seen + 10, "uploads to go on", 60)
        engines.postgresql.kill()
        retries = clients.retries
        wait_for(lambda: clients.retries > retries, "a caller to be refused", 60)
        engines.postgresql.start()
        began_s, seen = time.monotonic(), len(clients.acknowledged)
        wait_for(lambda: len(clients.acknowledged) > seen, "uploads to succeed again", BACK_S)
        back_s.append(time.monotonic() - began_s)
    clients.wait()
    began_s = time.monotonic()
    wait_until_quiet(mill, STUCK_S)
    print(
        f"{restarts} restarts, {len(uploads)} uploads, {clients.retries} refused with 503, back after {max(back_s):.1f} s"
        f" at most; drained {time.monotonic() - began_s:.1f} s after"
    )
    assert audit(mill, uploads, clients.acknowledged) == []
    assert clients.gave_up == []
