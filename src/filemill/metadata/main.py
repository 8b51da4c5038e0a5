"""The metadata service, wired."""

from collections.abc import Callable, Sequence

from starlette.types import ASGIApp

from filemill.chassis.access_journal import AccessJournal
from filemill.chassis.background import Background
from filemill.chassis.database.build import build_database
from filemill.chassis.database.coalesced import CoalescedReads
from filemill.chassis.erasure import silenced
from filemill.chassis.messaging.build import open_transport
from filemill.chassis.messaging.consumer import Consumer
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.owner_erasure import renamed
from filemill.chassis.owner_erasure_loop import OwnerErasures
from filemill.chassis.resilience.service_client import ServiceClient
from filemill.chassis.settings import load
from filemill.chassis.storage.build import build_store, check_start
from filemill.chassis.web.app import build_app
from filemill.chassis.web.direct import DirectRoute
from filemill.chassis.web.health import Dependency, HealthState
from filemill.chassis.web.measures import Measures
from filemill.chassis.web.process import run_service
from filemill.contracts.envelope import Event
from filemill.metadata import consumers, repository, story
from filemill.metadata.endpoints import Endpoints
from filemill.metadata.meaning import ASK_MOST_S
from filemill.metadata.reports import Reports
from filemill.metadata.retention import Retention
from filemill.metadata.rulebook import Rulebook
from filemill.metadata.saved import Saved
from filemill.metadata.sealing import Sealer
from filemill.metadata.search.build import build_index
from filemill.metadata.search.forgetting import Forgetting
from filemill.metadata.search.indexer import Indexer
from filemill.metadata.search.vector_keeper import VectorKeeper
from filemill.metadata.searches import Searches
from filemill.metadata.settings import MetadataSettings
from filemill.metadata.tagging import Tagging
from filemill.metadata.tallying import Folding, count_first
from filemill.metadata.waiting import ASK_MOST_S as JOB_ASK_MOST_S


async def build(settings: MetadataSettings) -> ASGIApp:
    """The app with its loops: relay, catalogue, indexer, forgetting, journal, tallies, sealer, retention."""
    database = build_database(settings)
    store = build_store(settings)
    await check_start(store, writes=False)
    transport = await open_transport(settings)
    upload = ServiceClient.of(settings, "upload")
    ai = ServiceClient.of(settings, "ai", total_s=ASK_MOST_S)
    jobs = {
        "processing": ServiceClient.of(settings, "processing", total_s=JOB_ASK_MOST_S),
        "ai": ServiceClient.of(settings, "ai", total_s=JOB_ASK_MOST_S),
    }
    index = build_index(settings)
    vectors = VectorKeeper(database, ai)
    indexer = Indexer(database, store, index, settings.index_text_characters)
    forgetting = Forgetting(database, index)
    journal = AccessJournal("metadata", database, story.accessed_here)

    def committed(events: Sequence[Event]) -> None:
        indexer.wake()
        vectors.wake()
        forgetting.heard(events)

    catalogue = Consumer(consumers.QUEUE, transport, database, consumers.handlers(index), committed, silenced, renamed)

    background = Background()
    background.add("relay", Relay(database, transport).run)
    background.add("erasures", OwnerErasures(database, repository.INVENTORY, transport, tidy=forgetting.forget_all).run)
    background.add("catalogue", catalogue.run)
    background.add("indexer", indexer.run)
    background.add("vectors", vectors.run)
    background.add("forgetting", forgetting.run)
    background.add("journal", journal.run)
    background.add("tallies", Folding(database).run)
    background.add("sealer", Sealer(database).run)
    if settings.rules != "off":
        background.add("retention", Retention(database, index, report=settings.rules == "report").run)

    state = HealthState(
        "metadata",
        {
            "database": Dependency(database.check),
            "storage": Dependency(store.check, needed=False),
            "broker": Dependency(transport.check, needed=False),
            "upload": Dependency(upload.check, needed=False),
            "ai": Dependency(ai.check, needed=False),
        },
        background,
        transport,
        Measures("metadata", database, transport),
    )

    async def start() -> None:
        await database.write("metadata.index.create", index.create)
        await database.write("metadata.tallies.first", count_first)

    async def stop() -> None:
        for client in (upload, ai, *jobs.values()):
            await client.close()
        await transport.close()
        await store.close()
        await database.close()

    documents = CoalescedReads(database, repository.get_many)
    endpoints = Endpoints(
        database, documents, store, upload, jobs["processing"], jobs["ai"], journal, settings, indexer.wake
    )
    searches = Searches(database, index, settings, ai, indexer.wake)
    return build_app(
        state,
        [
            searches.router(),
            Saved(database).router(),
            Tagging(database, index, indexer.wake).router(),
            Rulebook(database, index, settings).router(),
            Reports(database).router(),
            endpoints.router(),
        ],
        direct=[DirectRoute("/files/{file_id}", endpoints.get)],
        summary="Everything known of a file, findable; its audit trail and its story.",
        start=start,
        stop=stop,
        bounded=True,
    )


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    run_service(load(MetadataSettings), build, on_ready)
