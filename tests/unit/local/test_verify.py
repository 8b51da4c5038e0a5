"""`verify`: it names what is damaged, it is silent about what is not, and it changes nothing."""

import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from filemill.chassis.errors import StartError
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.store import put
from filemill.cli.main import app
from filemill.local.installation import INVENTORIES, must_be_stopped, opened, prepare
from filemill.local.run_folder import RunFolder
from filemill.local.verify import Report, verify
from support.small_installation import fill

pytestmark = pytest.mark.long

FILES = 60


def silent(_what: str, _done: int, _total: int) -> None:
    """Draws no bar."""


async def look() -> Report:
    prepare()
    async with opened() as mill:
        return await verify(mill, silent)


def execute(data_dir: Path, service: str, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(data_dir / "databases" / f"{service}.db")) as db, db:
        assert db.execute(statement, values).rowcount > 0


async def test_verify_when_nothing_happened_then_all_is_well_and_says_the_same_twice(data_dir: Path) -> None:
    """Every blob is hashed, every service agrees, nothing is left over; a second look gives the same digest."""
    await fill(data_dir, 10)
    first, second = await look(), await look()
    assert first.ok, (first.damaged, first.faults)
    assert (first.files, first.blobs, first.undigested) == (10, 30, 0)
    assert (first.orphans, first.on_its_way) == (0, 0)
    assert first.digest == second.digest


async def test_verify_when_bits_flipped_then_names_each_and_no_other(data_dir: Path) -> None:
    """Large blobs (files) and small ones (rows of the store): as many found as flipped, and exactly those."""
    await fill(data_dir, FILES)
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    flipped = flip_bits(data_dir / "store", 20, random.Random(seed))
    report = await look()
    assert {blob.storage_key for blob in report.damaged} == flipped
    assert not report.faults
    assert not report.ok


def flip_bits(store: Path, count: int, dice: random.Random) -> set[str]:
    """Flip one bit in each of `count` blobs, half of them large ones; returns their keys."""
    large = dice.sample(sorted((store / "blobs").glob("*/*")), count // 2)
    for path in large:
        body = bytearray(path.read_bytes())
        body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
        path.write_bytes(body)
    with closing(sqlite3.connect(store / "small.db")) as db, db:
        small = dice.sample(sorted(row[0] for row in db.execute("SELECT key FROM small")), count - len(large))
        for key in small:
            body = bytearray(db.execute("SELECT body FROM small WHERE key = ?", (key,)).fetchone()[0])
            body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
            db.execute("UPDATE small SET body = ? WHERE key = ?", (bytes(body), key))
    return {path.relative_to(store).as_posix() for path in large} | set(small)


async def test_verify_when_a_blob_is_missing_or_short_then_says_which(data_dir: Path) -> None:
    """A lost file and a truncated one are two different findings."""
    await fill(data_dir, 6)
    lost, short = sorted((data_dir / "store" / "blobs").glob("*/*"))[:2]
    lost.unlink()
    short.write_bytes(short.read_bytes()[:-1])
    problems = {blob.storage_key.rpartition("/")[2]: blob.problem for blob in (await look()).damaged}
    assert problems[lost.name] == "missing"
    assert "bytes, " in problems[short.name]


FIRST_FILE = "file_id = (SELECT min(file_id) FROM"
FIRST_ENTRY = "entry_id = (SELECT min(entry_id) FROM audit)"
DISAGREEMENTS: dict[str, tuple[str, str, str]] = {
    "status": (
        "status failed for processed", "metadata", f"UPDATE documents SET status = 'failed' WHERE {FIRST_FILE} documents)",
    ),
    "owner": (
        "owner_id some for local", "processing", f"UPDATE known_files SET owner_id = 'some' WHERE {FIRST_FILE} known_files)",
    ),
    "a lost row": ("knows nothing of this file", "ai", f"DELETE FROM known_files WHERE {FIRST_FILE} known_files)"),
    "a lost file": ("upload has no such file", "upload", f"DELETE FROM files WHERE {FIRST_FILE} files)"),
    "a lost audit entry": (
        "the audit trail has no entry of its upload", "metadata", f"DELETE FROM audit WHERE {FIRST_ENTRY}",
    ),
    "an emptied audit entry": (
        "says not who did what", "metadata", f"UPDATE audit SET actor = '' WHERE {FIRST_ENTRY}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(DISAGREEMENTS))
async def test_verify_when_services_disagree_then_says_what(data_dir: Path, kind: str) -> None:
    """A row that was changed or lost behind a service's back is found by what the others say."""
    await fill(data_dir, 3)
    before = (await look()).digest
    problem, service, statement = DISAGREEMENTS[kind]
    execute(data_dir, service, statement)
    report = await look()
    assert any(problem in fault.problem for fault in report.faults), report.faults
    assert not report.ok
    assert report.digest != before


async def test_verify_when_news_is_on_its_way_then_that_is_no_fault(data_dir: Path) -> None:
    """A mill that was stopped in the middle of its work is behind, not damaged."""
    await fill(data_dir, 3, quiet=False)
    report = await look()
    assert report.ok, report.faults
    assert report.on_its_way > 0


async def test_verify_when_a_database_is_damaged_then_says_so_and_looks_at_the_rest(data_dir: Path) -> None:
    """One unreadable database is a finding, not the end."""
    await fill(data_dir, 3)
    path = data_dir / "databases" / "ai.db"
    with closing(sqlite3.connect(path)) as db:
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'known_files'").fetchone()[0]
        size = db.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    report = await look()
    assert any(fault.service == "ai" and "cannot be read" in fault.problem for fault in report.faults)
    assert report.blobs == 9


async def test_verify_when_nobody_names_a_blob_then_counts_it_and_all_is_well(data_dir: Path) -> None:
    """What a crash between blob and row leaves is a waste of room, no damage."""
    await fill(data_dir, 3)
    async with opened() as mill:
        await put(mill.store, new_key(), b"nobody's")
    report = await look()
    assert (report.orphans, report.ok) == (1, True)


def test_inventory_when_compared_with_the_tables_then_none_is_missing() -> None:
    """A table that no inventory declares would be neither moved nor checked."""
    for inventory in INVENTORIES:
        tables = inventory.tables[0].table.metadata.tables
        assert {kept.table.name for kept in inventory.tables} == set(tables), inventory.service
        for kept in inventory.tables:
            assert set(kept.local) <= set(kept.table.columns.keys())


def test_command_when_all_is_well_or_not_then_the_exit_status_says_so(data_dir: Path) -> None:
    """0 with the digest line, 1 with the names of what is damaged; `--json` says the same."""
    import asyncio

    asyncio.run(fill(data_dir, 3))
    runner = CliRunner()
    good = runner.invoke(app, ["verify"])
    assert good.exit_code == 0, good.output
    assert "digest sha256:" in good.output
    victim = next((data_dir / "store" / "blobs").glob("*/*"))
    victim.write_bytes(b"x" + victim.read_bytes()[1:])
    bad = runner.invoke(app, ["verify", "--json"])
    assert bad.exit_code == 1
    report = json.loads(bad.output)
    assert [blob["storage_key"].rpartition("/")[2] for blob in report["damaged"]] == [victim.name]
    assert report["ok"] is False


def test_verify_when_there_is_no_installation_then_says_so_and_makes_none(data_dir: Path) -> None:
    """A typing error in the data folder's name is not an empty installation."""
    with pytest.raises(StartError, match="FILEMILL_DATA_DIR"):
        prepare()
    assert not data_dir.exists()


def test_must_be_stopped_when_a_runner_holds_the_folder_then_refuses(data_dir: Path) -> None:
    """The lock of the runner is what decides; a file a killed one left behind is not."""
    folder = RunFolder(data_dir)
    folder.claim()
    with pytest.raises(StartError, match="stop it first"):
        must_be_stopped(data_dir)
    folder.release()
    must_be_stopped(data_dir)
