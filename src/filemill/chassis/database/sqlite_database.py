"""SQLite: one writer thread with group commit, a few reader threads, WAL and `synchronous=FULL` for what must last.

Group commit: whatever queued while the last commit ran goes into the next transaction, each work in its own savepoint, so
one that fails undoes only itself. There is no timer: a lone write starts at once, a crowd shares one fsync.
A failed fsync leaves nobody knowing what is on the disk, so an I/O error ends the process (RELIABILITY rule 12).
"""

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool

from filemill.chassis.crash_points import broken, crash_point
from filemill.chassis.database.database import DURABLE, Tx, take_marks
from filemill.chassis.durable_folder import EXIT_IO_ERROR, make_durable
from filemill.chassis.errors import StorageFull, Unavailable
from filemill.chassis.telemetry import metrics

READERS = 4
"""Reader threads: SQLite reads release the GIL only in parts, more than a few do not pay."""
BATCH_MOST = 256
BUSY_TIMEOUT_MS = 30_000

P = ParamSpec("P")
T = TypeVar("T")
_log = structlog.get_logger()


@dataclass(slots=True)
class _Item:
    point: str
    work: Callable[[Tx], Any]
    context: Context
    done: "asyncio.Future[Any]"
    durable: bool
    result: Any = None
    error: BaseException | None = None


class SqliteDatabase:
    """A service's database in one file. Several processes may open it; each writes in its turn."""

    def __init__(self, path: Path) -> None:
        make_durable(path.parent)
        self.name = path.stem
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._closed = False
        self._listeners: dict[str, list[Callable[[], None]]] = {}
        self._reader_connection = threading.local()
        self._reader_connections: list[Connection] = []
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix=f"{self.name}-read")
        self._write_engine = _engine(path, writable=True)
        self._read_engine = _engine(path, writable=False)
        self._syncing = True
        self._writer = threading.Thread(target=self._write_loop, name=f"{self.name}-write", daemon=True)
        self._writer.start()

    async def write(self, point: str, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Database.write`."""
        return await self._enqueue(point, lambda tx: work(tx, *args, **kwargs), durable=True)

    async def write_unsynced(
        self, point: str, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """See `Database.write_unsynced`."""
        return await self._enqueue(point, lambda tx: work(tx, *args, **kwargs), durable=False)

    async def _enqueue(self, point: str, work: Callable[[Tx], T], *, durable: bool) -> T:
        self._must_be_open()
        done: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Item(point, work, copy_context(), done, durable))
        return await done

    async def read(self, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Database.read`."""
        self._must_be_open()
        bound: Callable[[Tx], T] = lambda tx: work(tx, *args, **kwargs)  # noqa: E731
        return await self._loop.run_in_executor(self._readers, self._read, bound)

    def on_commit(self, mark: str, listener: Callable[[], None]) -> None:
        """See `Database.on_commit`."""
        self._listeners.setdefault(mark, []).append(listener)

    async def check(self) -> None:
        """See `Database.check`."""
        await self.read(lambda tx: tx.exec_driver_sql("SELECT 1").scalar())

    async def close(self) -> None:
        """See `Database.close`."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        await self._loop.run_in_executor(None, self._writer.join)
        self._readers.shutdown(wait=True)
        for connection in self._reader_connections:
            connection.close()
        self._write_engine.dispose()
        self._read_engine.dispose()

    def _must_be_open(self) -> None:
        if self._closed:
            raise Unavailable("The service is stopping; try again in a moment.")

    # reading

    def _read(self, work: Callable[[Tx], T]) -> T:
        connection: Connection | None = getattr(self._reader_connection, "value", None)
        if connection is None:
            connection = self._reader_connection.value = self._read_engine.connect()
            self._reader_connections.append(connection)
        connection.exec_driver_sql("BEGIN")
        try:
            return work(connection)
        except OperationalError as error:
            raise _translated(error) from error
        finally:
            connection.exec_driver_sql("ROLLBACK")

    # writing

    def _write_loop(self) -> None:
        connection: Connection | None = None
        last = False
        while not last and (first := self._queue.get()) is not None:
            batch, last = self._batch(first)
            try:
                connection = connection or self._write_engine.connect()
            except DatabaseError as error:
                # It cannot be opened (damaged, no rights): these writers are told so, the next ones try again.
                for item in batch:
                    item.error = _translated(error)
                self._loop.call_soon_threadsafe(self._settle, batch, set())
            else:
                self._run(connection, batch)
        if connection is not None:
            connection.close()

    def _batch(self, first: _Item) -> tuple[list[_Item], bool]:
        batch = [first]
        while len(batch) < BATCH_MOST:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
            if item is None:
                return batch, True
            batch.append(item)
        return batch, False

    def _run(self, connection: Connection, batch: list[_Item]) -> None:
        marks: set[str] = set()
        try:
            self._choose_sync(connection, durable=any(item.durable for item in batch))
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            for item in batch:
                self._run_one(connection, item)
            marks = take_marks(connection)
            for item in batch:
                crash_point(f"{item.point}.in-tx")
            connection.exec_driver_sql("COMMIT")
            for item in batch:
                crash_point(f"{item.point}.committed")
            metrics.COMMITS.labels(database=self.name).inc()
            metrics.COMMITTED_WORKS.labels(database=self.name).inc(len(batch))
        except DatabaseError as error:
            _stop_on_io_error(error)
            _undo(connection)
            for item in batch:
                item.error = item.error or _translated(error)
        self._loop.call_soon_threadsafe(self._settle, batch, marks)

    def _choose_sync(self, connection: Connection, *, durable: bool) -> None:
        """FULL syncs the log at each commit, NORMAL leaves it to a later one (SQLite: `PRAGMA synchronous`, in WAL mode)."""
        if durable != self._syncing and not broken("fsync"):
            connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._syncing = durable

    @staticmethod
    def _run_one(connection: Connection, item: _Item) -> None:
        connection.exec_driver_sql("SAVEPOINT work")
        try:
            connection.info[DURABLE] = item.durable
            item.result = item.context.run(item.work, connection)
        except OperationalError as error:
            if _is_fatal_to_transaction(error):
                raise
            connection.exec_driver_sql("ROLLBACK TO work")
            item.error = _translated(error)
        except Exception as error:  # noqa: BLE001 - it belongs to the caller of `write`, who gets exactly this exception
            connection.exec_driver_sql("ROLLBACK TO work")
            item.error = error
        connection.exec_driver_sql("RELEASE work")

    def _settle(self, batch: list[_Item], marks: set[str]) -> None:
        for item in batch:
            if item.done.done():
                continue  # the caller went away; its work is committed all the same
            if item.error is not None:
                item.done.set_exception(item.error)
            else:
                item.done.set_result(item.result)
        for mark in marks:
            for listener in self._listeners.get(mark, ()):
                listener()


def _engine(path: Path, *, writable: bool) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        isolation_level="AUTOCOMMIT",  # we say BEGIN and COMMIT ourselves: the driver's own idea of when differs
        poolclass=NullPool,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'OFF' if broken('fsync') else 'FULL'}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA temp_store = MEMORY")
        if not writable:
            connection.execute("PRAGMA query_only = 1")

    return engine


def _undo(connection: Connection) -> None:
    try:
        connection.exec_driver_sql("ROLLBACK")
    except DatabaseError:
        # BEGIN itself failed, or SQLite has rolled back already: there is nothing left to undo.
        return


def _message(error: DatabaseError) -> str:
    return str(error.orig).lower()


def _is_fatal_to_transaction(error: OperationalError) -> bool:
    return any(text in _message(error) for text in ("disk is full", "disk i/o error", "malformed"))


def _stop_on_io_error(error: DatabaseError) -> None:
    if "disk i/o error" in _message(error):
        _log.critical("database.fsync.failed", error=str(error.orig))
        os._exit(EXIT_IO_ERROR)


def _translated(error: DatabaseError) -> Exception:
    message = _message(error)
    if "disk is full" in message:
        return StorageFull()
    if "locked" in message or "busy" in message:
        return Unavailable("The database is busy with another writer; try again.")
    return error
