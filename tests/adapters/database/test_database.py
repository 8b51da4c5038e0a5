"""One suite for every database: what `read` and `write` promise."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from filemill.chassis.clock import now
from filemill.chassis.database.build import open_postgresql, open_sqlite
from filemill.chassis.database.database import Database, Tx, hold, insert_rows, mark_commit
from filemill.chassis.database.keys import one_of
from filemill.chassis.database.types import UtcTime
from filemill.chassis.errors import Unavailable
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import outbox
from filemill.chassis.telemetry import request_context
from filemill.contracts.topics import Topic
from support import samples
from support.servers.postgresql import PostgreSql
from support.things import add, count, create, names

pytestmark = pytest.mark.core

THINGS = Table("things", MetaData(), Column("name", String), Column("number", Integer))


@dataclass(frozen=True, slots=True)
class Engine:
    """A database: opened as often as a test likes, and written to from outside."""

    where: str
    open: Callable[[], Database]
    execute: Callable[[str], object]


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.servers),
        pytest.param("pgbouncer", marks=pytest.mark.servers),
    ]
)
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Engine]:
    opened: list[Database] = []

    def keep(database: Database) -> Database:
        opened.append(database)
        return database

    if request.param == "sqlite":
        path = tmp_path / "test.db"

        def execute(statement: str) -> None:
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute(statement)

        yield Engine(str(path), lambda: keep(open_sqlite(path)), execute)
    else:
        server: PostgreSql = request.getfixturevalue("postgresql_server")
        url = server.fresh_database()
        name = url.rpartition("/")[2]
        if request.param == "pgbouncer":
            url = request.getfixturevalue("pgbouncer_server").url(name)
        yield Engine(url, lambda: keep(open_postgresql(url, "test")), lambda statement: server.sql(statement, name))
    for database in opened:
        await database.close()


@pytest.fixture
async def database(engine: Engine) -> Database:
    made = engine.open()
    await made.write("test", create)
    return made


async def test_write_when_it_returns_then_everybody_reads_it(engine: Engine, database: Database) -> None:
    """A write returns its work's value and is visible to this process and others."""
    assert await database.write("test", add, "a", number=1) == "a"
    assert await database.read(names) == ["a"]
    assert await engine.open().read(names) == ["a"]


async def test_write_when_one_work_of_a_shared_commit_fails_then_only_that_one_is_undone(database: Database) -> None:
    """Works that share a commit do not share their fate; each caller gets exactly its own result or error."""

    def half(tx: Tx) -> None:
        add(tx, "half")
        raise KeyError("mine")

    works = [
        database.write("test", add, "a"),
        database.write("test", half),
        database.write("test", add, "a"),
        database.write("test", add, "b"),
    ]
    running = [asyncio.create_task(work) for work in works]
    results = await asyncio.gather(*running, return_exceptions=True)
    assert results[0] == "a"
    assert results[3] == "b"
    assert isinstance(results[1], KeyError)
    assert isinstance(results[2], IntegrityError)
    assert await database.read(names) == ["a", "b"]


async def test_write_when_two_processes_write_then_each_waits_its_turn(engine: Engine, database: Database) -> None:
    """Two writers that say what they are about never lose an increment."""
    other = engine.open()
    await database.write("test", add, "counter")

    def increment(tx: Tx) -> None:
        hold(tx, "counter")
        number = tx.execute(text("SELECT number FROM things")).scalar_one()
        tx.execute(text("UPDATE things SET number = :number"), {"number": number + 1})

    await asyncio.gather(*[one.write("test", increment) for _ in range(50) for one in (database, other)])
    total = await database.read(lambda tx: tx.execute(text("SELECT number FROM things")).scalar_one())
    assert total == 100


async def test_write_when_the_caller_goes_away_then_it_is_committed_all_the_same(database: Database) -> None:
    """A cancelled request leaves no doubt in the database: its work was queued, so it happens."""
    writing = asyncio.create_task(database.write("test", add, "a"))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await database.write("test", add, "b")
    assert await database.read(names) == ["a", "b"]


async def test_write_when_there_is_a_request_then_the_work_sees_its_ids(database: Database) -> None:
    """Events written inside a transaction carry the request that caused them, though another thread runs it."""
    with request_context.within(request_context.begin("req-1")):
        seen = await database.write("test", lambda _tx: request_context.current())
    assert seen is not None
    assert seen.request_id == "req-1"


async def test_read_when_writes_go_on_then_it_sees_one_moment(engine: Engine, database: Database) -> None:
    """Two questions of one read agree, whatever is committed between them."""
    await database.write("test", add, "a")

    def twice(tx: Tx) -> tuple[int, int]:
        first = count(tx)
        engine.execute("INSERT INTO things VALUES ('b', 0)")
        return first, count(tx)

    assert await database.read(twice) == (1, 1)
    assert await database.read(count) == 2


async def test_read_when_it_tries_to_write_then_it_is_refused(database: Database) -> None:
    """A read cannot change anything, by mistake or otherwise."""
    with pytest.raises(DBAPIError):
        await database.read(add, "a")
    assert await database.read(names) == []


async def test_read_when_its_work_fails_then_the_error_is_the_callers_and_the_next_read_works(
    database: Database,
) -> None:
    """A failing question leaves the connection usable."""
    for _ in range(10):
        with pytest.raises(ZeroDivisionError):
            await database.read(lambda _tx: 1 // 0)
    assert await database.read(names) == []


async def test_on_commit_when_a_mark_was_set_then_its_listeners_are_told_after_the_commit(database: Database) -> None:
    """The relay is woken by a commit that holds events, never before it and never by another."""
    heard: list[str] = []
    database.on_commit("outbox", lambda: heard.append("outbox"))
    database.on_commit("outbox", lambda: heard.append("outbox again"))
    database.on_commit("other", lambda: heard.append("other"))

    def marked(tx: Tx) -> None:
        add(tx, "a")
        mark_commit(tx, "outbox")
        assert heard == []

    await database.write("test", marked)
    assert heard == ["outbox", "outbox again"]
    await database.write("test", add, "b")
    assert heard == ["outbox", "outbox again"]


async def test_close_when_writes_are_queued_then_they_are_committed_first(engine: Engine, database: Database) -> None:
    """A stop finishes what was asked for."""
    writing = [asyncio.create_task(database.write("test", add, str(number))) for number in range(50)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writing)
    assert await engine.open().read(count) == 50


async def test_write_when_the_database_is_closed_then_it_is_refused_at_once(engine: Engine) -> None:
    """A late request gets an answer instead of waiting for ever."""
    database = engine.open()
    await database.close()
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable):
            await database.write("test", create)
        with pytest.raises(Unavailable):
            await database.read(names)


_WRITE_UNTIL_KILLED = """
import asyncio, sys
from pathlib import Path
from sqlalchemy import (
    JSON, BigInteger, Boolean, Column, Float, Integer, LargeBinary, MetaData, String, Table, select, text
)
from filemill.chassis.clock import now
from filemill.chassis.database.build import open_postgresql, open_sqlite

async def main():
    where = sys.argv[1]
    database = open_postgresql(where, "test") if "://" in where else open_sqlite(Path(where))
    def add(tx, number):
        tx.execute(text("INSERT INTO things VALUES (:name, 0)"), {"name": str(number)})
    number = 0
    while True:
        batch = range(number, number + 20)
        await asyncio.gather(*[database.write("test", add, one) for one in batch])
        number += 20
        print(number, flush=True)

asyncio.run(main())
"""


async def test_write_when_the_process_is_killed_then_what_was_said_is_there_and_nothing_is_half(
    engine: Engine, database: Database
) -> None:
    """`kill -9` in the middle of writing loses nothing that was acknowledged."""
    command = [sys.executable, "-c", _WRITE_UNTIL_KILLED, engine.where]
    child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert child.stdout is not None
    said = 0
    while said < 200:
        said = int(await child.stdout.readline())
    child.kill()
    said = max([said, *[int(line) for line in (await child.stdout.read()).split()]])
    await child.wait()
    kept = {int(name) for name in await database.read(names)}
    assert set(range(said)) <= kept
    await database.write("test", add, "after")


async def test_outbox_when_written_by_an_unsynced_write_then_it_is_refused(database: Database) -> None:
    """What a power failure may undo must not be told to others before."""
    event = samples.event(Topic.UPLOADED, samples.uploaded(new_id()))
    with pytest.raises(RuntimeError):
        await database.write_unsynced("test", outbox.append, event)


async def test_outbox_when_more_waits_than_a_relay_asks_for_then_it_gets_no_more(database: Database) -> None:
    """After an outage all may be waiting; one batch must not be all of it."""
    await database.write("test", outbox.outbox_table(MetaData()).create)
    for _ in range(12):
        await database.write("test", outbox.append, samples.event(Topic.UPLOADED, samples.uploaded(new_id())))
    taken = [len(await database.write("test", outbox.claim, "me", 5, 60.0)) for _ in range(4)]
    assert taken == [5, 5, 2, 0]


async def test_write_each_when_many_come_then_they_share_calls_and_each_gets_its_own(database: Database) -> None:
    """One call for whoever comes together, a result for each; one that fails takes nobody along."""
    calls: list[int] = []

    def add_all(tx: Tx, wanted: Sequence[str]) -> list[str]:
        calls.append(len(wanted))
        insert_rows(tx, THINGS, [{"name": name, "number": 1} for name in wanted])
        return [name.upper() for name in wanted]

    done = await asyncio.gather(*[database.write_each("test", add_all, f"{number:03}") for number in range(100)])
    assert done == [f"{number:03}" for number in range(100)]
    assert len(calls) < 50
    works = [database.write_each("test", add_all, name) for name in ("a", "007", "b")]
    mixed = await asyncio.gather(*works, return_exceptions=True)
    assert (mixed[0], mixed[2]) == ("A", "B")
    assert isinstance(mixed[1], IntegrityError)
    assert await database.read(count) == 102


async def test_insert_rows_when_they_hold_every_type_then_they_come_back_as_they_were(database: Database) -> None:
    """Many at once mean the same as one by one: text that looks like syntax, JSON, times, bytes, nothing."""
    table = Table(
        "kinds", MetaData(), Column("at", UtcTime), Column("body", JSON), Column("kept", JSON(none_as_null=True)),
        Column("raw", LargeBinary), Column("text", String(80)), Column("big", BigInteger), Column("share", Float),
        Column("yes", Boolean),
    )  # fmt: skip
    await database.write("test", table.create)
    odd = "a'\"\\{},NULL\n$1 é"
    rows = [
        {"at": now(), "body": {"a": [1, None, odd]}, "kept": None, "raw": b"\0\xff", "text": odd, "big": 1 << 60,
         "share": 0.1, "yes": True},
        {"at": None, "body": [], "kept": {"x": odd}, "raw": None, "text": None, "big": None, "share": None, "yes": False},
    ]  # fmt: skip
    await database.write("test", insert_rows, table, rows)
    await database.write("test", insert_rows, table, rows[:1])
    found = await database.read(lambda tx: [dict(row) for row in tx.execute(select(table)).mappings()])
    assert sorted(found, key=str) == sorted([*rows, rows[0]], key=str)


@pytest.mark.parametrize("numbers", [[], [1], [3, 1, 3, 99], list(range(5_000)), [2**62]])
async def test_one_of_when_rows_have_some_of_the_numbers_then_these_are_found(
    database: Database, numbers: list[int]
) -> None:
    """Whatever their count: one value, in one statement that stays the same."""
    table = Table("numbered", MetaData(), Column("number", BigInteger, primary_key=True))
    await database.write("test", table.create)
    await database.write("test", insert_rows, table, [{"number": number} for number in (1, 2, 3, 4_999, 2**62)])
    query = select(table.c.number).where(one_of(table.c.number, numbers), table.c.number > 0)
    found = await database.read(lambda tx: list(tx.execute(query.order_by(table.c.number)).scalars()))
    assert found == sorted(set(numbers) & {1, 2, 3, 4_999, 2**62})
    await database.write("test", lambda tx: tx.execute(delete(table).where(~one_of(table.c.number, numbers))) and None)
    assert await database.read(lambda tx: sorted(tx.execute(select(table.c.number)).scalars())) == found
