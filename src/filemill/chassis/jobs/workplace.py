"""What a worker process needs around it: database, store, transport, a sandbox with its scratch folder, its own relay.

The same for every service with jobs and for both kinds of worker (`local_worker`, `celery_worker`); a service says in a
`WorkerSpec` what is its own.
"""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import structlog

from filemill.chassis import process_identity
from filemill.chassis.background import Background
from filemill.chassis.database.build import build_database
from filemill.chassis.database.database import Database
from filemill.chassis.doorbell import Doorbell
from filemill.chassis.errors import StartError
from filemill.chassis.jobs.faulty import with_faults
from filemill.chassis.jobs.ledger import Ledger
from filemill.chassis.jobs.queue import JobQueue
from filemill.chassis.jobs.table import BULK, INTERACTIVE
from filemill.chassis.jobs.worker import Runner, Worker
from filemill.chassis.messaging.build import open_transport
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.sandbox import Sandbox, SandboxUnavailableError
from filemill.chassis.settings import ServiceSettings
from filemill.chassis.storage.build import build_store, check_start
from filemill.chassis.storage.store import BlobStore

_log = structlog.get_logger()

# Nothing is looked for in between: only a ring means something.
_LOOK_S = 3600.0


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """What one service's workers are. `deadline_s` is the longest a try may take.

    `idle_s`: the sandbox loads its libraries with the first file, and gives their memory back after so long without one.
    `soon`: a doorbell that says that there will be work in a moment, so that they are loaded when it is there.
    """

    kind: str
    queue: JobQueue
    ledger: Ledger
    runner: Callable[["Workplace"], Runner]
    entry: str
    preload: Sequence[str]
    sandbox: Literal["full", "reduced"]
    writes_blobs: bool
    doorbell: str
    concurrency: int
    deadline_s: float
    lanes: Sequence[str] = (INTERACTIVE, BULK)
    idle_s: float | None = None
    soon: str | None = None


@dataclass(frozen=True, slots=True)
class Workplace:
    """Open resources of one worker process. `background` holds its relay, not started yet."""

    database: Database
    store: BlobStore
    sandbox: Sandbox
    scratch: Path
    background: Background


@contextlib.asynccontextmanager
async def open_workplace(settings: ServiceSettings, spec: WorkerSpec) -> AsyncIterator[Workplace]:
    """Open everything, and close it afterwards. Raises `StartError` for what is missing."""
    async with contextlib.AsyncExitStack() as stack:
        database = build_database(settings)
        stack.push_async_callback(database.close)
        store = build_store(settings)
        stack.push_async_callback(store.close)
        await check_start(store, writes=spec.writes_blobs)
        transport = await open_transport(settings)
        stack.push_async_callback(transport.close)
        scratch = own_scratch(_scratch(settings, spec.kind))
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        sandbox = Sandbox(
            spec.entry,
            preload=spec.preload,
            scratch=scratch,
            required=spec.sandbox,
            ahead=True,
            idle_s=spec.idle_s,
        )
        stack.push_async_callback(sandbox.stop)
        try:
            await (sandbox.start() if spec.idle_s is None else sandbox.try_out())
        except SandboxUnavailableError as error:
            raise StartError(f"{spec.kind}: {error}") from error
        background = Background()
        background.add("relay", Relay(database, transport).run)
        if spec.idle_s is not None:
            background.add("sandbox", sandbox.rest)
            if spec.soon is not None:
                background.add("warm-up", partial(_warm_up, sandbox, settings.data_dir, spec.soon))
        stack.push_async_callback(background.stop)
        yield Workplace(database, store, sandbox, scratch, background)


async def _warm_up(sandbox: Sandbox, place: Path, soon: str) -> None:
    """A loop. A ring that is not heard costs the first job a wait, and one that nothing follows costs memory for a while."""
    doorbell = Doorbell(place, soon)
    try:
        while True:
            if await doorbell.wait(_LOOK_S):
                await sandbox.warm_up()
    finally:
        doorbell.close()


def make_worker(settings: ServiceSettings, spec: WorkerSpec, place: Workplace) -> Worker:
    """The worker of this process."""
    return Worker(
        place.database,
        spec.queue,
        spec.ledger,
        with_faults(spec.runner(place)),
        lambda: Doorbell(settings.data_dir, spec.doorbell),
        spec.concurrency,
        spec.kind,
    )


def say_ready(spec: WorkerSpec, place: Workplace) -> None:
    """One line with what matters to an operator: how well files are walled in."""
    level = place.sandbox.level
    _log.info(f"{spec.kind}.worker.ready", sandbox=level.name, missing=level.missing)


def at_work(settings: ServiceSettings, kind: str) -> int | None:
    """How many worker processes of a kind run on this machine; None: a broker hands the work out, and they may be anywhere."""
    if settings.rabbitmq_url:
        return None
    folder = _scratch(settings, kind)
    return sum(process_identity.lives(one.name) for one in folder.iterdir()) if folder.is_dir() else 0


def _scratch(settings: ServiceSettings, kind: str) -> Path:
    """The folder in which each worker of a kind has one of its own, named by its process."""
    return settings.data_dir / "scratch" / kind


def own_scratch(folder: Path) -> Path:
    """An empty folder for this process; what processes that are gone left beside it is removed."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in folder.iterdir():
        if not process_identity.lives(left.name):
            shutil.rmtree(left, ignore_errors=True)
    own = folder / str(os.getpid())
    shutil.rmtree(own, ignore_errors=True)  # an earlier process had our number
    own.mkdir(mode=0o700)
    return own
