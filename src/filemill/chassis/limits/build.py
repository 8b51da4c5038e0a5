"""Choose where calls are counted from one setting: `REDIS_URL`, or unset: a SQLite file that this machine's services share."""

from filemill.chassis.database.build import open_sqlite
from filemill.chassis.errors import StartError
from filemill.chassis.limits.limiter import FailOpen, RateLimiter
from filemill.chassis.limits.sqlite_limiter import SqliteLimiter
from filemill.chassis.settings import ServiceSettings


async def build_limiter(settings: ServiceSettings) -> RateLimiter:
    """The limiter of this process, asked once whether it can be used. Raises `StartError`."""
    if not settings.redis_url:
        return FailOpen(SqliteLimiter(open_sqlite(settings.data_dir / "shared" / "limits.db")))
    try:
        # The adapter's library is loaded by whoever uses it, and by nobody else.
        from filemill.chassis.limits.redis_limiter import RedisLimiter
        from filemill.chassis.redis_client import RedisClient
    except ImportError as error:
        raise StartError(f"REDIS_URL: {error.name} is not installed; install filemill[engines]") from error
    client = RedisClient(settings.redis_url.get_secret_value(), "limits")
    try:
        await client.check_start()
    except BaseException:
        await client.close()
        raise
    return FailOpen(RedisLimiter(client))
