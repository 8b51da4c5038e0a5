"""A migration on PostgreSQL: one transaction under an advisory lock, and the words for a server that cannot be used.

This is also the check at start: a service that comes up has connected once, as the role it was given.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from filemill.chassis import long_start
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.postgresql_engine import STATEMENT_S, make_engine
from filemill.chassis.errors import StartError

PROBLEMS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError)
"""Whatever a server that cannot be used makes of a call."""

MIGRATING_S = 6 * 3600.0
"""For a statement: an index over a million files takes minutes, over more of them hours."""

_TAKE = "SELECT pg_try_advisory_xact_lock(hashtextextended('filemill migration', 0))"
_WORDS = {
    "28P01": "the server refuses the password; correct it",
    "28000": "the server refuses this user from here; see its pg_hba.conf",
    "3D000": "there is no such database; create it (docs/guides/production-engines.md)",
    "42501": "this user may not create tables there; make it the owner of the database",
    "53300": "the server has no connection free; raise its max_connections or put PgBouncer before it",
}


async def run(url: str, named: str, bring: Callable[[Connection], None]) -> None:
    """Raises `StartError` with `named` (the variable and the place), the problem and the fix.

    Whatever `bring` raises goes through.
    """
    # A few statements: not worth asking whether there is a pooler.
    engine = make_engine(url, pooled=True, statement_s=MIGRATING_S)
    is_alone = False
    try:
        async with engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            await raw.execute("BEGIN", timeout=STATEMENT_S)
            await _wait_until_alone(raw)
            is_alone = True
            await connection.run_sync(bring)
            crash_point("migrate.on-server.in-tx")
            await raw.execute("COMMIT")
    except PROBLEMS as error:
        if is_alone and isinstance(_cause_of(error), TimeoutError):
            raise StartError(
                f"{named}: a statement took more than {MIGRATING_S / 3600:g} hours; the server's log may say why"
            ) from error
        raise StartError(f"{named}: {problem(error)}") from error
    finally:
        await engine.dispose()


async def _wait_until_alone(raw: Any) -> None:
    """Take the lock that goes with the transaction."""
    waiting = long_start.pauses(long_start.OTHERS_MIGRATE)
    while not await raw.fetchval(_TAKE, timeout=STATEMENT_S):  # noqa: ASYNC110 - another process tells no event
        await asyncio.sleep(next(waiting))


def _cause_of(error: Exception) -> BaseException:
    """What the driver said, without SQLAlchemy's words around it."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error


def problem(error: Exception) -> str:
    """What is wrong and what to do about it, in one line."""
    cause = _cause_of(error)
    state = getattr(cause, "sqlstate", None)
    if state in _WORDS:
        return _WORDS[state]
    if isinstance(cause, TimeoutError):
        return "no answer within 5 s; check host, port and firewall"
    if isinstance(cause, ConnectionError) and cause.errno is None:
        return f"what answers there speaks no PostgreSQL ({str(cause)[:200]}); correct host, port and sslmode"
    if isinstance(cause, OSError):
        # asyncio puts the address where the system's words were.
        words = os.strerror(cause.errno) if cause.errno and cause.errno > 0 else cause.strerror or str(cause)
        return f"cannot be reached ({words[:200]}); start the server, or correct host and port"
    return f"{cause}".splitlines()[0][:200]
