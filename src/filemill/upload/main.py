"""The upload service, wired."""

from collections.abc import Callable

from starlette.types import ASGIApp

from filemill.chassis.background import Background
from filemill.chassis.database.build import build_database
from filemill.chassis.messaging.build import open_transport
from filemill.chassis.messaging.consumer import Consumer
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.settings import load
from filemill.chassis.storage.build import build_store, check_start
from filemill.chassis.web.app import build_app
from filemill.chassis.web.health import Dependency, HealthState
from filemill.chassis.web.process import run_service
from filemill.upload import consumers
from filemill.upload.access_journal import AccessJournal
from filemill.upload.endpoints import STREAMING, Endpoints
from filemill.upload.intake import Intake
from filemill.upload.keeping import Keeper
from filemill.upload.settings import UploadSettings


async def build(settings: UploadSettings) -> ASGIApp:
    """The app with its loops: relay, copies, journal, keeper."""
    database = build_database(settings)
    store = build_store(settings)
    await check_start(store, writes=True)
    transport = await open_transport(settings)
    journal = AccessJournal(database)
    intake = Intake(database, store, settings)

    background = Background()
    background.add("relay", Relay(database, transport).run)
    background.add("copies", Consumer(consumers.QUEUE, transport, database, consumers.HANDLERS).run)
    background.add("journal", journal.run)
    background.add("keeper", Keeper(database, store, settings).run)

    state = HealthState(
        "upload",
        {
            "database": Dependency(database.check),
            "storage": Dependency(store.check),
            "broker": Dependency(transport.check, needed=False),
        },
        background,
        transport,
    )

    async def stop() -> None:
        await transport.close()
        await store.close()
        await database.close()

    return build_app(
        state,
        [Endpoints(database, store, intake, journal, settings).router()],
        summary="Takes files in, keeps them safe, gives them back.",
        stop=stop,
        streaming=STREAMING,
    )


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    run_service(load(UploadSettings), build, on_ready)
