"""The upload service, wired."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from fastapi import APIRouter
from starlette.types import ASGIApp

from filemill.chassis.access_journal import AccessJournal
from filemill.chassis.background import Background
from filemill.chassis.database.build import build_database
from filemill.chassis.erasure import silenced
from filemill.chassis.messaging.build import open_transport
from filemill.chassis.messaging.consumer import Consumer
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.owner_erasure_loop import OwnerErasures
from filemill.chassis.resilience.service_client import ServiceClient
from filemill.chassis.sessions.build import build_sessions
from filemill.chassis.settings import load
from filemill.chassis.signing_keys import signing_keys
from filemill.chassis.storage.build import build_folder, build_store, check_start
from filemill.chassis.storage.pieces import Resumes
from filemill.chassis.storage.removals import Remover
from filemill.chassis.storage.signed_links import build_signer
from filemill.chassis.storage.store import BlobStore, Compresses
from filemill.chassis.web.app import build_app
from filemill.chassis.web.health import Dependency, HealthState
from filemill.chassis.web.measures import Measures
from filemill.chassis.web.process import run_service
from filemill.chassis.web.upload_tokens import UploadTokens
from filemill.upload import arrivals, consumers, direct, purge, repository, resumable, shares
from filemill.upload.arrivals import Arrivals
from filemill.upload.at_once import AtOnce
from filemill.upload.compression import Compressor
from filemill.upload.contents import Contents
from filemill.upload.direct import Direct
from filemill.upload.endpoints import Endpoints
from filemill.upload.families import Families
from filemill.upload.holding import Holding
from filemill.upload.idempotency import IdempotencyKeys
from filemill.upload.intake import Intake
from filemill.upload.keeping import Keeper
from filemill.upload.owners import OwnersFiles
from filemill.upload.parts import Parts
from filemill.upload.reconciler import Reconciler, named_by_processing
from filemill.upload.resumable import Resumable
from filemill.upload.scanner import build_scanner
from filemill.upload.scanning import Scanning
from filemill.upload.selections import Selections
from filemill.upload.settings import UploadSettings
from filemill.upload.sharing import Sharing
from filemill.upload.spool import Spool
from filemill.upload.spool_carrying import SpoolCarrying
from filemill.upload.turns import Turns
from filemill.upload.unfinished import Unfinished


async def build(settings: UploadSettings, store: BlobStore | None = None) -> ASGIApp:
    """The app with its loops: relay, copies, journal, keeper, spool. `store`: instead of the one the settings choose."""
    database = build_database(settings)
    store = store or build_store(settings)
    transport = await open_transport(settings)
    journal = AccessJournal("upload", database, shares.keep_opens)
    spool: Spool | None = None
    if settings.spool_dir is None:
        await check_start(store, writes=True)
    else:
        local = build_folder(settings.spool_dir, "FILEMILL_SPOOL_DIR")
        spool = Spool(settings.spool_dir, local, database, settings.spool_most_bytes, settings.min_free_disk_bytes)
    sessions = await build_sessions(settings) if settings.asks_for_credentials else None
    intake = Intake(database, store, settings, spool, sessions)
    keys = IdempotencyKeys(database)
    at_once = AtOnce(settings.uploads_at_once_most)

    background = Background()
    background.add("relay", Relay(database, transport).run)
    copies = Consumer(consumers.QUEUE, transport, database, consumers.HANDLERS, silenced=silenced)
    background.add("copies", copies.run)
    background.add("removals", Remover(database, store, purge.ERASURE.finished).run)
    background.add("journal", journal.run)
    background.add("keys", keys.run)
    background.add("families", Families(database).run)
    scanner = build_scanner(settings.clamd_url) if settings.clamd_url else None
    scanning = Scanning(database, store, scanner, settings.scan_too_large, intake.scans_due)
    background.add("scans", scanning.run)
    signer = build_signer(settings)
    unfinished: Unfinished | None = None
    several_requests: list[APIRouter] = []
    if isinstance(store, Resumes):
        turns = Turns(database)
        unfinished = Unfinished(database, store, intake, settings, turns)
        parts = Parts(unfinished)
        background.add("turns", turns.run)
        background.add("parts", parts.run)
        several_requests = [Resumable(unfinished, settings, at_once).router(), Direct(parts, signer).router()]
    owners = OwnersFiles(database, unfinished)
    background.add("erasures", OwnerErasures(database, repository.INVENTORY, transport, owners.purge_some).run)
    background.add("keeper", Keeper(database, store, settings, unfinished).run)
    if settings.compression == "on" and isinstance(store, Compresses):
        background.add("compressor", Compressor(database, store, settings, intake.room).run)

    processing = ServiceClient.of(settings, "processing")
    if settings.reconcile != "off":
        grace, dry_run = timedelta(hours=settings.orphan_hours), settings.reconcile == "report"
        reconciler = Reconciler(database, store, named_by_processing(processing), grace=grace, dry_run=dry_run)
        background.add("reconciler", partial(reconciler.run, settings.reconcile_hours * 3600))

    dependencies = {
        "database": Dependency(database.check),
        "storage": Dependency(store.check, needed=spool is None),
        "broker": Dependency(transport.check, needed=False),
        "disk": Dependency(intake.room.health, needed=False),
    }
    if scanner is not None:
        dependencies["scanner"] = Dependency(scanning.check, needed=False)
    if spool is not None:
        background.add("spool", SpoolCarrying(spool, store, database).run)
        dependencies["spool"] = Dependency(spool.check, needed=False)
    state = HealthState("upload", dependencies, background, transport, Measures("upload", database, transport))

    async def stop() -> None:
        await processing.close()
        if sessions is not None:
            await sessions.close()
        await transport.close()
        if spool is not None:
            await spool.close()
        await store.close()
        await database.close()

    contents = Contents(database, store, journal, signer, settings, spool)
    whole = Arrivals(database, intake, keys, settings, at_once)
    return build_app(
        state,
        [
            whole.router(),
            *several_requests,
            Selections(contents, settings).router(),
            contents.router(),
            Sharing(contents).router(),
            Endpoints(database, settings, intake.room).router(),
            Holding(database).router(),
        ],
        summary="Takes files in, keeps them safe, gives them back.",
        stop=stop,
        streaming=arrivals.STREAMING + resumable.STREAMING + direct.STREAMING,
        direct=whole.direct(),
        upload_tokens=UploadTokens(signing_keys(settings)),
        bounded=True,
    )


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    run_service(load(UploadSettings), build, on_ready)
