"""What only PostgreSQL can do to us: go away, stop answering, come back, refuse."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import pytest
from sqlalchemy import Connection, text

from filemill.chassis import long_start
from filemill.chassis.database import postgresql_engine, postgresql_migration
from filemill.chassis.database.build import open_postgresql
from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.errors import Unavailable
from support.fault_proxy import FaultProxy
from support.mill import wait_for
from support.servers import pgbouncer, postgresql
from support.servers.pgbouncer import PgBouncer
from support.servers.plugin import Servers
from support.servers.postgresql import PostgreSql

pytestmark = pytest.mark.servers

BACK_S = 10.0


@pytest.fixture
def server(servers: Servers) -> Iterator[PostgreSql]:
    """A server of this test's own, with fsync: it will be killed."""
    if postgresql.programs() is None:
        servers.missing("PostgreSQL is not installed (Debian: postgresql)")
    yield from servers.running(PostgreSql(durable=True))


@pytest.fixture
async def database(server: PostgreSql) -> AsyncIterator[Database]:
    made = open_postgresql(server.fresh_database(), "test")
    await made.write("test", lambda tx: tx.execute(text("CREATE TABLE things (number INTEGER PRIMARY KEY)")))
    yield made
    await made.close()


def add(tx: Tx, number: int) -> None:
    tx.execute(text("INSERT INTO things VALUES (:number) ON CONFLICT DO NOTHING"), {"number": number})


def numbers(tx: Tx) -> set[int]:
    return set(tx.execute(text("SELECT number FROM things")).scalars())


@pytest.mark.parametrize("restarts", [3, pytest.param(20, marks=pytest.mark.slow)])
async def test_write_when_the_server_is_killed_under_load_then_nothing_acknowledged_is_lost(
    server: PostgreSql, database: Database, restarts: int
) -> None:
    """Stopped hard and started again: writers hear `Unavailable`, are back within ten seconds, and what was said holds."""
    said: set[int] = set()
    refused = 0
    over, news = asyncio.Event(), asyncio.Event()

    async def write_on(first: int) -> None:
        nonlocal refused
        number = first
        while not over.is_set():
            try:
                await database.write("test", add, number)
            except Unavailable:
                refused += 1
                await asyncio.sleep(0.01)
            else:
                said.add(number)
                news.set()
                number += 10

    async def more_than(count: int) -> None:
        while len(said) <= count:
            news.clear()
            await news.wait()

    writing = [asyncio.create_task(write_on(first)) for first in range(10)]
    back_s = []
    for _ in range(restarts):
        await asyncio.wait_for(more_than(len(said) + 50), 30)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        began_s = time.monotonic()
        await asyncio.wait_for(more_than(len(said)), BACK_S)
        back_s.append(time.monotonic() - began_s)
    over.set()
    await asyncio.gather(*writing)
    print(f"{restarts} restarts, {len(said)} writes, {refused} refused, back after {max(back_s):.2f} s at most")
    assert said <= await database.read(numbers)


async def test_call_when_the_server_answers_nothing_then_unavailable_in_time(
    server: PostgreSql, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A paused server (it is there, and silent) costs a caller the statement's time, never for ever; then it heals."""
    monkeypatch.setattr(postgresql_engine, "STATEMENT_S", 0.3)
    monkeypatch.setattr(postgresql_engine, "CONNECT_S", 0.3)
    impatient = open_postgresql(server.url("test1"), "test")
    await impatient.write("test", add, 1)
    server.pause()
    try:
        for call in (impatient.write("test", add, 2), impatient.read(numbers), impatient.check()):
            async with asyncio.timeout(10):
                with pytest.raises(Unavailable):
                    await call
    finally:
        server.resume()
    async with asyncio.timeout(10):
        await impatient.write("test", add, 3)
        assert await impatient.read(numbers) >= {1, 3}
    await impatient.close()


def test_migration_when_a_statement_takes_long_then_it_is_let_and_others_wait_for_it(
    server: PostgreSql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index over millions of files takes longer than any statement of a service may; whoever starts meanwhile says so."""
    monkeypatch.setattr(postgresql_engine, "STATEMENT_S", 0.2)
    monkeypatch.setattr(long_start, "WAIT_S", 0.0)
    told: list[str] = []
    monkeypatch.setattr(long_start, "_tell", told.append)
    url, within, done = server.fresh_database(), threading.Event(), list[str]()

    def slow(connection: Connection) -> None:
        within.set()
        while not told:
            connection.exec_driver_sql("SELECT pg_sleep(0.5)")
        done.append("slow")

    def quick(connection: Connection) -> None:
        connection.exec_driver_sql("SELECT 1")
        done.append("quick")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(lambda: asyncio.run(postgresql_migration.run(url, "test", slow)))
        assert within.wait(10)
        second = pool.submit(lambda: asyncio.run(postgresql_migration.run(url, "test", quick)))
        first.result(30)
        second.result(30)
    assert (told, done) == ([long_start.OTHERS_MIGRATE], ["slow", "quick"])


async def test_call_when_an_idle_connection_was_told_goodbye_then_another_one_is_opened(database: Database) -> None:
    """A server that is killed says so on each connection, and the driver learns of it before the socket is closed.

    Once an upload was answered 500 in between: asyncpg then raises an error that is no `InterfaceError`.
    """
    await database.write("test", add, 1)
    goodbye = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
    drivers = database._drivers  # type: ignore[attr-defined]
    for driver in drivers:
        driver._protocol.data_received(b"E" + (len(goodbye) + 4).to_bytes(4, "big") + goodbye)
    assert drivers
    await database.write("test", add, 2)
    assert await database.read(numbers) == {1, 2}


async def test_hold_when_two_take_several_things_then_neither_waits_for_the_other_for_ever(
    server: PostgreSql, database: Database
) -> None:
    """Keys are taken in order, so works about the same things in any order go through, one after another."""
    other = open_postgresql(server.url("test1"), "test")

    def count_up(tx: Tx, *keys: str) -> None:
        hold(tx, *keys)
        last = tx.execute(text("SELECT coalesce(max(number), 0) FROM things")).scalar_one()
        tx.execute(text("SELECT pg_sleep(0.001)"))
        tx.execute(text("INSERT INTO things VALUES (:number)"), {"number": last + 1})

    works = [
        one.write("test", count_up, *keys)
        for _ in range(25)
        for one, keys in ((database, ("a", "b", "c")), (other, ("c", "b", "a")))
    ]
    async with asyncio.timeout(30):
        await asyncio.gather(*works)
    assert await database.read(numbers) == set(range(1, 51))
    await other.close()


@pytest.mark.parametrize("pooled", [False, True], ids=["directly", "through PgBouncer"])
async def test_hold_when_its_holder_was_cut_off_in_the_middle_then_the_next_one_gets_it(
    server: PostgreSql, database: Database, servers: Servers, monkeypatch: pytest.MonkeyPatch, *, pooled: bool
) -> None:
    """No word of it reaches the server (a wire that is cut, a machine without power): the locks are free again in time.

    Seen in `make chaos`: transactions of services long gone kept owners and files locked for as long as one looked.
    """
    monkeypatch.setattr(postgresql_engine, "ORPHANED_S", 1.0)
    with ExitStack() as stack:
        port = server.port
        if pooled:
            if not pgbouncer.PROGRAM.exists():
                servers.missing("PgBouncer is not installed (Debian: pgbouncer)")
            port = stack.enter_context(contextmanager(servers.running)(PgBouncer(server.port))).port
        wire = stack.enter_context(FaultProxy(port))
        far = open_postgresql(server.url("test1").replace(str(server.port), str(wire.port)), "test")
        await far.write("test", add, 1)

        def half(tx: Tx) -> None:
            hold(tx, "a thing")
            add(tx, 2)
            wire.pause()  # the commit does not come through

        cut_off = asyncio.create_task(far.write("test", half))
        async with asyncio.timeout(60):
            await asyncio.to_thread(
                wait_for,
                lambda: "idle in transaction" in server.sql("SELECT state FROM pg_stat_activity"),
                "the cut",
                30,
            )
            await database.write("test", hold, "a thing")
            assert await database.read(numbers) == {1}
            wire.resume()
            with suppress(Unavailable):
                await cut_off
            await far.write("test", add, 3)
            assert await database.read(numbers) >= {1, 3}
        await far.close()


async def test_write_unsynced_when_used_then_the_server_does_not_wait_for_its_log(database: Database) -> None:
    """Claims and marks do not pay for a flush, and only they."""
    ask = "SELECT current_setting('synchronous_commit')"
    assert await database.write_unsynced("test", lambda tx: tx.execute(text(ask)).scalar_one()) == "off"
    assert await database.write("test", lambda tx: tx.execute(text(ask)).scalar_one()) == "on"
