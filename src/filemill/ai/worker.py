"""The ai worker, wired: claims analyses and runs them in the sandbox. A process of its own."""

from collections.abc import Callable

from filemill.ai.capabilities.names import ENTRY, PRELOAD
from filemill.ai.jobs import KIND
from filemill.ai.ledger import AnalysisLedger
from filemill.ai.model_news import ModelNews
from filemill.ai.models.host import ModelHost, open_host
from filemill.ai.models.registry import Registry, open_registry
from filemill.ai.repository import job_queue
from filemill.ai.run import AnalysisRun
from filemill.ai.served import limits_of
from filemill.ai.settings import AiSettings
from filemill.chassis import process_identity
from filemill.chassis.jobs.local_worker import run_local_worker
from filemill.chassis.jobs.workplace import WorkerSpec, Workplace
from filemill.chassis.sandbox import Limits
from filemill.chassis.settings import load

DOORBELL = "ai.jobs"
SOON = "ai.soon"
"""Rung when a file has come that will be analysed once it is processed."""


def spec(settings: AiSettings) -> WorkerSpec:
    """What this service's workers are."""
    limits = Limits(memory_bytes=settings.ai_memory_bytes, wall_s=settings.ai_deadline_s)
    registry = open_registry(settings.models_place, settings.models_disabled)

    def runner(place: Workplace) -> AnalysisRun:
        models = _host(settings, place, registry)
        return AnalysisRun(place.database, place.store, place.sandbox, place.scratch, limits, registry, models)

    return WorkerSpec(
        kind=KIND,
        queue=job_queue,
        ledger=AnalysisLedger(),
        runner=runner,
        entry=ENTRY,
        preload=PRELOAD,
        sandbox=settings.sandbox,
        writes_blobs=False,
        doorbell=DOORBELL,
        concurrency=settings.ai_workers,
        deadline_s=settings.ai_deadline_s,
        idle_s=settings.ai_idle_s,
        soon=SOON,
    )


def _host(settings: AiSettings, place: Workplace, registry: Registry) -> ModelHost:
    """The models of this worker, with a sandbox that is started when one is needed; its loop runs beside the worker."""
    host = open_host(place.scratch, registry, limits_of(settings), settings.sandbox)

    async def run_models() -> None:
        await host.preload(settings.models_preloaded)
        await host.run()

    place.background.add("models", run_models)
    place.background.add("model news", ModelNews(place.database, registry, process_identity.me()).run)
    return host


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    settings = load(AiSettings)
    run_local_worker(settings, spec(settings), on_ready)
