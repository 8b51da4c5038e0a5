"""Rate limits in a SQLite file that all services of this machine share. Not synced: a power cut refills every bucket."""

from sqlalchemy import text

from filemill.chassis.clock import unix_s
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.database.first_use import FirstUse, execute_all
from filemill.chassis.limits.limiter import Verdict, judge

SWEEP_MOST = 2
"""Full buckets forgotten with each call: the table stays about as large as the number of callers at work."""

_TABLE = text("CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, full_at_s REAL NOT NULL) WITHOUT ROWID")
_INDEX = text("CREATE INDEX IF NOT EXISTS buckets_full ON buckets (full_at_s)")
_SELECT = text("SELECT full_at_s FROM buckets WHERE name = :name")
_KEEP = text(
    "INSERT INTO buckets VALUES (:name, :full_at_s) ON CONFLICT (name) DO UPDATE SET full_at_s = excluded.full_at_s"
)
_SWEEP = text(
    "DELETE FROM buckets WHERE name IN (SELECT name FROM buckets WHERE full_at_s < :now ORDER BY full_at_s LIMIT :most)"
)


class SqliteLimiter:
    """See `limiter.RateLimiter`. `database` is a file of its own, opened by every service."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._schema = FirstUse(lambda: database.write_unsynced("limits.schema", execute_all, _TABLE, _INDEX))

    async def allow(self, key: str, rate_per_s: float, burst: int, count: int = 1) -> Verdict:
        """See `RateLimiter.allow`."""
        await self._schema.ready()
        return await self._database.write_unsynced("limits.allow", _allow, key, rate_per_s, burst, count)

    async def check(self) -> None:
        """See `RateLimiter.check`."""
        await self._schema.ready()
        await self._database.check()

    async def close(self) -> None:
        """See `RateLimiter.close`."""
        await self._database.close()


def _allow(tx: Tx, name: str, rate_per_s: float, burst: int, count: int) -> Verdict:
    now_s = unix_s()
    tx.execute(_SWEEP, {"now": now_s, "most": SWEEP_MOST})
    verdict, full_at_s = judge(tx.execute(_SELECT, {"name": name}).scalar(), now_s, rate_per_s, burst, count)
    if verdict.allowed:
        tx.execute(_KEEP, {"name": name, "full_at_s": full_at_s})
    return verdict
