"""L8: an empty task through our wrapper (job row, claim, lease, trace, outbox, one commit each) against a bare Celery task.

Both: one prefork process, quorum queue, late acknowledgement, prefetch 1, confirmed sending, the same broker. Time is from
the first task sent to the last one done, in several rounds. Needs Debian's rabbitmq-server; without it there is no figure.
"""

import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from processes import ANCHORS

from filemill.chassis.background import Background
from filemill.chassis.database.build import build_database
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.database.migrate import migrate
from filemill.chassis.doorbell import Bell, Doorbell
from filemill.chassis.ids import new_id
from filemill.chassis.jobs.recovery import Recovery
from filemill.chassis.jobs.table import INTERACTIVE, NewJob
from filemill.chassis.jobs.wake_sender import build_sender
from filemill.chassis.jobs.waker import Waker
from filemill.processing.ledger import ProcessingLedger
from filemill.processing.repository import job_queue
from filemill.processing.settings import ProcessingSettings

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from support.servers.rabbitmq import RabbitMq, installed

TASKS, ROUNDS = 300, 5
GOAL_RATIO = 2.0
WAIT_S = 60.0


def run() -> list[dict[str, Any]]:
    """Measure and return the figure."""
    if not installed():
        print("L8 needs RabbitMQ (Debian: rabbitmq-server)", file=sys.stderr)
        return []
    server = RabbitMq()
    server.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            bare_ms = _bare(server.fresh_vhost(), Path(folder) / "bare")
            ours_ms = asyncio.run(_ours(server.fresh_vhost(), Path(folder) / "ours", "--keep-events"))
            relayed_ms = asyncio.run(_ours(server.fresh_vhost(), Path(folder) / "relayed"))
    finally:
        server.stop()
    return [
        _figure("L8", "an empty job through the wrapper, its events in the outbox", ours_ms, bare_ms),
        _figure("L8-events", "the same, its two events published to five quorum queues as well", relayed_ms, bare_ms),
    ]


def _figure(name: str, work: str, ours_ms: float, bare_ms: float) -> dict[str, Any]:
    return {
        "id": name,
        "work": work,
        "anchor_is": "a bare Celery quorum task",
        "goal": f"ratio <= {GOAL_RATIO:g}",
        "met": ours_ms / bare_ms <= GOAL_RATIO,
        "ours": ours_ms,
        "anchor": bare_ms,
        "ratio": round(ours_ms / bare_ms, 3),
        "unit": "ms",
    }


def _bare(url: str, folder: Path) -> float:
    from celery import Celery

    with _worker("bare_celery.py", folder, url, str(folder)):
        app = Celery("bare", broker=url)
        app.conf.broker_transport_options = {"confirm_publish": True}
        app.conf.task_create_missing_queues = True
        times = []
        for number in range(1, ROUNDS + 2):
            last = number * TASKS
            began_s = time.perf_counter()
            with app.producer_pool.acquire(block=True) as producer:
                for _ in range(TASKS):
                    # To what the worker has declared.
                    app.send_task("bare.count", args=[last], producer=producer, routing_key="bare", exchange="bare")
            _wait(folder / f"done.{last}")
            times.append(time.perf_counter() - began_s)
        app.close()
    return _per_task_ms(times)


async def _ours(url: str, folder: Path, *options: str) -> float:
    settings = ProcessingSettings(data_dir=folder / "data", rabbitmq_url=url)
    migrate(settings)
    environment = {"FILEMILL_DATA_DIR": str(settings.data_dir), "RABBITMQ_URL": url, "FILEMILL_PROCESSING_WORKERS": "1"}
    with _worker("empty_jobs.py", folder, str(folder), *options, **environment):
        database = build_database(settings)
        sender = build_sender(settings, "processing")
        assert sender is not None
        recovery = Recovery(database, job_queue, ProcessingLedger(lambda: None), "processing")
        waker = Waker(database, job_queue, recovery, sender.send, lambda: Doorbell(settings.data_dir, "bench"))
        background = Background()
        background.add("waker", waker.run)
        background.start()
        bell = Bell(settings.data_dir)
        times = [await _round(database, bell, number * TASKS) for number in range(1, ROUNDS + 2)]
        bell.close()
        await background.stop()
        await sender.close()
        await database.close()
    return _per_task_ms(times)


async def _round(database: Database, bell: Bell, last: int) -> float:
    def add(tx: Tx) -> None:
        for _ in range(TASKS):
            new = NewJob("processing", new_id(), "ada", 1, 1, INTERACTIVE, "bench", {}, 60.0)
            job_queue.add(tx, new)

    def done(tx: Tx) -> int:
        return int(tx.exec_driver_sql("SELECT count(*) FROM jobs WHERE state = 'done'").scalar_one())

    began_s = time.perf_counter()
    await database.write("bench", add)
    bell.ring("bench")  # as the consumer does that adds jobs
    async with asyncio.timeout(WAIT_S):
        while await database.read(done) < last:
            await asyncio.sleep(0.02)
    return time.perf_counter() - began_s


@contextlib.contextmanager
def _worker(script: str, folder: Path, *arguments: str, **environment: str) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    with (folder / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, str(ANCHORS / script), *arguments],
            env=os.environ | environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(folder / "ready")
        yield
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def _wait(path: Path) -> None:
    until_s = time.monotonic() + WAIT_S
    while not path.exists():
        if time.monotonic() > until_s:
            raise RuntimeError(f"no {path.name}; the worker said: {(path.parent / 'worker.log').read_text()[-2000:]}")
        time.sleep(0.002)


def _per_task_ms(times_s: list[float]) -> float:
    """The first round warms up."""
    return round(statistics.median(times_s[1:]) / TASKS * 1000, 3)


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
