"""The ai service, wired: its HTTP face, its intake, its deadlines. The work itself is `worker`, a process beside it."""

from collections.abc import Callable
from functools import partial

from starlette.types import ASGIApp

from filemill.ai import consumers, jobs, repository, selection
from filemill.ai.embeddings_endpoints import EmbeddingsEndpoints
from filemill.ai.endpoints import Endpoints
from filemill.ai.jobs import DeadlineWatch
from filemill.ai.models.host import open_host
from filemill.ai.models.registry import open_registry
from filemill.ai.repository import job_queue
from filemill.ai.served import limits_of
from filemill.ai.settings import AiSettings
from filemill.ai.worker import DOORBELL, SOON
from filemill.chassis.background import Background
from filemill.chassis.database.build import build_database
from filemill.chassis.doorbell import Bell
from filemill.chassis.erasure import silenced
from filemill.chassis.ids import new_id
from filemill.chassis.jobs.endpoints import JobEndpoints
from filemill.chassis.jobs.reprocessing import Reprocessing
from filemill.chassis.jobs.workplace import at_work, own_scratch
from filemill.chassis.messaging.build import open_transport
from filemill.chassis.messaging.consumer import Consumer
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.owner_erasure_loop import OwnerErasures
from filemill.chassis.resilience.service_client import ServiceClient
from filemill.chassis.settings import load
from filemill.chassis.web.app import build_app
from filemill.chassis.web.health import Dependency, HealthState
from filemill.chassis.web.measures import Measures
from filemill.chassis.web.process import run_service
from filemill.contracts.envelope import Event
from filemill.contracts.topics import Topic


async def build(settings: AiSettings) -> ASGIApp:
    """The app with its loops: relay, intake, deadlines."""
    database = build_database(settings)
    transport = await open_transport(settings)
    upload = ServiceClient.of(settings, "upload")
    bell = Bell(settings.data_dir)

    def wake() -> None:
        bell.ring(DOORBELL)

    def learned(news: list[Event]) -> None:
        wake()
        if any(event.type == Topic.UPLOADED for event in news):
            bell.ring(SOON)

    background = Background()
    background.add("relay", Relay(database, transport).run)
    background.add("erasures", OwnerErasures(database, repository.INVENTORY, transport).run)
    intake = Consumer(
        consumers.QUEUE, transport, database, consumers.handlers(settings.ai_deadline_s), learned, silenced
    )
    background.add("intake", intake.run)
    background.add("deadlines", DeadlineWatch(database, settings.analysis_deadline_s, new_id).run)

    state = HealthState(
        "ai",
        {
            "database": Dependency(database.check),
            "broker": Dependency(transport.check, needed=False),
            "upload": Dependency(upload.check, needed=False),
        },
        background,
        transport,
        Measures("ai", database, transport, (jobs.KIND, job_queue.ages)),
        partial(at_work, settings, jobs.KIND),
    )

    async def start() -> None:
        await database.check()

    async def stop() -> None:
        bell.close()
        await upload.close()
        await transport.close()
        await database.close()

    registry = open_registry(settings.models_place, settings.models_disabled)
    # For questions of this process: what files say is the workers' to ask.
    models = open_host(
        own_scratch(settings.data_dir / "scratch" / "ai-service"), registry, limits_of(settings), settings.sandbox
    )
    background.add("models", models.run)
    reprocessing = Reprocessing(
        database,
        job_queue,
        selection.parser(registry),
        repository.analysed_page,
        partial(jobs.again, deadline_s=settings.ai_deadline_s),
        settings.ai_workers,
        wake,
    )
    endpoints = Endpoints(database, registry, upload, reprocessing, settings, wake)
    vectors = EmbeddingsEndpoints(database, registry, models, endpoints.file)
    return build_app(
        state,
        # Before the jobs, whose `/jobs/{job_id}` is any word.
        [endpoints.router(), vectors.router(), JobEndpoints(database, job_queue, wake).router()],
        summary="Says what a file is about, with model, confidence and evidence.",
        start=start,
        stop=stop,
    )


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    run_service(load(AiSettings), build, on_ready)
