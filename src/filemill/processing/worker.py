"""The processing worker, wired: claims jobs and runs them in the sandbox. A process of its own; with RabbitMQ, Celery's."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from filemill.chassis.doorbell import Bell
from filemill.chassis.jobs.table import ClaimedJob
from filemill.chassis.jobs.worker import Progress, Runner
from filemill.chassis.jobs.workplace import WorkerSpec, Workplace
from filemill.chassis.settings import load
from filemill.processing import unpacking
from filemill.processing.ledger import ProcessingLedger
from filemill.processing.repository import KIND, UNPACK, job_queue
from filemill.processing.run import FileRun
from filemill.processing.settings import ProcessingSettings
from filemill.processing.step_options import options_of
from filemill.processing.steps.run import ENTRY, PRELOAD
from filemill.processing.unpack_run import UnpackRun

DOORBELL = "processing.jobs"


def spec(settings: ProcessingSettings) -> WorkerSpec:
    """What this service's workers are."""
    bell = Bell(settings.data_dir)
    return WorkerSpec(
        kind=KIND,
        queue=job_queue,
        ledger=ProcessingLedger(lambda: bell.ring(DOORBELL)),
        runner=partial(_runner, settings),
        entry=ENTRY,
        preload=PRELOAD,
        sandbox=settings.sandbox,
        writes_blobs=True,
        doorbell=DOORBELL,
        concurrency=settings.processing_workers,
        deadline_s=max(settings.processing_deadline_s, unpacking.DEADLINE_S),
        lanes=settings.processing_lanes.split(","),
    )


def _runner(settings: ProcessingSettings, place: Workplace) -> Runner:
    whole = FileRun(place.database, place.store, place.sandbox, place.scratch, options_of(settings))
    bounds = (settings.max_file_bytes, settings.unpack_most_bytes)
    return Runs(whole, UnpackRun(place.store, place.sandbox, place.scratch, *bounds))


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs a job by its kind."""

    whole: Runner
    unpack: Runner

    async def __call__(self, job: ClaimedJob, progress: Progress) -> Any:
        """Raises what they raise."""
        return await (self.unpack if job.kind == UNPACK else self.whole)(job, progress)


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    settings = load(ProcessingSettings)
    if settings.rabbitmq_url:
        from filemill.chassis.jobs.celery_worker import run_celery_worker

        run_celery_worker(settings, spec(settings), on_ready)
    else:
        from filemill.chassis.jobs.local_worker import run_local_worker

        run_local_worker(settings, spec(settings), on_ready)
