"""PostgreSQL: a few writers with group commit, a few readers, asyncpg under SQLAlchemy's greenlets.

Group commit as on SQLite: whatever queued while the last commit ran goes into the next transaction. There are no savepoints:
should one work of a crowd fail, the transaction is undone and each runs alone, which the port allows. Statements see what is
committed when they begin (READ COMMITTED); works that read before they write say what about with `hold`, which is an advisory
lock until the commit, so they run one after another in every process, and different files do not wait for each other.
Nothing lives in a session: any pooler between may hand each transaction another one (`postgresql_engine`). Longer than most:
queues, batches and what is undone or tried again when one of them fails are one thing, read in one go.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import QueuePool

from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import DURABLE, HOLD, INSERT, Tx, take_marks
from filemill.chassis.database.postgresql_engine import (
    LOST,
    READERS,
    UNSYNCED_WRITERS,
    WRITERS,
    bounds,
    execute,
    is_away,
    is_pooled,
    make_engine,
    sqlstate,
)
from filemill.chassis.database.postgresql_insert import insert_by_columns
from filemill.chassis.database.work import Item, grouped, run
from filemill.chassis.errors import StorageFull, Unavailable
from filemill.chassis.telemetry import metrics

BATCH_MOST = 256
QUEUED_MOST = 10_000
CHECK_S = 2.0
TRIES_MOST = 3
PAUSE_MOST_S = 0.2

BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
BEGIN_UNSYNCED = f"{BEGIN}; SET LOCAL synchronous_commit = off"
BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest($1::text[]) AS key"

_FULL = ("53100",)
_AGAIN = ("40001", "40P01", "55P03")
"""Serialization, deadlock, lock not available: the same work, run again, may go well."""

P = ParamSpec("P")
T = TypeVar("T")
One = TypeVar("One")
_log = structlog.get_logger()


class PostgresqlDatabase:
    """A service's database on a server. Any number of processes may use it."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        self._url = url
        self._engine: AsyncEngine | None = None
        self._bounds = ""
        self._opening = asyncio.Lock()
        self._drivers: set[Any] = set()
        self._reading = asyncio.Semaphore(READERS)
        self._closed = False
        self._listeners: dict[str, list[Callable[[], None]]] = {}
        self._durable: asyncio.Queue[Item | None] = asyncio.Queue(QUEUED_MOST)
        self._unsynced: asyncio.Queue[Item | None] = asyncio.Queue(QUEUED_MOST)
        metrics.DATABASE_WAITING.labels(database=name).set_function(
            lambda: self._durable.qsize() + self._unsynced.qsize()
        )
        metrics.DATABASE_CONNECTIONS.labels(database=name).set_function(self._lent)
        self._writers = [
            asyncio.create_task(self._write_loop(queue, begin), name=f"{name}-write")
            for queue, begin, count in (
                (self._durable, BEGIN, WRITERS),
                (self._unsynced, BEGIN_UNSYNCED, UNSYNCED_WRITERS),
            )
            for _ in range(count)
        ]

    async def write(self, point: str, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Database.write`. A connection lost while committing leaves the outcome open and raises `Unavailable`."""
        done: T = await self._enqueue(Item(point, lambda tx: work(tx, *args, **kwargs), _future(), durable=True))
        return done

    async def write_each(self, point: str, work: Callable[[Tx, Sequence[One]], Sequence[T]], item: One) -> T:
        """See `Database.write_each`."""
        done: T = await self._enqueue(Item(point, work, _future(), durable=True, each=True, item=item))
        return done

    async def write_unsynced(
        self, point: str, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """See `Database.write_unsynced`: the server's `synchronous_commit = off`."""
        done: T = await self._enqueue(Item(point, lambda tx: work(tx, *args, **kwargs), _future(), durable=False))
        return done

    async def read(self, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Database.read`."""
        self._must_be_open()

        async def once() -> T:
            async with self._reading, self._transaction(BEGIN_READ) as connection:
                return await connection.run_sync(lambda tx: work(tx, *args, **kwargs))

        result: T = await self._with_tries(once)
        return result

    def on_commit(self, mark: str, listener: Callable[[], None]) -> None:
        """See `Database.on_commit`."""
        self._listeners.setdefault(mark, []).append(listener)

    async def rewrite(self) -> None:
        """See `Database.rewrite`: the server's own business."""

    async def check(self) -> None:
        """See `Database.check`."""
        try:
            async with asyncio.timeout(CHECK_S):
                await self.read(lambda tx: tx.exec_driver_sql("SELECT 1").scalar())
        except TimeoutError as error:
            raise Unavailable("The database does not answer.") from error

    async def close(self) -> None:
        """See `Database.close`."""
        if self._closed:
            return
        self._closed = True
        for queue, count in ((self._durable, WRITERS), (self._unsynced, UNSYNCED_WRITERS)):
            for _ in range(count):
                await queue.put(None)
        await asyncio.gather(*self._writers, return_exceptions=True)
        if self._engine is not None:
            await self._engine.dispose()

    def _lent(self) -> int:
        pool = self._engine.pool if self._engine is not None else None
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    def _must_be_open(self) -> None:
        if self._closed:
            raise Unavailable("The service is stopping; try again in a moment.")

    # writing

    async def _enqueue(self, item: Item) -> Any:
        self._must_be_open()
        try:
            (self._durable if item.durable else self._unsynced).put_nowait(item)
        except asyncio.QueueFull:
            raise Unavailable("The database is behind with its work; try again in a moment.") from None
        return await item.done

    async def _write_loop(self, queue: "asyncio.Queue[Item | None]", begin: str) -> None:
        last = False
        while not last and (first := await queue.get()) is not None:
            batch = [first]
            while len(batch) < BATCH_MOST and not queue.empty():
                item = queue.get_nowait()
                if item is None:
                    last = True
                    break
                batch.append(item)
            await self._settle(batch, begin)

    async def _settle(self, batch: list[Item], begin: str) -> None:
        """Run these together; each alone if one of them fails."""
        try:
            marks = await self._with_tries(lambda: self._commit(batch, begin), again=len(batch) == 1)
        except Unavailable as error:
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - it belongs to the caller of `write`, who gets exactly this exception
            if len(batch) == 1:
                _fail(batch, error)
            else:
                for item in batch:
                    await self._settle([item], begin)
        else:
            for item in batch:
                item.give()
            for mark in marks:
                for listener in self._listeners.get(mark, ()):
                    listener()

    async def _commit(self, batch: list[Item], begin: str) -> set[str]:
        async with self._transaction(begin) as connection:
            marks = await connection.run_sync(_run_all, batch)
            for item in batch:
                crash_point(f"{item.point}.in-tx")
            try:
                await execute((await connection.get_raw_connection()).driver_connection, "COMMIT")
            except Exception as error:
                if is_away(error):
                    raise CommitUnknown() from error
                raise
            for item in batch:
                crash_point(f"{item.point}.committed")
        metrics.COMMITS.labels(database=self.name).inc()
        metrics.COMMITTED_WORKS.labels(database=self.name).inc(len(batch))
        return marks

    # connections

    @contextlib.asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncIterator[AsyncConnection]:
        """A connection inside a transaction; undone at the end unless the caller committed."""
        engine = await self._open()
        connection = await engine.connect()
        driver: Any = (await connection.get_raw_connection()).driver_connection
        self._drivers.add(driver)
        try:
            await execute(driver, begin + self._bounds)
            yield connection
            if driver.is_in_transaction():
                await execute(driver, "ROLLBACK")
        except BaseException as error:
            await self._undo(connection, driver, error)
            raise
        finally:
            await connection.close()

    async def _undo(self, connection: AsyncConnection, driver: Any, error: BaseException) -> None:
        """Roll back; a connection of which that cannot be known is cut off, and with a lost one all its idle fellows."""
        lost = is_away(error)
        try:
            if not lost and isinstance(error, Exception) and driver.is_in_transaction():
                await execute(driver, "ROLLBACK")
                return
        except (OSError, TimeoutError, asyncpg.PostgresError, *LOST):
            lost = True
        if lost or not isinstance(error, Exception):
            driver.terminate()
            if not connection.invalidated:
                await connection.invalidate()
        if lost and self._engine is not None:
            await self._engine.dispose(close=False)
            for idle in self._drivers - {driver}:
                idle.terminate()  # a polite goodbye could wait for ever; one that is at work finds out and tries again
            self._drivers.clear()

    async def _open(self) -> AsyncEngine:
        if self._engine is None:
            async with self._opening:
                if self._engine is None:
                    pooled = await is_pooled(self._url)
                    # Behind a pooler a session is nobody's own: each transaction says it for itself.
                    self._bounds = (
                        "".join(f"; SET LOCAL {name} = {ms}" for name, ms in bounds().items()) if pooled else ""
                    )
                    self._engine = make_engine(self._url, pooled=pooled)
        return self._engine

    async def _with_tries(self, once: "Callable[[], Any]", *, again: bool = True) -> Any:
        """Run it, again after a short pause where that may help and can do no harm. Raises what the port says."""
        for left in reversed(range(TRIES_MOST)):
            try:
                return await once()
            except CommitUnknown:
                raise
            except Exception as error:
                state = sqlstate(error)
                if state.startswith(_FULL):
                    raise StorageFull() from error
                away = is_away(error)
                if not away and not (again and state in _AGAIN):
                    raise
                if not left:
                    raise Unavailable("The database is away or busy; try again in a moment.") from error
                _log.warning(
                    "database.transaction.again", database=self.name, error=f"{type(error).__name__}: {error}"[:200]
                )
                await asyncio.sleep(random.uniform(0, PAUSE_MOST_S))  # noqa: S311 - jitter
        raise AssertionError  # the last try returned or raised


class CommitUnknown(Unavailable):
    """The connection broke while committing: what was written may be there or not, so nobody but the caller may repeat it."""

    def __init__(self) -> None:
        super().__init__("The database went away while it was committing; try again, with the same Idempotency-Key.")


def _run_all(tx: Tx, batch: Sequence[Item]) -> set[str]:
    tx.info[HOLD], tx.info[INSERT], tx.info[DURABLE] = _hold, insert_by_columns, batch[0].durable
    take_marks(tx)  # of a transaction that was undone
    for group in grouped(batch):
        run(tx, group)
    return take_marks(tx)


def _hold(tx: Tx, keys: Sequence[str]) -> None:
    tx.exec_driver_sql(_HOLD, (list(keys),))


def _fail(batch: list[Item], error: Exception) -> None:
    for item in batch:
        item.error = error
        item.give()


def _future() -> "asyncio.Future[Any]":
    return asyncio.get_running_loop().create_future()
