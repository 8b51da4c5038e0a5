"""The waker on a real database: one wake-up for each job that is due, again if nobody came, never too many."""

import asyncio
from pathlib import Path

import pytest

from filemill.chassis.database.database import Database
from filemill.chassis.doorbell import Doorbell
from filemill.chassis.errors import Unavailable
from filemill.chassis.jobs import waker as waker_module
from filemill.chassis.jobs.queue import JobQueue
from filemill.chassis.jobs.recovery import Recovery
from filemill.chassis.jobs.table import BULK, INTERACTIVE, Verdict
from filemill.chassis.jobs.waker import Waker
from support.celery_worker import Silent
from support.job_table import JOBS, new_job

QUEUE = JobQueue(JOBS)


class Post:
    """Takes wake-ups; away for the first `away` calls."""

    def __init__(self, away: int = 0) -> None:
        self.sent: list[tuple[str, int]] = []
        self._away = away

    async def send(self, lane: str, count: int) -> None:
        if self._away:
            self._away -= 1
            raise Unavailable("The broker is away.")
        self.sent.append((lane, count))


def make_waker(database: Database, post: Post, folder: Path) -> Waker:
    recovery = Recovery(database, QUEUE, Silent(), "test")
    return Waker(database, QUEUE, recovery, post.send, lambda: Doorbell(folder, "test.wake"))


async def add(database: Database, lane: str = INTERACTIVE, wait_s: float = 0.0) -> str:
    return await database.write("test", lambda tx: QUEUE.add(tx, new_job(lane=lane), wait_s=wait_s))


async def test_wake_when_jobs_are_due_then_each_lane_gets_as_many_and_only_once(
    database: Database, tmp_path: Path
) -> None:
    """A job that waits for its time wakes nobody; one that has a wake-up under way gets no second."""
    post = Post()
    waker = make_waker(database, post, tmp_path)
    for lane, wait_s in ((INTERACTIVE, 0.0), (INTERACTIVE, 0.0), (BULK, 0.0), (BULK, 60.0)):
        await add(database, lane, wait_s)
    assert await waker.wake_some() == 3
    assert sorted(post.sent) == [(BULK, 1), (INTERACTIVE, 2)]
    assert await waker.wake_some() == 0
    await add(database)
    assert await waker.wake_some() == 1


async def test_wake_when_two_instances_do_it_at_once_then_no_job_wakes_twice(
    database: Database, tmp_path: Path
) -> None:
    """Several services of one kind share a table."""
    post = Post()
    wakers = [make_waker(database, post, tmp_path) for _ in range(2)]
    for _ in range(30):
        await add(database)
    await asyncio.gather(*[waker.wake_some() for waker in wakers])
    assert sum(count for _, count in post.sent) == 30


async def test_wake_when_nobody_came_in_time_then_it_is_sent_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost wake-up costs time, no job."""
    monkeypatch.setattr(waker_module, "WOKEN_S", -1.0)
    post = Post()
    waker = make_waker(database, post, tmp_path)
    await add(database)
    assert [await waker.wake_some() for _ in range(3)] == [1, 1, 1]


async def test_wake_when_the_broker_is_away_then_the_next_try_sends_it(database: Database, tmp_path: Path) -> None:
    """What was not sent does not count as under way."""
    post = Post(away=1)
    waker = make_waker(database, post, tmp_path)
    await add(database)
    with pytest.raises(Unavailable):
        await waker.wake_some()
    assert await waker.wake_some() == 1


async def test_wake_when_a_claimed_job_comes_back_then_it_wakes_again_at_once(
    database: Database, tmp_path: Path
) -> None:
    """The first wake-up was used up by the claim."""
    post = Post()
    waker = make_waker(database, post, tmp_path)
    await add(database)
    await waker.wake_some()
    job = await database.write("test", QUEUE.claim, "me", INTERACTIVE)
    assert job is not None
    await database.write("test", QUEUE.give_back, job, Verdict("stopped", "Stopped.", retryable=True))
    assert await waker.wake_some() == 1


async def test_wake_when_the_backlog_is_long_then_wake_ups_under_way_are_bounded(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million waiting jobs are no million messages."""
    monkeypatch.setattr(waker_module, "UNDER_WAY_MOST", 5)
    post = Post()
    waker = make_waker(database, post, tmp_path)
    for _ in range(12):
        await add(database)
    assert [await waker.wake_some() for _ in range(2)] == [5, 0]
    await database.write("test", QUEUE.claim, "me")
    assert await waker.wake_some() == 1


async def test_claim_when_a_lane_is_named_then_jobs_of_the_other_are_left(database: Database) -> None:
    """A worker for quick work is never kept by a long re-run."""
    await add(database, BULK)
    assert await database.write("test", QUEUE.claim, "me", INTERACTIVE) is None
    claimed = await database.write("test", QUEUE.claim, "me", BULK)
    assert claimed is not None
