"""The ai worker, wired: claims analyses and runs them in the sandbox. A process of its own."""

from collections.abc import Callable

from filemill.ai.capabilities.names import ENTRY, PRELOAD
from filemill.ai.jobs import KIND
from filemill.ai.models.registry import built_in_registry
from filemill.ai.repository import job_queue
from filemill.ai.run import AnalysisLedger, AnalysisRun
from filemill.ai.settings import AiSettings
from filemill.chassis.jobs.local_worker import run_local_worker
from filemill.chassis.jobs.workplace import WorkerSpec
from filemill.chassis.sandbox import Limits
from filemill.chassis.settings import load

DOORBELL = "ai.jobs"


def spec(settings: AiSettings) -> WorkerSpec:
    """What this service's workers are."""
    limits = Limits(memory_bytes=settings.ai_memory_bytes, wall_s=settings.ai_deadline_s)
    registry = built_in_registry()
    return WorkerSpec(
        kind=KIND,
        queue=job_queue,
        ledger=AnalysisLedger(),
        runner=lambda place: AnalysisRun(place.database, place.store, place.sandbox, place.scratch, limits, registry),
        entry=ENTRY,
        preload=PRELOAD,
        sandbox=settings.sandbox,
        writes_blobs=False,
        doorbell=DOORBELL,
        concurrency=settings.ai_workers,
        deadline_s=settings.ai_deadline_s,
    )


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    settings = load(AiSettings)
    run_local_worker(settings, spec(settings), on_ready)
