"""The worker that Celery wakes: processes of its prefork pool, each with one asyncio loop in a thread of its own.

The loop lives as long as the process, so the connection to the broker keeps beating between jobs, and so does the relay.
On SIGTERM the jobs in hand get a moment to end and are then given back, without a try; killed, their try counts and another
worker takes them. The job row is the truth: an unacknowledged wake-up that comes again finds another job, or none.
"""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import FrameType
from typing import Any

import structlog

from filemill.chassis.database.migrate import migrate
from filemill.chassis.errors import StartError
from filemill.chassis.jobs.worker import Worker
from filemill.chassis.jobs.workplace import WorkerSpec, make_worker, open_workplace, say_ready
from filemill.chassis.settings import ServiceSettings
from filemill.chassis.telemetry import exposition, tracing
from filemill.chassis.telemetry.start import start_telemetry

# SIGTERM then means: finish soon, or give back. Celery reads this when it is imported.
_TERM = "SIGQUIT"
OPEN_PAUSE_FIRST_S = 0.5
OPEN_PAUSE_LONGEST_S = 10.0
_log = structlog.get_logger()


def run_celery_worker(settings: ServiceSettings, spec: WorkerSpec, on_ready: Callable[[str], None] | None) -> None:
    """Run `spec.concurrency` processes until asked to stop. Raises `StartError`."""
    os.environ["REMAP_SIGTERM"] = _TERM
    start_telemetry(settings, f"{settings.service}-worker")
    counter = exposition.serve_pool(settings.metrics_host or settings.host, settings.worker_metrics_port)
    try:
        _run(settings, spec, on_ready)
    finally:
        exposition.end(counter)


def _run(settings: ServiceSettings, spec: WorkerSpec, on_ready: Callable[[str], None] | None) -> None:
    migrate(settings)
    _try_out(settings, spec)
    try:
        from celery import signals

        from filemill.chassis.jobs.celery_app import build_app, declare, queue_name, task_name
    except ModuleNotFoundError as error:
        raise StartError(f"RABBITMQ_URL: {error.name} is not installed; install filemill[engines]") from error
    assert settings.rabbitmq_url
    app = build_app(settings.rabbitmq_url, spec.kind, spec.deadline_s)
    declare(app)
    desk: list[_Desk] = []

    @app.task(name=task_name(spec.kind))  # type: ignore[untyped-decorator]
    def take_next(lane: str) -> None:
        desk[0].take_next(lane)

    def begin(**_: Any) -> None:
        desk.append(_Desk(settings, spec))

    def end(**_: Any) -> None:
        for one in desk:
            one.close()

    signals.setup_logging.connect(_leave_logging_alone)
    signals.worker_process_init.connect(begin, weak=False)
    signals.worker_process_shutdown.connect(end, weak=False)
    if on_ready is not None:
        signals.worker_ready.connect(lambda **_: on_ready("working"), weak=False)
    worker = app.Worker(
        hostname=f"{spec.kind}@{os.getpid()}",
        pool="prefork",
        concurrency=spec.concurrency,
        queues=[queue_name(spec.kind, lane) for lane in spec.lanes],
        loglevel="WARNING",
        quiet=True,
        optimization="fair",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()


def _try_out(settings: ServiceSettings, spec: WorkerSpec) -> None:
    """Whatever would stop each process of the pool stops the start, in one line. Raises `StartError`.

    Tried in a process of its own: what runs threads (a store's client) must never be used before a fork.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            asyncio.run(_open_once(settings, spec))
        except StartError as error:
            os.write(writing, str(error).encode())
        except BaseException as error:  # noqa: BLE001 - a child must never return into its parent's code
            _log.exception(f"{spec.kind}.workplace.lost")
            os.write(writing, f"{spec.kind}: {type(error).__name__}; the log says more".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        problem = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    if problem or status:
        raise StartError(problem or f"{spec.kind}: a worker process ended with {os.waitstatus_to_exitcode(status)}")


async def _open_once(settings: ServiceSettings, spec: WorkerSpec) -> None:
    async with open_workplace(settings, spec) as place:
        say_ready(spec, place)


def _leave_logging_alone(**_: Any) -> None:
    """Our own logging is set up already."""


class _Desk:
    """One process of the pool: the loop's thread, and the task that runs on it."""

    def __init__(self, settings: ServiceSettings, spec: WorkerSpec) -> None:
        self._settings = settings
        self._spec = spec
        self._opened: Future[tuple[asyncio.AbstractEventLoop, Worker]] = Future()
        self._over = asyncio.Event()
        self._at_work: asyncio.Task[bool] | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), name="jobs", daemon=True)
        self._thread.start()
        # Celery ends a job in hand with this signal; its own answer to it would kill the process and cost a try.
        signal.signal(getattr(signal, _TERM), self._interrupted)

    def take_next(self, lane: str) -> None:
        """See one job of the lane to its end. Runs on the main thread, the job on the loop's."""
        loop, worker = self._opened.result()
        with contextlib.suppress(asyncio.CancelledError):  # it was given back
            asyncio.run_coroutine_threadsafe(self._take(worker, lane), loop).result()

    async def _take(self, worker: Worker, lane: str) -> None:
        self._at_work = asyncio.ensure_future(worker.run_one(lane))
        try:
            await self._at_work
        finally:
            self._at_work = None

    def _interrupted(self, _number: int, _frame: FrameType | None) -> None:
        if not self._opened.done():
            os._exit(0)  # nothing can be in hand
        loop, _ = self._opened.result()
        loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._at_work is not None:
            self._at_work.cancel()

    async def _live(self) -> None:
        pause_s = OPEN_PAUSE_FIRST_S
        while not self._opened.done():
            try:
                await self._work()
            except Exception:  # noqa: BLE001 - whatever is missing, it may come back; it is logged each time
                # What was there at the start is away now (the store, say): wait for it, and the wake-up in hand with us.
                _log.exception(f"{self._spec.kind}.workplace.lost")
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, OPEN_PAUSE_LONGEST_S)

    async def _work(self) -> None:
        async with open_workplace(self._settings, self._spec) as place:
            place.background.start()
            self._opened.set_result((asyncio.get_running_loop(), make_worker(self._settings, self._spec, place)))
            await self._over.wait()

    def close(self) -> None:
        """Give back what is in hand and close everything."""
        if self._opened.done():
            loop, _ = self._opened.result()
            loop.call_soon_threadsafe(self._cancel)
            loop.call_soon_threadsafe(self._over.set)
            self._thread.join(10.0)
        tracing.flush()
