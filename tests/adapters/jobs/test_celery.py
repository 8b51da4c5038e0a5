"""Workers woken through a real broker: whatever happens to worker, wake-up or broker, a job is done, and done once."""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import Any

import httpx
import pytest

from filemill.chassis.background import Background
from filemill.chassis.database.build import build_database
from filemill.chassis.database.database import Database
from filemill.chassis.database.migrate import migrate
from filemill.chassis.doorbell import Doorbell
from filemill.chassis.ids import new_id
from filemill.chassis.jobs import waker as waker_module
from filemill.chassis.jobs.celery_app import LANES, build_app, declare, queue_name
from filemill.chassis.jobs.recovery import Recovery
from filemill.chassis.jobs.table import BULK, INTERACTIVE, NewJob
from filemill.chassis.jobs.wake_sender import build_sender
from filemill.chassis.jobs.waker import Waker
from filemill.processing.repository import job_queue
from filemill.processing.settings import ProcessingSettings
from support import celery_worker
from support.celery_worker import Silent
from support.servers.plugin import Servers
from support.servers.ports import free_ports, is_open
from support.servers.rabbitmq import RabbitMq, installed

pytestmark = pytest.mark.servers
START_S = 60.0
DONE_S = 60.0
ANSWER_S = 15.0
CANCEL_S = 1.0


class Site:
    """The processing service without its HTTP face, and the Celery workers beside it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.settings = ProcessingSettings(data_dir=folder / "data", rabbitmq_url=url)
        migrate(self.settings)
        self.database: Database = build_database(self.settings)
        self.sender = build_sender(self.settings, "processing")
        assert self.sender is not None
        recovery = Recovery(self.database, job_queue, Silent(), "processing")
        bell = lambda: Doorbell(self.settings.data_dir, "test.jobs")  # noqa: E731
        self.waker = Waker(self.database, job_queue, recovery, self.sender.send, bell)
        self.background = Background()
        self.background.add("waker", self.waker.run)
        self.workers: list[subprocess.Popen[bytes]] = []

    async def start_worker(self, processes: int = 1, **more: str) -> "subprocess.Popen[bytes]":
        """A Celery worker in a process group of its own, once it consumes."""
        assert self.settings.rabbitmq_url
        environment = {
            "FILEMILL_DATA_DIR": str(self.settings.data_dir),
            "RABBITMQ_URL": self.settings.rabbitmq_url,
            "FILEMILL_PROCESSING_WORKERS": str(processes),
            "PYTHONPATH": str(Path(celery_worker.__file__).parents[1]),
        }
        worker = self._launch(os.environ | environment | more)
        self.workers.append(worker)
        await until(lambda: (self.folder / f"ready.{worker.pid}").exists(), START_S, self.said)
        return worker

    def _launch(self, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
        command = [sys.executable, celery_worker.__file__, str(self.folder)]
        with (self.folder / "worker.log").open("ab") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)

    def said(self) -> str:
        return (self.folder / "worker.log").read_text()[-20_000:]

    async def add(self, seconds: float, lane: str = INTERACTIVE) -> str:
        """Queue a job that sleeps."""
        new = NewJob("processing", new_id(), "ada", 1, 1, lane, "test", {"seconds": seconds}, deadline_s=100.0)
        return await self.database.write("test", job_queue.add, new)

    async def row(self, job_id: str) -> Any:
        return await self.database.read(job_queue.get, "ada", job_id)

    async def done(self, job_id: str) -> Any:
        """The job's row once it is done."""
        row: Any = None
        try:
            async with asyncio.timeout(DONE_S):
                while (row := await self.row(job_id))["state"] != "done":
                    assert row["state"] in ("queued", "running"), (row["state"], row["reason_detail"])
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pytest.fail(
                f"not done: {dict(row or {})}; failing: {self.background.failing}; the worker said: {self.said()}"
            )
        return row

    def marks(self, job_id: str, what: str) -> list[str]:
        """The attempts of a job that began or ended."""
        return sorted(path.name.split(".")[1] for path in self.folder.glob(f"{job_id}.*.{what}"))

    async def began(self, job_id: str, attempt: int = 1) -> None:
        await until(lambda: str(attempt) in self.marks(job_id, "began"), DONE_S, self.said)

    async def close(self) -> None:
        await self.background.stop()
        for worker in self.workers:
            if worker.poll() is None:
                os.killpg(worker.pid, SIGKILL)
            worker.wait(10)
        assert self.sender is not None
        await self.sender.close()
        await self.database.close()


async def until(right: Callable[[], bool], timeout_s: float, said: Callable[[], str]) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            while not right():  # noqa: ASYNC110 - what it waits for happens in another process
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"it did not come to pass; the worker said: {said()}")


@pytest.fixture
async def site(tmp_path: Path, vhost: str) -> AsyncIterator[Site]:
    made = Site(tmp_path, vhost)
    made.background.start()
    yield made
    await made.close()


def end(worker: "subprocess.Popen[bytes]", number: Signals) -> None:
    """End a worker and what belongs to it."""
    (os.killpg if number == SIGKILL else os.kill)(worker.pid, number)
    worker.wait(30)


async def test_worker_when_woken_then_jobs_of_both_lanes_are_done_once(site: Site) -> None:
    """One wake-up a job; each is done at its first try."""
    await site.start_worker(2)
    jobs = [await site.add(0.01, lane) for lane in (INTERACTIVE, BULK) for _ in range(10)]
    attempts = Counter([(await site.done(job))["attempts"] for job in jobs])
    assert attempts == {1: 20}
    assert [site.marks(job, "ended") for job in jobs] == [["1"]] * 20


async def test_worker_when_killed_in_the_middle_of_a_job_then_another_does_it_once(site: Site) -> None:
    """The try is counted, the wake-up comes again, and the result is there once."""
    worker = await site.start_worker()
    job = await site.add(3.0)
    await site.began(job)
    end(worker, SIGKILL)
    await site.start_worker()
    row = await site.done(job)
    assert row["attempts"] == 2
    assert (site.marks(job, "began"), site.marks(job, "ended")) == (["1", "2"], ["2"])


async def test_worker_when_one_of_its_processes_dies_then_the_job_is_tried_again(site: Site) -> None:
    """A parser that takes its process along costs one try and no worker."""
    await site.start_worker()
    job = await site.add(2.0)
    await site.began(job)
    os.kill(int((site.folder / f"{job}.1.began").read_text()), SIGKILL)
    assert (await site.done(job))["attempts"] == 2
    assert site.marks(job, "ended") == ["2"]


async def test_worker_when_asked_to_stop_then_the_job_is_given_back_without_a_try(site: Site) -> None:
    """A deployment is nobody's failure."""
    worker = await site.start_worker()
    job = await site.add(20.0)
    await site.began(job)
    await asyncio.to_thread(end, worker, SIGTERM)
    row = await site.row(job)
    assert (row["state"], row["attempts"], row["reason_code"]) == ("queued", 0, "worker-stopped"), site.said()


async def test_worker_when_a_job_in_hand_is_cancelled_then_it_ends_within_a_second(site: Site) -> None:
    """As with local workers: the row says so, and the worker sees it."""
    await site.start_worker()
    job = await site.add(60.0)
    await site.began(job)
    began_s = time.monotonic()
    assert await site.database.write("test", job_queue.cancel, job) == "running"
    async with asyncio.timeout(DONE_S):
        while (row := await site.row(job))["state"] == "running":  # noqa: ASYNC110 - a row has no event
            await asyncio.sleep(0.02)
    assert (row["state"], site.marks(job, "ended")) == ("cancelled", [])
    assert time.monotonic() - began_s < CANCEL_S


async def test_waker_when_a_wake_up_is_lost_then_it_is_sent_again(
    site: Site, rabbitmq_server: RabbitMq, vhost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue that an operator emptied delays a job and loses none."""
    monkeypatch.setattr(waker_module, "WOKEN_S", 2.0)
    worker = await site.start_worker()  # declares the queue
    end(worker, SIGKILL)
    job = await site.add(0.01)
    async with asyncio.timeout(DONE_S):
        while (await site.row(job))["woken_until"] == 0:  # noqa: ASYNC110 - a row has no event
            await asyncio.sleep(0.05)
    name = vhost.rpartition("/")[2]
    rabbitmq_server.api("DELETE", f"/queues/{name}/processing.interactive/contents")
    await site.start_worker()
    assert (await site.done(job))["attempts"] == 1


async def test_queues_when_the_broker_is_killed_right_after_they_were_made_then_each_can_be_used(
    site: Site, rabbitmq_server: RabbitMq, vhost: str
) -> None:
    """RabbitMQ forgets the leader of the newest queue, for ever, unless something follows it."""
    app = build_app(vhost, "processing", deadline_s=1.0)
    await asyncio.to_thread(declare, app)
    await asyncio.to_thread(rabbitmq_server.kill)
    await asyncio.to_thread(rabbitmq_server.start)

    def take(queue: str) -> None:
        with app.connection_for_read(transport_options={"read_timeout": ANSWER_S}) as connection:
            assert connection.default_channel.basic_get(queue) is None

    for lane in LANES:
        await asyncio.to_thread(take, queue_name("processing", lane))


async def test_broker_when_killed_and_back_then_every_job_is_done_once(site: Site, rabbitmq_server: RabbitMq) -> None:
    """Wake-ups go on by themselves; a job in hand does not notice."""
    await site.start_worker(2)
    long = await site.add(8.0)
    await site.began(long)
    await asyncio.to_thread(rabbitmq_server.kill)
    jobs = [await site.add(0.01) for _ in range(10)]
    await asyncio.to_thread(rabbitmq_server.start)
    rows = [await site.done(job) for job in [long, *jobs]]
    assert {row["attempts"] for row in rows} == {1}
    assert site.marks(long, "ended") == ["1"]


@pytest.fixture(scope="module")
def impatient_broker(servers: Servers) -> Iterator[RabbitMq]:
    """A broker that waits three seconds for an acknowledgement."""
    if not installed():
        servers.missing("RabbitMQ is not installed (Debian: rabbitmq-server)")
    yield from servers.running(RabbitMq(consumer_timeout_s=3))


async def test_job_when_longer_than_the_broker_waits_then_it_is_finished_once(
    tmp_path: Path, impatient_broker: RabbitMq
) -> None:
    """The broker takes the wake-up back and gives it to others; the job belongs to whoever claimed it."""
    site = Site(tmp_path, impatient_broker.fresh_vhost())
    site.background.start()
    await site.start_worker(2)
    job, short = await site.add(12.0), await site.add(0.01)
    assert (await site.done(short))["attempts"] == 1
    assert (await site.done(job))["attempts"] == 1
    assert (site.marks(job, "began"), site.marks(job, "ended")) == (["1"], ["1"])
    later = await site.add(0.01)
    assert (await site.done(later))["attempts"] == 1
    said = site.said()
    await site.close()
    assert "PRECONDITION_FAILED" in said, "the broker did not lose its patience, so this showed nothing"


async def test_metrics_when_a_pool_has_several_processes_then_one_port_tells_of_all(site: Site) -> None:
    """The jobs of every process are summed up, and the process that tells is gone with the worker."""
    (port,) = free_ports(1)
    folder = site.folder / "metrics"
    folder.mkdir()
    worker = await site.start_worker(
        2, PROMETHEUS_MULTIPROC_DIR=str(folder), FILEMILL_PROCESSING_WORKER_METRICS_PORT=str(port)
    )
    for job_id in [await site.add(0.5) for _ in range(4)]:
        await site.done(job_id)

    def told() -> bool:
        said = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        return 'filemill_jobs_total{kind="processing",outcome="done"} 4.0' in said

    await until(told, ANSWER_S, site.said)
    assert len({path.name.split("_")[-1] for path in folder.glob("counter_*.db")}) >= 2
    end(worker, SIGTERM)
    with pytest.raises(ConnectionRefusedError):
        is_open(port)
