"""A whole installation from the outside: every service's database and what it declares to keep, the store, the queues.

For the operator's tools. Opened by the same `build` functions the services use, so it is whatever the environment chooses;
nothing here knows an engine or a table.
"""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from filemill.access import repository as access
from filemill.ai import repository as ai
from filemill.chassis.database.build import build_database, place_of_database
from filemill.chassis.database.database import Database
from filemill.chassis.database.inventory import Inventory
from filemill.chassis.database.migrate import migrate, must_be_current
from filemill.chassis.errors import StartError
from filemill.chassis.messaging.build import open_transport, place_of_queues
from filemill.chassis.messaging.transport import Broker
from filemill.chassis.settings import ServiceSettings, load
from filemill.chassis.storage.build import build_store, check_start, place_of_store
from filemill.chassis.storage.store import BlobStore
from filemill.local.run_folder import who_runs
from filemill.local.runner import give_databases
from filemill.local.settings import RunnerSettings
from filemill.metadata import repository as metadata
from filemill.notification import repository as notification
from filemill.processing import repository as processing
from filemill.upload import repository as upload

INVENTORIES = (
    upload.INVENTORY,
    metadata.INVENTORY,
    processing.INVENTORY,
    ai.INVENTORY,
    notification.INVENTORY,
    access.INVENTORY,
)
"""Upload first: the others are compared with it."""

Progress = Callable[[str, int, int], None]
"""Told (what, done, of how many) now and then; for whoever draws a bar."""


@dataclass(frozen=True, slots=True)
class Part:
    """One service's database and its declaration."""

    inventory: Inventory
    database: Database


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything that is kept, open. `places` tells databases (by service), `store` and `queues` apart from another's."""

    data_dir: Path
    parts: Mapping[str, Part]
    store: BlobStore
    queues: Broker
    places: Mapping[str, str]


def prepare(*, make: bool = False) -> dict[str, str]:
    """See to it, before an event loop runs, that every schema the environment chooses is there: `make` brings it into being.

    Returns the services' own database variables as they are then. Raises `StartError` with one line for what is not there,
    not of this version, or cannot be reached.
    """
    give_databases(load(RunnerSettings))
    for inventory in INVENTORIES:
        settings = load(ServiceSettings, service=inventory.service)
        if make:
            migrate(settings)
        else:
            must_be_current(settings)
    names = [f"FILEMILL_{inventory.service.upper()}_DATABASE_URL" for inventory in INVENTORIES]
    return {name: os.environ[name] for name in names if name in os.environ}


@asynccontextmanager
async def opened(*, writes: bool = False) -> AsyncIterator[Installation]:
    """The installation the environment chooses; `writes`: blobs will be stored in it. Raises `StartError`.

    The environment is not looked at any more once this is entered.
    """
    plain = load(ServiceSettings, service="operator")
    async with AsyncExitStack() as stack:
        parts, places = {}, {"store": place_of_store(plain), "queues": place_of_queues(plain)}
        for inventory in INVENTORIES:
            settings = load(ServiceSettings, service=inventory.service)
            database = build_database(settings)
            stack.push_async_callback(database.close)
            parts[inventory.service] = Part(inventory, database)
            places[inventory.service] = place_of_database(settings)
        store = build_store(plain)
        stack.push_async_callback(store.close)
        queues = await open_transport(plain)
        stack.push_async_callback(queues.close)
        await check_start(store, writes=writes)
        yield Installation(plain.data_dir, parts, store, queues, places)


def must_be_stopped(data_dir: Path) -> None:
    """Raise `StartError` while somebody works on this data folder."""
    if runner := who_runs(data_dir):
        raise StartError(f"{runner} works on {data_dir}; stop it first (Ctrl-C where it runs)")
