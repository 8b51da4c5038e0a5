"""Faults of the blob store, where somebody can switch them on: it is away, slow, or full (`chassis.faults`)."""

import asyncio

from filemill.chassis import faults
from filemill.chassis.errors import StorageFull, Unavailable
from filemill.chassis.storage.store import BlobStore

SLOW_S = 2.0

_WRITING = frozenset({"create", "create_compressed", "extend", "adopt"})
_READING = frozenset({"open", "open_compressed", "fetch"})
_OTHER = frozenset({"delete", "check"})


def with_faults(store: BlobStore) -> BlobStore:
    """The same store, whose calls look at the switches first where there are any."""
    if faults.possible():
        faults.ahead(store, sorted(_WRITING | _READING | _OTHER), _before)
    return store


async def _before(method: str) -> None:
    if faults.is_on("store-down"):
        raise Unavailable("The store is away: the fault store-down is on.")
    if method in _WRITING and faults.is_on("disk-full"):
        raise StorageFull("The store has no room: the fault disk-full is on.")
    if method not in _OTHER and faults.is_on("slow-store"):
        await asyncio.sleep(SLOW_S)
