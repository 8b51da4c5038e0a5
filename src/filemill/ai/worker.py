"""The ai worker, wired: claims analyses, runs them in the sandbox, relays its own outbox. A process of its own."""

import asyncio
import shutil
from collections.abc import Callable

import structlog

from filemill.ai.capabilities.names import ENTRY, PRELOAD
from filemill.ai.jobs import KIND
from filemill.ai.repository import job_queue
from filemill.ai.run import AnalysisLedger, AnalysisRun
from filemill.ai.settings import AiSettings
from filemill.chassis.background import Background
from filemill.chassis.database.build import build_database
from filemill.chassis.doorbell import Doorbell
from filemill.chassis.errors import StartError
from filemill.chassis.jobs.worker import Worker
from filemill.chassis.messaging.build import open_transport
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.sandbox import Limits, Sandbox, SandboxUnavailableError
from filemill.chassis.settings import load
from filemill.chassis.storage.build import build_store, check_start
from filemill.chassis.web.process import run_loops

DOORBELL = "ai.jobs"


async def work(settings: AiSettings, ready: Callable[[], None]) -> None:
    """Work until cancelled."""
    scratch = settings.data_dir / "scratch" / "ai"
    shutil.rmtree(scratch, ignore_errors=True)  # what a killed worker left
    scratch.mkdir(parents=True, mode=0o700)
    database, store, transport = build_database(settings), build_store(settings), await open_transport(settings)
    await check_start(store, writes=False)
    sandbox = Sandbox(ENTRY, preload=PRELOAD, scratch=scratch, required=settings.sandbox)
    try:
        await sandbox.start()
    except SandboxUnavailableError as error:
        raise StartError(f"ai: {error}") from error
    limits = Limits(memory_bytes=settings.ai_memory_bytes, wall_s=settings.ai_deadline_s)
    worker = Worker(
        database,
        job_queue,
        AnalysisLedger(),
        AnalysisRun(database, store, sandbox, scratch, limits),
        lambda: Doorbell(settings.data_dir, DOORBELL),
        settings.ai_workers,
        KIND,
    )
    background = Background()
    background.add("worker", worker.run)
    background.add("relay", Relay(database, transport).run)
    background.start()
    structlog.get_logger().info("ai.worker.ready", sandbox=sandbox.level.name, missing=sandbox.level.missing)
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
    run_loops(load(AiSettings), work, on_ready)
