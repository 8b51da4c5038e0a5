"""What PostgreSQL's driver is told and what it says: engines, bounds, whether a pooler stands between, what an error means.

Not for: transactions (`postgresql_database`).
"""

from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

WRITERS, UNSYNCED_WRITERS, READERS = 2, 1, 3
"""Connections of one process: eight with a database make 48, each Celery process six more; PostgreSQL's default is 100."""
CONNECT_S = 5.0
STATEMENT_S = 20.0
ORPHANED_S = 60.0
"""How long the server keeps a transaction of which it hears nothing: longer than any of us waits, and its locks bar others."""
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_AWAY = ("08", "57P", "53300")
"""Connection gone, server stopping or starting, no connection free."""
# The second is what the driver says while the server has said goodbye and the socket is not closed yet. Nothing was sent.
LOST = (asyncpg.InterfaceError, asyncpg.InternalClientError)


def make_engine(url: str, *, pooled: bool, statement_s: float | None = None) -> AsyncEngine:
    """An engine whose transactions are begun and ended by hand. `pooled`: a pooler may give each another session.

    `statement_s`: how long a statement may take, `STATEMENT_S` if nothing is said.
    """
    connect: dict[str, Any] = {
        "timeout": CONNECT_S, "command_timeout": statement_s or STATEMENT_S, "server_settings": {"jit": "off"} | bounds(),
    }  # fmt: skip
    if pooled:
        # A statement prepared in one session is unknown in the next: prepare each anew, without a name.
        connect |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0, "server_settings": {}}
        connect["prepared_statement_name_func"] = str
    return create_async_engine(
        driver_url(url),
        isolation_level="AUTOCOMMIT",
        pool_size=WRITERS + UNSYNCED_WRITERS + READERS,
        max_overflow=0,
        pool_timeout=CONNECT_S,
        pool_reset_on_return=None,
        connect_args=connect,
        json_serializer=None,
    )


def bounds() -> dict[str, str]:
    """Settings by which the server itself ends what was cut off in the middle: nobody may ever tell it that we are gone."""
    kept_ms = str(round(ORPHANED_S * 1000))
    return {"idle_in_transaction_session_timeout": kept_ms, "statement_timeout": kept_ms}


def driver_url(url: str) -> str:
    """The URL with our driver in it, whatever scheme the operator wrote (postgres, postgresql, postgresql+…)."""
    return "postgresql+asyncpg://" + url.partition("://")[2]


async def is_pooled(url: str) -> bool:
    """Whether a pooler stands between: the process id told at login is then not the one that runs the statements."""
    connection = await asyncpg.connect(
        "postgresql://" + url.partition("://")[2], timeout=CONNECT_S, statement_cache_size=0
    )
    try:
        return bool(
            await connection.fetchval("SELECT pg_backend_pid()", timeout=CONNECT_S) != connection.get_server_pid()
        )
    finally:
        connection.terminate()


def sqlstate(error: BaseException) -> str:
    """The five characters by which the server says what is wrong; empty if it did not say."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(cause, "sqlstate", None) or "")


def is_away(error: BaseException) -> bool:
    """Whether the server, or the way to it, is the problem."""
    if isinstance(error, DBAPIError):
        error = (error.orig and error.orig.__cause__) or error.orig or error
    if isinstance(error, (OSError, TimeoutError, PoolTimeout, *LOST)):
        return True
    return sqlstate(error).startswith(_AWAY)


async def execute(driver: Any, statement: str) -> None:
    """Without parameters asyncpg uses the simple protocol: one round trip, nothing prepared."""
    await driver.execute(statement, timeout=STATEMENT_S)
