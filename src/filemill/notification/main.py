"""The notification service, wired."""

from collections.abc import Callable

from starlette.types import ASGIApp

from filemill.chassis.background import Background
from filemill.chassis.database.build import build_database
from filemill.chassis.erasure import silenced
from filemill.chassis.messaging.build import open_transport
from filemill.chassis.messaging.consumer import Consumer
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.settings import load
from filemill.chassis.web.app import build_app
from filemill.chassis.web.health import Dependency, HealthState
from filemill.chassis.web.process import run_service
from filemill.notification import consumers
from filemill.notification.endpoints import Endpoints
from filemill.notification.live import LiveStreams
from filemill.notification.settings import NotificationSettings


async def build(settings: NotificationSettings) -> ASGIApp:
    """The app with its loops: relay, live events, their sweeper."""
    database = build_database(settings)
    transport = await open_transport(settings)
    streams = LiveStreams(database, settings.live_streams_most, settings.live_hours * 3600)

    background = Background()
    live = Consumer(consumers.QUEUE, transport, database, consumers.HANDLERS, lambda _events: streams.ring(), silenced)
    background.add("relay", Relay(database, transport).run)
    background.add("live", live.run)
    background.add("sweeper", streams.run)

    state = HealthState(
        "notification",
        {"database": Dependency(database.check), "broker": Dependency(transport.check, needed=False)},
        background,
        transport,
    )

    async def start() -> None:
        await database.check()

    async def stop() -> None:
        await transport.close()
        await database.close()

    return build_app(
        state,
        [Endpoints(database, streams, transport).router()],
        summary="Tells people and programs what happened, as it happens.",
        start=start,
        stop=stop,
        draining=streams.close,
    )


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    run_service(load(NotificationSettings), build, on_ready)
