"""The processing worker, wired: claims jobs, runs them in the sandbox, relays its own outbox. A process of its own."""

import asyncio
import shutil
from collections.abc import Callable

import structlog

from filemill.chassis.background import Background
from filemill.chassis.database.build import build_database
from filemill.chassis.doorbell import Bell, Doorbell
from filemill.chassis.errors import StartError
from filemill.chassis.jobs.worker import Worker
from filemill.chassis.messaging.build import open_transport
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.sandbox import Sandbox, SandboxUnavailableError
from filemill.chassis.settings import load
from filemill.chassis.storage.build import build_store, check_start
from filemill.chassis.web.process import run_loops
from filemill.processing.repository import job_queue
from filemill.processing.run import KIND, FileRun, ProcessingLedger
from filemill.processing.settings import ProcessingSettings
from filemill.processing.steps.run import ENTRY, PRELOAD

DOORBELL = "processing.jobs"


async def work(settings: ProcessingSettings, ready: Callable[[], None]) -> None:
    """Work until cancelled."""
    scratch = settings.data_dir / "scratch" / "processing"
    shutil.rmtree(scratch, ignore_errors=True)  # what a killed worker left
    scratch.mkdir(parents=True, mode=0o700)
    database, store, transport = build_database(settings), build_store(settings), await open_transport(settings)
    await check_start(store, writes=True)
    sandbox = Sandbox(ENTRY, preload=PRELOAD, scratch=scratch, required=settings.sandbox)
    try:
        await sandbox.start()
    except SandboxUnavailableError as error:
        raise StartError(f"processing: {error}") from error
    bell = Bell(settings.data_dir)
    worker = Worker(
        database,
        job_queue,
        ProcessingLedger(lambda: bell.ring(DOORBELL)),
        FileRun(store, sandbox, scratch),
        lambda: Doorbell(settings.data_dir, DOORBELL),
        settings.processing_workers,
        KIND,
    )
    background = Background()
    background.add("worker", worker.run)
    background.add("relay", Relay(database, transport).run)
    background.start()
    structlog.get_logger().info("processing.worker.ready", sandbox=sandbox.level.name, missing=sandbox.level.missing)
    ready()
    try:
        await asyncio.Event().wait()
    finally:
        await background.stop()
        await sandbox.stop()
        await transport.close()
        await store.close()
        await database.close()


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    run_loops(load(ProcessingSettings), work, on_ready)
