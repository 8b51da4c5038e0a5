"""SQLite: one writer thread with group commit, a few reader threads, WAL and `synchronous=FULL` for what must last.

Group commit: whatever queued while the last commit ran goes into the next transaction, each work in its own savepoint, so
one that fails undoes only itself. There is no timer: a lone write starts at once, a crowd shares one fsync.
A failed fsync leaves nobody knowing what is on the disk, so an I/O error ends the process.
Longer than most: queue, batch, savepoints and what a failure undoes are one thing, read in one go.
"""

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool

from filemill.chassis.crash_points import broken, crash_point
from filemill.chassis.database.database import DURABLE, INSERT, Tx, take_marks
from filemill.chassis.database.sqlite_insert import insert_prepared
from filemill.chassis.database.wal import use_wal
from filemill.chassis.database.work import Item, grouped, in_turns, run
from filemill.chassis.durable_folder import EXIT_IO_ERROR, make_durable
from filemill.chassis.errors import StorageFull, Unavailable
from filemill.chassis.telemetry import metrics

READERS = 4
"""Reader threads: SQLite reads release the GIL only in parts, more than a few do not pay."""
BATCH_MOST = 256
BUSY_TIMEOUT_MS = 30_000

P = ParamSpec("P")
T = TypeVar("T")
One = TypeVar("One")
_log = structlog.get_logger()


class SqliteDatabase:
    """A service's database in one file. Several processes may open it; each writes in its turn."""

    def __init__(self, path: Path) -> None:
        make_durable(path.parent)
        self.name = path.stem
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        metrics.DATABASE_WAITING.labels(database=self.name).set_function(self._queue.qsize)
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
        done: T = await self._enqueue(Item(point, lambda tx: work(tx, *args, **kwargs), self._future(), durable=True))
        return done

    async def write_each(self, point: str, work: Callable[[Tx, Sequence[One]], Sequence[T]], item: One) -> T:
        """See `Database.write_each`."""
        done: T = await self._enqueue(Item(point, work, self._future(), durable=True, each=True, item=item))
        return done

    async def write_unsynced(
        self, point: str, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """See `Database.write_unsynced`."""
        done: T = await self._enqueue(Item(point, lambda tx: work(tx, *args, **kwargs), self._future(), durable=False))
        return done

    def _future(self) -> "asyncio.Future[Any]":
        return self._loop.create_future()

    async def _enqueue(self, item: Item) -> Any:
        self._must_be_open()
        self._queue.put(item)
        return await item.done

    async def read(self, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Database.read`."""
        self._must_be_open()
        bound: Callable[[Tx], T] = lambda tx: work(tx, *args, **kwargs)  # noqa: E731
        return await self._loop.run_in_executor(self._readers, self._read, bound)

    def on_commit(self, mark: str, listener: Callable[[], None]) -> None:
        """See `Database.on_commit`."""
        self._listeners.setdefault(mark, []).append(listener)

    async def rewrite(self) -> None:
        """See `Database.rewrite`. It takes as long as writing the file twice; another process waits for 30 s at most."""
        await self._enqueue(Item("rewrite", _nothing, self._future(), durable=True, alone=True))

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
        try:
            _say(connection, "BEGIN")
            return work(connection)
        except (OperationalError, sqlite3.OperationalError) as error:
            raise _translated(error) from error
        finally:
            _undo(connection)

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
                for turn in in_turns(batch):
                    (self._rewrite if turn[0].alone else self._run)(connection, turn)
        if connection is not None:
            connection.close()

    def _batch(self, first: Item) -> tuple[list[Item], bool]:
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

    def _run(self, connection: Connection, batch: list[Item]) -> None:
        marks: set[str] = set()
        try:
            self._choose_sync(connection, durable=any(item.durable for item in batch))
            _say(connection, "BEGIN IMMEDIATE")
            for group in grouped(batch):
                self._run_group(connection, group)
            marks = take_marks(connection)
            for item in batch:
                crash_point(f"{item.point}.in-tx")
            _say(connection, "COMMIT")
            for item in batch:
                crash_point(f"{item.point}.committed")
            metrics.COMMITS.labels(database=self.name).inc()
            metrics.COMMITTED_WORKS.labels(database=self.name).inc(len(batch))
        except (DatabaseError, sqlite3.DatabaseError) as error:
            _stop_on_io_error(error)
            _undo(connection)
            for item in batch:
                item.error = item.error or _translated(error)
        self._loop.call_soon_threadsafe(self._settle, batch, marks)

    def _rewrite(self, connection: Connection, asked: list[Item]) -> None:
        try:
            self._choose_sync(connection, durable=True)
            with _copying_on_disk(connection, self._path.parent):
                _say(connection, "VACUUM")
            _say(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
        except (DatabaseError, sqlite3.DatabaseError) as error:
            _stop_on_io_error(error)
            for item in asked:
                item.error = _translated(error)
        self._loop.call_soon_threadsafe(self._settle, asked, set())

    def _choose_sync(self, connection: Connection, *, durable: bool) -> None:
        """FULL syncs the log at each commit, NORMAL leaves it to a later one (SQLite: `PRAGMA synchronous`, in WAL mode)."""
        if durable != self._syncing and not broken("fsync"):
            _say(connection, f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._syncing = durable

    def _run_group(self, connection: Connection, group: list[Item]) -> None:
        _say(connection, "SAVEPOINT work")
        connection.info[DURABLE] = group[0].durable
        connection.info[INSERT] = insert_prepared
        try:
            run(connection, group)
        except OperationalError as error:
            if _is_fatal_to_transaction(error):
                raise
            self._failed(connection, group, _translated(error))
        except Exception as error:  # noqa: BLE001 - it belongs to the caller of `write`, who gets exactly this exception
            self._failed(connection, group, error)
        else:
            _say(connection, "RELEASE work")

    def _failed(self, connection: Connection, group: list[Item], error: Exception) -> None:
        _say(connection, "ROLLBACK TO work")
        _say(connection, "RELEASE work")
        if len(group) == 1:
            group[0].error = error
            return
        for item in group:
            self._run_group(connection, [item])

    def _settle(self, batch: list[Item], marks: set[str]) -> None:
        for item in batch:
            item.give()
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
        use_wal(connection)
        connection.execute(f"PRAGMA synchronous = {'OFF' if broken('fsync') else 'FULL'}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(
            "PRAGMA secure_delete = ON"
        )  # what is deleted is zero on the disk, whatever SQLite was built with
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA temp_store = MEMORY")
        if not writable:
            connection.execute("PRAGMA query_only = 1")

    return engine


@contextmanager
def _copying_on_disk(connection: Connection, folder: Path) -> Iterator[None]:
    """`VACUUM` makes a whole copy where temporary tables lie. For all else that is in memory, for gigabytes it must not be."""
    _put_temporary_files(connection, folder)
    _say(connection, "PRAGMA temp_store = FILE")
    try:
        yield
    finally:
        _say(connection, "PRAGMA temp_store = MEMORY")


_temporary_files_put = threading.Event()


def _put_temporary_files(connection: Connection, folder: Path) -> None:
    """Beside the database, where there is room for a copy of it; `/tmp` may be small, or memory.

    Once in a process, whose setting it is: SQLite 3.40 frees the former name without a look at who reads it. Where the
    folder has gone, or SQLite was built without the setting, it takes `/var/tmp` or `/tmp`.
    """
    if not _temporary_files_put.is_set():
        _temporary_files_put.set()
        place = str(folder).replace("'", "''")
        _say(connection, f"PRAGMA temp_store_directory = '{place}'")


def _nothing(_tx: Tx) -> None:
    """Of an item that is alone."""


def _say(connection: Connection, statement: str) -> None:
    """What frames a transaction, straight to the driver: SQLAlchemy's way would cost more than the statement."""
    driver: Any = connection.connection.driver_connection
    driver.execute(statement)


def _undo(connection: Connection) -> None:
    try:
        _say(connection, "ROLLBACK")
    except sqlite3.DatabaseError:
        # BEGIN itself failed, or SQLite has rolled back already: there is nothing left to undo.
        return


def _message(error: DatabaseError | sqlite3.DatabaseError) -> str:
    return str(error.orig if isinstance(error, DatabaseError) else error).lower()


def _is_fatal_to_transaction(error: OperationalError) -> bool:
    return any(text in _message(error) for text in ("disk is full", "disk i/o error", "malformed"))


def _stop_on_io_error(error: DatabaseError | sqlite3.DatabaseError) -> None:
    if "disk i/o error" in _message(error):
        _log.critical("database.fsync.failed", error=_message(error))
        os._exit(EXIT_IO_ERROR)


def _translated(error: DatabaseError | sqlite3.DatabaseError) -> Exception:
    message = _message(error)
    if "disk is full" in message:
        return StorageFull()
    if "locked" in message or "busy" in message:
        return Unavailable("The database is busy with another writer; try again.")
    return error
