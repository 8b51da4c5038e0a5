"""Faults of the database, where somebody can switch them on: it is away, or every transaction waits (`chassis.faults`)."""

import asyncio

from filemill.chassis import faults
from filemill.chassis.database.database import Database
from filemill.chassis.errors import Unavailable

SLOW_S = 0.4
"""Below the half second that `/health` waits, and of two such waits a service that asks another has no patience left."""

_TRANSACTIONS = ("write", "write_each", "write_unsynced", "read")


def with_faults(database: Database) -> Database:
    """The same database, whose transactions look at the switches first where there are any."""
    if faults.possible():
        faults.ahead(database, (*_TRANSACTIONS, "check"), _before)
    return database


async def _before(method: str) -> None:
    if faults.is_on("database-down"):
        raise Unavailable("The database is away: the fault database-down is on.")
    if method != "check" and faults.is_on("database-slow"):
        await asyncio.sleep(SLOW_S)
