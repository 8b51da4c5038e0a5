"""The notification service, wired."""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp

from filemill.chassis.background import Background
from filemill.chassis.database.build import build_database
from filemill.chassis.erasure import silenced
from filemill.chassis.messaging.build import open_transport
from filemill.chassis.messaging.consumer import Consumer
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.outbound import Resolver
from filemill.chassis.owner_erasure import renamed
from filemill.chassis.owner_erasure_loop import OwnerErasures
from filemill.chassis.sealing import Seal
from filemill.chassis.settings import load
from filemill.chassis.signing_keys import signing_keys
from filemill.chassis.web.app import build_app
from filemill.chassis.web.health import Dependency, HealthState
from filemill.chassis.web.measures import Measures
from filemill.chassis.web.process import run_service
from filemill.notification import consumers, repository
from filemill.notification.claims_repository import Limits
from filemill.notification.delivering import Dispatcher
from filemill.notification.endpoints import Endpoints
from filemill.notification.keeping import Keeper
from filemill.notification.live import LiveStreams
from filemill.notification.sending import Sender
from filemill.notification.settings import NotificationSettings
from filemill.notification.webhook_endpoints import TESTS_MOST, WebhookEndpoints
from filemill.notification.webhook_secrets import PURPOSE
from filemill.notification.webhooks import Webhooks

PER_HOST, PER_WEBHOOK = 8, 4
"""Deliveries in flight to one host and to one webhook; an owner may have a quarter of all."""


async def build(settings: NotificationSettings) -> ASGIApp:
    """The app with its loops: relay, live events, webhooks, their sweepers."""
    database = build_database(settings)
    transport = await open_transport(settings)
    streams = LiveStreams(database, settings.live_streams_most, settings.live_hours * 3600)

    at_once = settings.webhook_tries_at_once
    seal = Seal(signing_keys(settings), PURPOSE)
    resolver = Resolver(settings.webhook_policy, threads=2 * at_once)
    sender = Sender(resolver)
    limits = Limits(at_once, PER_HOST, PER_WEBHOOK, max(1, at_once // 4))
    dispatcher = Dispatcher(database, sender, seal, limits)
    keeper = Keeper(database, seal, settings.webhook_days * 86_400, settings.webhook_queue_most)
    webhooks = Webhooks(database, seal, resolver, settings.webhooks_most)

    background = Background()
    live = Consumer(
        consumers.QUEUE, transport, database, consumers.HANDLERS, lambda _events: streams.ring(), silenced, renamed
    )
    background.add("relay", Relay(database, transport).run)
    background.add("erasures", OwnerErasures(database, repository.INVENTORY, transport).run)
    background.add("live", live.run)
    background.add("streams", streams.feed)
    background.add("sweeper", streams.sweep)
    background.add("webhooks", dispatcher.run)
    background.add("webhooks.free", keeper.free)
    background.add("webhooks.tidy", keeper.tidy)

    state = HealthState(
        "notification",
        {"database": Dependency(database.check), "broker": Dependency(transport.check, needed=False)},
        background,
        transport,
        Measures("notification", database, transport),
    )

    async def start() -> None:
        await database.check()

    async def stop() -> None:
        await sender.close()
        await transport.close()
        await database.close()

    return build_app(
        state,
        [
            Endpoints(database, streams, transport).router(),
            WebhookEndpoints(database, webhooks, dispatcher, asyncio.Semaphore(TESTS_MOST)).router(),
        ],
        summary="Tells people and programs what happened, as it happens.",
        start=start,
        stop=stop,
        draining=streams.close,
    )


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    run_service(load(NotificationSettings), build, on_ready)
