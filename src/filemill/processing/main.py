"""The processing service, wired: its HTTP face and its intake. The work itself is `worker`, a process beside it."""

import asyncio
from collections.abc import Callable
from functools import partial

from starlette.types import ASGIApp

from filemill.chassis.access_journal import AccessJournal
from filemill.chassis.background import Background
from filemill.chassis.database.build import build_database
from filemill.chassis.doorbell import Bell, Doorbell
from filemill.chassis.erasure import silenced
from filemill.chassis.jobs.endpoints import JobEndpoints
from filemill.chassis.jobs.recovery import Recovery
from filemill.chassis.jobs.reprocessing import Reprocessing
from filemill.chassis.jobs.wake_sender import build_sender
from filemill.chassis.jobs.waker import Waker
from filemill.chassis.jobs.workplace import at_work, own_scratch
from filemill.chassis.messaging.build import open_transport
from filemill.chassis.messaging.consumer import Consumer
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.owner_erasure_loop import OwnerErasures
from filemill.chassis.resilience.service_client import ServiceClient
from filemill.chassis.sandbox import Sandbox
from filemill.chassis.settings import load
from filemill.chassis.storage.build import build_store, check_start
from filemill.chassis.storage.removals import Remover
from filemill.chassis.storage.signed_links import build_signer
from filemill.chassis.web.app import build_app
from filemill.chassis.web.health import Dependency, HealthState
from filemill.chassis.web.measures import Measures
from filemill.chassis.web.process import run_service
from filemill.processing import consumers, repository, selection
from filemill.processing import run as runs
from filemill.processing.endpoints import Endpoints
from filemill.processing.handing import Handing
from filemill.processing.ledger import ProcessingLedger
from filemill.processing.on_request import OnRequest
from filemill.processing.repository import KIND, job_queue
from filemill.processing.settings import ProcessingSettings
from filemill.processing.step_options import options_of
from filemill.processing.steps import ocr
from filemill.processing.steps.run import ENTRY, PRELOAD
from filemill.processing.unpack_endpoints import UnpackEndpoints
from filemill.processing.worker import DOORBELL


async def build(settings: ProcessingSettings) -> ASGIApp:
    """The app with its loops: relay, intake; with RabbitMQ the waker of its workers."""
    database = build_database(settings)
    store = build_store(settings)
    await check_start(store, writes=True)
    transport = await open_transport(settings)
    bell = Bell(settings.data_dir)

    def wake() -> None:
        bell.ring(DOORBELL)

    handlers = consumers.handlers(settings.processing_deadline_s)
    background = Background()
    background.add("relay", Relay(database, transport).run)
    background.add("erasures", OwnerErasures(database, repository.INVENTORY, transport).run)
    background.add(
        "intake", Consumer(consumers.QUEUE, transport, database, handlers, lambda _done: wake(), silenced).run
    )
    background.add("removals", Remover(database, store, consumers.ERASURE.finished).run)
    sender = build_sender(settings, KIND)
    if sender is not None:
        recovery = Recovery(database, job_queue, ProcessingLedger(wake), KIND)
        waker = Waker(database, job_queue, recovery, sender.send, lambda: Doorbell(settings.data_dir, DOORBELL))
        background.add("waker", waker.run)

    journal = AccessJournal("processing", database)
    background.add("journal", journal.run)

    upload = ServiceClient.of(settings, "upload")
    background.add("parts", Handing(database, store, upload).run)

    scratch = own_scratch(settings.data_dir / "scratch" / "processing-on-request")
    sandbox = Sandbox(ENTRY, preload=PRELOAD, scratch=scratch, required=settings.sandbox)
    on_request = OnRequest(database, store, sandbox, scratch, options_of(settings))

    state = HealthState(
        "processing",
        {
            "database": Dependency(database.check),
            "storage": Dependency(store.check),
            "broker": Dependency(transport.check, needed=False),
            "upload": Dependency(upload.check, needed=False),
            "sandbox": Dependency(on_request.confinement, needed=False),
            "ocr": Dependency(partial(asyncio.to_thread, ocr.describe, settings.ocr_engine), needed=False),
        },
        background,
        transport,
        Measures("processing", database, transport, (KIND, job_queue.ages)),
        partial(at_work, settings, KIND),
    )

    reprocessing = Reprocessing(
        database,
        job_queue,
        selection.parse_for_rows,
        repository.contents_page,
        partial(runs.again, deadline_s=settings.processing_deadline_s),
        settings.processing_workers,
        wake,
    )

    async def start() -> None:
        on_request.try_out()

    async def stop() -> None:
        bell.close()
        await on_request.close()
        if sender is not None:
            await sender.close()
        await upload.close()
        await transport.close()
        await store.close()
        await database.close()

    return build_app(
        state,
        # Before the jobs, whose `/jobs/{job_id}` is any word.
        [
            Endpoints(database, store, reprocessing, on_request, journal, build_signer(settings), settings).router(),
            UnpackEndpoints(database, wake).router(),
            JobEndpoints(database, job_queue, wake).router(),
        ],
        summary="Finds out what a file is and makes something of it, in a sandbox.",
        start=start,
        stop=stop,
    )


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    run_service(load(ProcessingSettings), build, on_ready)
