"""What only the embedded database promises: order, one file, its limits."""

import asyncio
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from filemill.chassis.database import sqlite_database
from filemill.chassis.database.build import open_sqlite
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import StorageFull, Unavailable
from support.things import add, count, create, names

Open = Callable[[], Database]


@pytest.fixture
async def open_database(tmp_path: Path) -> AsyncIterator[Open]:
    opened: list[Database] = []

    def make() -> Database:
        opened.append(open_sqlite(tmp_path / "test.db"))
        return opened[-1]

    yield make
    for database in opened:
        await database.close()


@pytest.fixture
async def database(open_database: Open) -> Database:
    made = open_database()
    await made.write("test", create)
    return made


async def test_write_when_200_come_at_once_then_each_is_there_once_in_its_order(database: Database) -> None:
    """A crowd of writers shares commits without losing or reordering anything."""
    await asyncio.gather(*[database.write("test", add, f"{number:03}", number) for number in range(200)])
    rows = await database.read(lambda tx: tx.execute(text("SELECT number FROM things ORDER BY rowid")).scalars().all())
    assert list(rows) == list(range(200))


async def test_write_when_many_open_a_new_file_at_once_then_nobody_is_turned_away(tmp_path: Path) -> None:
    """Services that start together find no file yet; the first change to WAL must not cost the others their write."""
    for number in range(20):
        opened = [open_sqlite(tmp_path / f"{number}.db") for _ in range(6)]
        await asyncio.gather(*[database.write("test", create) for database in opened])
        await asyncio.gather(*[database.close() for database in opened])


async def test_write_when_the_file_is_no_database_then_every_caller_is_told(tmp_path: Path) -> None:
    """A damaged file is an error for each caller and for health, never a call that waits for ever."""
    (tmp_path / "bad.db").write_bytes(b"this is not a database, whatever its name says" * 100)
    database = open_sqlite(tmp_path / "bad.db")
    async with asyncio.timeout(10):
        for _ in range(2):
            with pytest.raises(DatabaseError):
                await database.write("test", names)
            with pytest.raises(DatabaseError):
                await database.check()
        await database.close()


async def test_write_when_another_holds_the_file_too_long_then_unavailable(
    open_database: Open, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stuck foreign writer (a backup tool) becomes 503 and a retry, not a crash."""
    monkeypatch.setattr("filemill.chassis.database.sqlite_database.BUSY_TIMEOUT_MS", 50)
    impatient = open_database()
    blocker = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(Unavailable):
            await impatient.write("test", add, "a")
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()
    await impatient.write("test", add, "a")


async def test_write_when_the_disk_is_full_then_storage_full_and_it_heals(tmp_path: Path) -> None:
    """No room is said as such and nothing half-written stays; with room again, the same process goes on."""
    database = open_sqlite(tmp_path / "full.db")
    await database.write("test", create)
    pages = await database.read(lambda tx: tx.exec_driver_sql("PRAGMA page_count").scalar_one())

    def bounded(tx: Tx, most: int) -> None:
        tx.exec_driver_sql(f"PRAGMA max_page_count = {most}")  # SQLite says "full" exactly as for a full disk

    def add_many(tx: Tx) -> None:
        for number in range(500):
            add(tx, f"{number}" * 100)

    await database.write("test", bounded, pages)
    with pytest.raises(StorageFull):
        await database.write("test", add_many)
    assert await database.read(count) == 0
    await database.write("test", bounded, 100_000)
    await database.write("test", add_many)
    assert await database.read(count) == 500
    await database.close()


MARK = b"quokkaowner"


def _live(tx: Tx, seed: int) -> None:
    """Rows of many sizes come and go, so that pages are put in order again and again; then all of one owner are deleted."""
    chance = random.Random(seed)
    tx.exec_driver_sql("CREATE TABLE lives (id TEXT PRIMARY KEY, owner TEXT, body TEXT)")
    for number in range(400):
        owner = MARK.decode() if chance.random() < 0.3 else "other"
        row = (f"{chance.random():.10f}", owner, "x" * chance.randrange(10, 600))
        tx.exec_driver_sql("INSERT INTO lives VALUES (?, ?, ?)", row)
        if chance.random() < 0.3:
            place = (chance.randrange(number + 1),)
            tx.exec_driver_sql(
                "DELETE FROM lives WHERE id IN (SELECT id FROM lives ORDER BY id LIMIT 1 OFFSET ?)", place
            )
    tx.exec_driver_sql("DELETE FROM lives WHERE owner = ?", (MARK.decode(),))


def _bytes_of(folder: Path, seed: int) -> bytes:
    """Of the database and its log."""
    return b"".join(path.read_bytes() for path in folder.glob(f"{seed}.db*"))


async def test_rewrite_when_deleted_rows_left_bytes_in_pages_then_none_is_left_and_writers_go_on(
    tmp_path: Path,
) -> None:
    """What is deleted is zeroed, but not where it had stood in the page before the page was put in order."""
    left = 0
    for seed in range(30):
        database = open_sqlite(tmp_path / f"{seed}.db")
        await database.write("test", create)
        await database.write("test", _live, seed)
        await database.close()  # the last one out writes the log into the file
        left += _bytes_of(tmp_path, seed).count(MARK)
        database = open_sqlite(tmp_path / f"{seed}.db")
        writes = [database.write("test", add, f"{number}", number) for number in range(5)]
        await asyncio.gather(database.rewrite(), *writes)
        assert await database.read(count) == 5
        assert await database.read(lambda tx: tx.exec_driver_sql("PRAGMA integrity_check").scalar()) == "ok"
        assert MARK not in _bytes_of(tmp_path, seed)
        await database.close()
    assert left, "no page kept what was deleted: the test shows nothing"


async def test_rewrite_when_a_writer_is_in_its_transaction_then_it_waits_for_its_turn(
    open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for a lock that a service which writes without a pause gives back for moments only."""
    monkeypatch.setattr(sqlite_database, "BUSY_TIMEOUT_MS", 0)
    database = open_database()
    await database.write("test", create)
    within, go_on = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        add(tx, "1 slow", 1)
        within.set()
        assert go_on.wait(10)

    writing = asyncio.ensure_future(database.write("test", slow))
    await asyncio.to_thread(within.wait, 10)
    rewriting = asyncio.ensure_future(database.rewrite())
    after = asyncio.ensure_future(database.write("test", add, "2 after", 2))
    await asyncio.sleep(0)  # both are in the queue
    go_on.set()
    await asyncio.gather(writing, rewriting, after)
    assert await database.read(names) == ["1 slow", "2 after"]


PEAK = """
import asyncio, sys
from pathlib import Path
from filemill.chassis.database.build import open_sqlite

def fill(tx):
    tx.exec_driver_sql("CREATE TABLE big (body BLOB)")
    for _ in range(64):
        tx.exec_driver_sql("INSERT INTO big VALUES (randomblob(1000000))")

def peak_kib():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])

async def main():
    database = open_sqlite(Path(sys.argv[1]) / "test.db")
    await database.write("test", fill)
    before = peak_kib()
    await database.rewrite()
    print(peak_kib() - before)
    await database.close()

asyncio.run(main())
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc: the peak of memory cannot be read")
def test_rewrite_when_the_database_is_large_then_memory_is_not(tmp_path: Path) -> None:
    """`VACUUM` copies all of it: 64 MB here, gigabytes with a million files."""
    said = subprocess.run([sys.executable, "-c", PEAK, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(said.stdout) < 16_000, f"{said.stdout} KiB more"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["test.db"]
