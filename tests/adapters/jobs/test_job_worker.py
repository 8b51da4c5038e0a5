"""The worker on a real database: tries, deadlines, cancels, recovery, and how a job ends."""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from filemill.chassis.database.database import Database, Tx
from filemill.chassis.doorbell import Doorbell
from filemill.chassis.errors import Unavailable
from filemill.chassis.jobs import queue as queue_module
from filemill.chassis.jobs import worker as worker_module
from filemill.chassis.jobs.queue import TRIES_MOST, JobQueue
from filemill.chassis.jobs.table import BULK, ClaimedJob, Verdict
from filemill.chassis.jobs.worker import JobFailed, Progress, Worker
from support.job_table import new_job

HOPELESS = Verdict("bad-file", "The file is bad.", retryable=False)


@dataclass
class Diary:
    """A ledger that only remembers."""

    entries: list[tuple[Any, ...]] = field(default_factory=list)

    def started(self, tx: Tx, job: ClaimedJob) -> None:
        self.entries.append(("started", job.attempts))

    def done(self, tx: Tx, job: ClaimedJob, outcome: Any) -> None:
        self.entries.append(("done", outcome))

    def retrying(self, tx: Tx, job: ClaimedJob, verdict: Verdict) -> None:
        self.entries.append(("retrying", job.attempts, verdict.code))

    def failed(self, tx: Tx, job: ClaimedJob, verdict: Verdict, facts: Any, *, parked: bool) -> None:
        self.entries.append(("parked" if parked else "failed", verdict.code, facts))

    def cancelled(self, tx: Tx, job: ClaimedJob) -> None:
        self.entries.append(("cancelled",))


Run = Callable[[ClaimedJob, Progress], Awaitable[Any]]
StartWorker = Callable[[Run], Diary]


@pytest.fixture
async def start_worker(
    database: Database, queue: JobQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[StartWorker]:
    monkeypatch.setattr(worker_module, "IDLE_S", 0.02)
    monkeypatch.setattr(worker_module, "HEARTBEAT_S", 0.02)
    monkeypatch.setattr(queue_module, "RETRY_FIRST_S", 0.01)
    monkeypatch.setattr(queue_module, "RETRY_LONGEST_S", 0.01)
    running: list[asyncio.Task[None]] = []

    def start(run: Run) -> Diary:
        diary = Diary()
        worker = Worker(database, queue, diary, run, lambda: Doorbell(tmp_path, "test.jobs"), 2, "test")
        running.append(asyncio.create_task(worker.run()))
        return diary

    yield start
    for task in running:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def ended(database: Database, queue: JobQueue, job_id: str) -> Any:
    """The row of a job once it is not open any more."""
    async with asyncio.timeout(20):
        while True:
            row = await database.read(queue.get, "ada", job_id)
            if row is not None and row["state"] not in ("queued", "running"):
                return row
            await asyncio.sleep(0.01)


async def test_worker_when_a_job_succeeds_then_its_result_is_told_in_the_transaction_that_ends_it(
    database: Database, queue: JobQueue, start_worker: StartWorker
) -> None:
    """One try, one result."""

    async def run(job: ClaimedJob, _progress: Progress) -> str:
        return f"result of {job.payload['x']}"

    diary = start_worker(run)
    row = await ended(database, queue, await database.write("test", queue.add, new_job()))
    assert (row["state"], row["attempts"], row["reason_code"]) == ("done", 1, None)
    assert diary.entries == [("started", 1), ("done", "result of 1")]


async def test_worker_when_every_try_breaks_then_five_tries_then_parked_with_the_reason(
    database: Database, queue: JobQueue, start_worker: StartWorker
) -> None:
    """A fault that may heal is tried five times, in growing pauses, then waits for a person."""

    async def run(_job: ClaimedJob, _progress: Progress) -> None:
        raise RuntimeError("secret detail")

    diary = start_worker(run)
    job_id = await database.write("test", queue.add, new_job())
    row = await ended(database, queue, job_id)
    assert (row["state"], row["attempts"], row["reason_code"]) == ("parked", TRIES_MOST, "internal-error")
    assert "secret detail" not in row["reason_detail"]
    assert [entry[0] for entry in diary.entries if entry[0] != "started"] == ["retrying"] * 4 + ["parked"]
    assert await database.write("test", queue.requeue, job_id)
    again = await ended(database, queue, job_id)
    assert (again["state"], again["fence"]) == ("parked", 2 * TRIES_MOST)


async def test_worker_when_a_dependency_is_away_then_the_reason_says_so_and_a_later_try_ends_it(
    database: Database, queue: JobQueue, start_worker: StartWorker
) -> None:
    """A store that is away for a moment is not an unexpected fault."""

    async def run(job: ClaimedJob, _progress: Progress) -> str:
        if job.attempts < 3:
            raise Unavailable("The blob store does not answer.")
        return "done"

    diary = start_worker(run)
    row = await ended(database, queue, await database.write("test", queue.add, new_job()))
    assert (row["state"], row["attempts"]) == ("done", 3)
    assert ("retrying", 1, "dependency-unavailable") in diary.entries


async def test_worker_when_the_file_is_to_blame_then_it_fails_at_once(
    database: Database, queue: JobQueue, start_worker: StartWorker
) -> None:
    """Trying again cannot mend a broken file."""

    async def run(_job: ClaimedJob, _progress: Progress) -> None:
        raise JobFailed(HOPELESS, facts="what was found")

    diary = start_worker(run)
    row = await ended(database, queue, await database.write("test", queue.add, new_job()))
    assert (row["state"], row["attempts"], row["retryable"]) == ("failed", 1, False)
    assert diary.entries[-1] == ("failed", "bad-file", "what was found")


async def test_worker_when_one_job_is_poison_then_the_others_are_done(
    database: Database, queue: JobQueue, start_worker: StartWorker
) -> None:
    """One bad file never stops another."""

    async def run(job: ClaimedJob, _progress: Progress) -> str:
        if job.payload["x"] % 5 == 0:
            raise RuntimeError
        return "fine"

    start_worker(run)
    ids = [await database.write("test", queue.add, new_job(payload={"x": number})) for number in range(10)]
    states = [(await ended(database, queue, job_id))["state"] for job_id in ids]
    assert states == ["parked", *["done"] * 4, "parked", *["done"] * 4]


async def test_worker_when_the_deadline_passes_then_the_try_is_stopped_and_counted(
    database: Database, queue: JobQueue, start_worker: StartWorker
) -> None:
    """A hang is a failed try, and the hanging work is really cancelled."""
    stopped = 0

    async def run(_job: ClaimedJob, _progress: Progress) -> None:
        nonlocal stopped
        try:
            await asyncio.Event().wait()
        finally:
            stopped += 1

    start_worker(run)
    row = await ended(database, queue, await database.write("test", queue.add, new_job(deadline_s=0.01)))
    assert (row["state"], row["reason_code"], stopped) == ("parked", "deadline", TRIES_MOST)


def shows(tx: Tx, queue: JobQueue, job_id: str, progress: dict[str, Any]) -> bool:
    row = queue.get(tx, "ada", job_id)
    return row is not None and row["progress"] == progress


async def test_worker_when_a_running_job_is_cancelled_then_its_work_stops(
    database: Database, queue: JobQueue, start_worker: StartWorker
) -> None:
    """A person who cancels does not wait for the deadline; progress was visible meanwhile."""
    began = asyncio.Event()

    async def run(_job: ClaimedJob, progress: Progress) -> None:
        progress.note(step="thinking")
        began.set()
        await asyncio.Event().wait()

    diary = start_worker(run)
    job_id = await database.write("test", queue.add, new_job())
    async with asyncio.timeout(10):
        await began.wait()
        while not await database.read(shows, queue, job_id, {"step": "thinking"}):  # noqa: ASYNC110 - a database has no event
            await asyncio.sleep(0.01)
    await database.write("test", queue.cancel, job_id)
    assert (await ended(database, queue, job_id))["state"] == "cancelled"
    assert diary.entries[-1] == ("cancelled",)


_CLAIM_AND_DIE = """
import asyncio, os, signal, sys
from pathlib import Path
from sqlalchemy import MetaData
from filemill.chassis import process_identity
from filemill.chassis.database.build import open_postgresql, open_sqlite
from filemill.chassis.jobs.queue import JobQueue
from filemill.chassis.jobs.table import jobs_table

async def main():
    queue = JobQueue(jobs_table(MetaData()))
    address = sys.argv[1]
    database = open_postgresql(address, "test") if "://" in address else open_sqlite(Path(address))
    job = await database.write("test", queue.claim, process_identity.me())
    print(job.job_id, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_worker_when_another_worker_was_killed_then_its_job_is_done_by_this_one(
    database: Database, queue: JobQueue, start_worker: StartWorker, address: str
) -> None:
    """Recovery is a loop: no restart, no waiting for the lease; the killed try is counted."""
    job_id = await database.write("test", queue.add, new_job())
    command = [sys.executable, "-c", _CLAIM_AND_DIE, address]
    child = await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=30, check=False)
    assert child.stdout.decode().strip() == job_id, child.stderr

    async def run(_job: ClaimedJob, _progress: Progress) -> str:
        return "fine"

    diary = start_worker(run)
    row = await ended(database, queue, job_id)
    assert (row["state"], row["attempts"]) == ("done", 2)
    assert diary.entries == [("retrying", 1, "worker-died"), ("started", 2), ("done", "fine")]


async def test_worker_when_it_is_stopped_then_what_it_holds_is_given_back(
    database: Database, queue: JobQueue, tmp_path: Path
) -> None:
    """A polite stop leaves the job queued, due at once, for the next worker."""
    began = asyncio.Event()

    async def run(_job: ClaimedJob, _progress: Progress) -> None:
        began.set()
        await asyncio.Event().wait()

    worker = Worker(database, queue, Diary(), run, lambda: Doorbell(tmp_path, "test.jobs"), 2, "test")
    job_id = await database.write("test", queue.add, new_job())
    task = asyncio.create_task(worker.run())
    async with asyncio.timeout(10):
        await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    row = await database.read(queue.get, "ada", job_id)
    assert row is not None
    assert (row["state"], row["lease_holder"]) == ("queued", None)
    assert row["due_at"] <= time.time()


async def test_worker_when_bulk_jobs_could_take_every_slot_then_one_is_left_for_a_new_upload(
    database: Database, queue: JobQueue, start_worker: StartWorker
) -> None:
    """Two slots, bulk jobs that never end: the new upload is done while they hang."""
    over = asyncio.Event()

    async def run(job: ClaimedJob, _progress: Progress) -> None:
        if job.lane == BULK:
            await over.wait()

    for _ in range(5):
        await database.write("test", queue.add, new_job(lane=BULK))
    start_worker(run)
    while (await database.read(queue.counts)).get("running") != 1:  # noqa: ASYNC110  a database tells nobody
        await asyncio.sleep(0.01)
    row = await ended(database, queue, await database.write("test", queue.add, new_job(owner_id="ada")))
    assert row["state"] == "done"
    assert await database.read(queue.counts) == {"queued": 4, "running": 1}
    over.set()
