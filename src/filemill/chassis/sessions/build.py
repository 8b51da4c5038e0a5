"""Choose where sessions are kept from one setting: `REDIS_URL`, or unset: a SQLite file that this machine's services share."""

from filemill.chassis.database.build import open_sqlite
from filemill.chassis.errors import StartError
from filemill.chassis.sessions.sqlite_store import SqliteSessionStore
from filemill.chassis.sessions.store import SessionStore
from filemill.chassis.settings import ServiceSettings


async def build_sessions(settings: ServiceSettings) -> SessionStore:
    """The session store of this process, asked once whether it can be used. Raises `StartError`."""
    if not settings.redis_url:
        return SqliteSessionStore(open_sqlite(settings.data_dir / "shared" / "sessions.db"))
    try:
        # The adapter's library is loaded by whoever uses it, and by nobody else.
        from filemill.chassis.redis_client import RedisClient
        from filemill.chassis.sessions.redis_store import RedisSessionStore
    except ImportError as error:
        raise StartError(f"REDIS_URL: {error.name} is not installed; install filemill[engines]") from error
    client = RedisClient(settings.redis_url.get_secret_value(), "sessions")
    try:
        await client.check_start()
    except BaseException:
        await client.close()
        raise
    return RedisSessionStore(client)
