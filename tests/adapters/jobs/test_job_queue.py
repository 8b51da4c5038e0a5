"""The job table on a real database: who is picked next, and who may write."""

import asyncio
import time
from typing import Any

from sqlalchemy import update

from filemill.chassis import process_identity
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.jobs.queue import JobQueue
from filemill.chassis.jobs.table import BULK, INTERACTIVE, Verdict
from filemill.chassis.telemetry import request_context
from support.job_table import JOBS, new_job

ME = "worker-1"
HEALS = Verdict("broke", "It broke.", retryable=True)


def set_columns(tx: Tx, job_id: str, **values: Any) -> None:
    tx.execute(update(JOBS).where(JOBS.c.job_id == job_id).values(**values))


# which job is next


async def test_claim_when_jobs_wait_then_the_lane_decides_then_fairness_then_age(
    database: Database, queue: JobQueue
) -> None:
    """A bulk run of one owner holds up nobody's new upload, and no owner holds up another."""

    def fill(tx: Tx) -> None:
        for name, owner, lane in (
            ("bulk", "ada", BULK), ("ada-1", "ada", INTERACTIVE), ("ada-2", "ada", INTERACTIVE),
            ("ada-3", "ada", INTERACTIVE), ("bob-1", "bob", INTERACTIVE), ("bob-2", "bob", INTERACTIVE),
        ):  # fmt: skip
            queue.add(tx, new_job(owner_id=owner, lane=lane, cause=name, payload={"name": name}))

    await database.write("test", fill)
    got = []
    while job := await database.write("test", queue.claim, ME):
        got.append(job.payload["name"])
    assert got == ["ada-1", "bob-1", "ada-2", "bob-2", "ada-3", "bulk"]


async def test_claim_when_a_job_is_not_due_then_it_waits_until_something_makes_it(
    database: Database, queue: JobQueue
) -> None:
    """An analysis asked for too early waits for the text it needs."""
    job = new_job()
    await database.write("test", queue.add, job, wait_s=600.0)
    assert await database.write("test", queue.claim, ME) is None
    assert await database.write("test", queue.make_due, job.file_id) == 1
    assert await database.write("test", queue.claim, ME) is not None


async def test_claim_when_it_was_queued_in_a_request_then_the_worker_has_its_ids(
    database: Database, queue: JobQueue
) -> None:
    """The worker's log lines and events carry the ids of the upload that caused them."""
    context = request_context.begin("req-7")
    with request_context.within(context):
        await database.write("test", queue.add, new_job())
    job = await database.write("test", queue.claim, ME)
    assert job is not None
    assert (job.request_id, job.traceparent, job.attempts, job.fence) == ("req-7", context.traceparent, 1, 1)


async def test_claim_when_many_claim_at_once_then_no_job_is_given_twice(database: Database, queue: JobQueue) -> None:
    """Workers share a table without ever sharing a job."""

    def fill(tx: Tx) -> list[str]:
        return [queue.add(tx, new_job()) for _ in range(40)]

    wanted = await database.write("test", fill)
    claimed = await asyncio.gather(*[database.write("test", queue.claim, ME) for _ in range(50)])
    assert sorted(job.job_id for job in claimed if job) == sorted(wanted)


# who may write


async def test_finish_when_the_lease_was_taken_over_then_the_old_worker_writes_nothing(
    database: Database, queue: JobQueue
) -> None:
    """The fence: a worker that slept too long cannot overwrite its successor's result."""
    await database.write("test", queue.add, new_job())
    old = await database.write("test", queue.claim, "slow")
    assert old is not None
    assert await database.write("test", queue.try_again, old, HEALS, pause_s=0.0)
    new = await database.write("test", queue.claim, "fast")
    assert new is not None
    assert (new.attempts, new.fence) == (2, 2)
    for change in (
        database.write("test", queue.finish, old, "done"),
        database.write("test", queue.heartbeat, old, {"step": "late"}),
        database.write("test", queue.try_again, old, HEALS),
    ):
        assert await change is False
    assert await database.write("test", queue.heartbeat, new, {"step": "on time"})
    assert await database.write("test", queue.finish, new, "done", result={"answer": 42})
    row = await database.read(queue.get, "ada", new.job_id)
    assert row is not None
    assert (row["state"], row["result"], row["progress"]) == ("done", {"answer": 42}, {"step": "on time"})


async def test_get_when_it_is_anothers_job_then_it_is_not_there(database: Database, queue: JobQueue) -> None:
    """Every look at jobs takes the owner."""
    job_id = await database.write("test", queue.add, new_job(owner_id="ada"))
    assert await database.read(queue.get, "bob", job_id) is None
    assert await database.read(queue.page, "bob", 10, None) == []
    assert await database.read(queue.matching, "bob", ["queued"]) == []


async def test_abandoned_when_the_lease_is_over_or_the_holder_dead_then_it_is_named(
    database: Database, queue: JobQueue
) -> None:
    """Recovery sees both: a worker that hangs somewhere, and one that died here."""
    ids = [await database.write("test", queue.add, new_job()) for _ in range(3)]
    host, pid, _ = process_identity.me().rsplit(":", 2)
    claims = [
        await database.write("test", queue.claim, holder) for holder in (process_identity.me(), f"{host}:{pid}:1")
    ]
    late = await database.write("test", queue.claim, "elsewhere:1:1")
    assert late is not None
    await database.write("test", set_columns, late.job_id, lease_until=time.time() - 1)
    named = {job.job_id for job in await database.read(queue.abandoned)}
    assert named == {claims[1].job_id, late.job_id}  # type: ignore[union-attr]
    assert named < set(ids)


async def test_cancel_when_queued_or_running_or_ended_then_each_is_answered_as_it_is(
    database: Database, queue: JobQueue
) -> None:
    """A queued job is cancelled at once, a running one is asked, an ended one is left alone."""
    job_id = await database.write("test", queue.add, new_job())
    assert await database.write("test", queue.cancel, job_id) == "cancelled"
    assert await database.write("test", queue.cancel, job_id) is None
    assert await database.write("test", queue.requeue, job_id)
    job = await database.write("test", queue.claim, ME)
    assert job is not None
    assert await database.write("test", queue.cancel, job_id) == "running"
    assert await database.write("test", queue.heartbeat, job, None) is False
    assert not await database.write("test", queue.requeue, job_id)


async def test_claim_when_one_owner_has_a_thousand_bulk_jobs_then_anothers_uploads_come_first_and_then_each_in_turn(
    database: Database, queue: JobQueue
) -> None:
    """Re-runs delay no upload; among re-runs, an owner with two does not wait for one with a thousand."""

    def fill(tx: Tx) -> None:
        for _ in range(1000):
            queue.add(tx, new_job(owner_id="ada", lane=BULK))
        for lane, count in ((INTERACTIVE, 5), (BULK, 2)):
            for _ in range(count):
                queue.add(tx, new_job(owner_id="bob", lane=lane))

    await database.write("test", fill)
    claimed = [await database.write("test", queue.claim, "me") for _ in range(10)]
    order = [(job.owner_id, job.lane) for job in claimed if job is not None]
    assert order[:5] == [("bob", INTERACTIVE)] * 5
    # Bob has five at work: the owner with the least running is next.
    assert order[5:] == [("ada", BULK)] * 5
    rest = [await database.write("test", queue.claim, "me") for _ in range(4)]
    assert [job.owner_id for job in rest if job is not None].count("bob") == 2


async def test_put_off_when_what_it_waits_for_ends_then_it_is_due_and_no_try_was_counted(
    database: Database, queue: JobQueue
) -> None:
    """Who waits sleeps until it is told, the oldest first; a put-off by a claim not in force changes nothing."""
    ids = [await database.write("test", queue.add, new_job()) for _ in range(3)]
    verdict = Verdict("equal-file", "Another is at work.", retryable=True)

    def put_all_off(tx: Tx) -> None:
        while job := queue.claim(tx, "me"):
            assert queue.put_off(tx, job, verdict, waits_for="bytes", most_s=60.0)
            assert not queue.put_off(tx, job, verdict, waits_for="bytes", most_s=60.0)

    await database.write("test", put_all_off)
    assert await database.write("test", queue.claim, "me") is None
    assert await database.write("test", queue.release, "other bytes") == 0
    assert await database.write("test", queue.release, "bytes", 1) == 1
    first = await database.write("test", queue.claim, "me")
    assert first is not None
    assert (first.job_id, first.attempts) == (ids[0], 1)
    assert await database.write("test", queue.claim, "me") is None
    assert await database.write("test", queue.release, "bytes") == 2
