"""Purging across services: what is left of a file, who confirms, and that nothing brings it back."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from filemill.chassis.clock import now
from filemill.chassis.errors import NotFound
from filemill.chassis.web.caller import Caller
from filemill.contracts.topics import Topic
from filemill.local.installation import INVENTORIES, Installation, opened, prepare
from filemill.upload import purge, purges_repository, repository, versions_repository
from filemill.upload.intake import Intake
from filemill.upload.rules import Fields
from filemill.upload.settings import UploadSettings
from support import samples
from support.small_installation import make_index, process, publish, remove, settle

ME = Caller("local", is_admin=True, address="10.1.2.3")
SECRET = "the-secret-name"


@pytest.fixture
async def mill(data_dir: Path) -> AsyncIterator[Installation]:
    """An empty installation."""
    prepare(make=True)
    async with opened() as mill:
        await make_index(mill)
        yield mill


async def upload(mill: Installation, data_dir: Path, body: bytes, name: str = f"{SECRET}.txt") -> str:
    """Upload a body; returns the file's id."""
    intake = Intake(mill.parts["upload"].database, mill.store, UploadSettings(data_dir=data_dir))
    sink = await intake.sink()
    sink.named(name)
    await sink.write(body)
    fields = Fields(title=f"{SECRET} title", tags=["some"], metadata={}, external_id=None)
    return str((await intake.accept(ME, name, await sink.finish(), fields, None))["file_id"])


async def begin(mill: Installation, file_id: str) -> str:
    return await mill.parts["upload"].database.write("upload.purge", purge.begin, ME, file_id, "asked")


async def keys(mill: Installation) -> set[str]:
    return {blob.key async for blob in mill.store.list()}


def rows_about(data_dir: Path, word: str) -> list[str]:
    """Which tables of which services have a row with this text in any column."""
    found = []
    for path in sorted((data_dir / "databases").glob("*.db")):
        with closing(sqlite3.connect(path)) as db:
            tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                rows = db.execute(f"SELECT * FROM {table}").fetchall()
                if any(word in _text(value) for row in rows for value in row):
                    found.append(f"{path.stem}.{table}")
    return found


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


async def test_purge_when_all_have_confirmed_then_it_is_done_and_nothing_is_left(
    mill: Installation, data_dir: Path
) -> None:
    """Rows, blobs, renditions, text, events: gone; what stays names ids only."""
    file_id = await upload(mill, data_dir, b"some words " * 9000)
    await process(mill, file_id)
    await settle(mill)
    assert len(await keys(mill)) == 3
    purge_id = await begin(mill, file_id)
    await settle(mill)
    row, said = await mill.parts["upload"].database.read(purges_repository.find, "local", purge_id)  # type: ignore[misc]
    assert [one["service"] for one in said] == ["ai", "metadata", "notification", "processing", "upload"]
    assert row["done_at"] is not None
    removed = {one["service"]: one["removed"] for one in said}
    assert removed["upload"]["blobs"] == 1
    assert removed["processing"]["blobs"] == 2
    assert await keys(mill) == set()
    assert rows_about(data_dir, SECRET) == []
    assert rows_about(data_dir, "10.1.2.3") == []


async def test_purge_when_one_has_not_confirmed_then_it_is_not_done(mill: Installation, data_dir: Path) -> None:
    """Upload's own part alone is not enough."""
    file_id = await upload(mill, data_dir, b"words")
    purge_id = await begin(mill, file_id)
    await remove(mill)
    found = await mill.parts["upload"].database.read(purges_repository.find, "local", purge_id)
    assert found is not None
    assert found[0]["done_at"] is None
    with pytest.raises(NotFound):
        await begin(mill, file_id)


async def test_purge_when_late_events_come_then_nothing_is_resurrected(mill: Installation, data_dir: Path) -> None:
    """News of the file that was on its way, or is told again, changes nothing in any service."""
    file_id = await upload(mill, data_dir, b"words")
    await settle(mill)
    await begin(mill, file_id)
    await settle(mill)
    late = [
        samples.event(Topic.UPLOADED, samples.uploaded(file_id, filename=SECRET)),
        samples.event(Topic.PROCESSED, samples.processed(file_id), source="processing"),
        samples.event(Topic.ANALYZED, samples.analyzed(file_id), source="ai"),
    ]
    await mill.queues.publish(late)
    await settle(mill)
    assert rows_about(data_dir, SECRET) == []
    known = {table for table in rows_about(data_dir, file_id) if not table.endswith((".purged_files", ".audit"))}
    assert known <= {"upload.purges", "notification.live_events", *OUTBOXES}


OUTBOXES = {f"{inventory.service}.outbox" for inventory in INVENTORIES if inventory.service != "access"}
"""What is left there is the news of the purge itself."""


async def test_purge_when_the_others_never_heard_of_the_file_then_they_confirm_too(
    mill: Installation, data_dir: Path
) -> None:
    """Purged before its upload was told: the news of it is erased unsent."""
    file_id = await upload(mill, data_dir, b"words")
    purge_id = await begin(mill, file_id)
    await settle(mill)
    found = await mill.parts["upload"].database.read(purges_repository.find, "local", purge_id)
    assert found is not None
    assert found[0]["done_at"] is not None
    assert rows_about(data_dir, SECRET) == []


async def test_purge_when_another_file_shares_the_blob_then_the_blob_stays_until_the_last_goes(
    mill: Installation, data_dir: Path
) -> None:
    """The same bytes of one owner are stored once and go with the last file that has them."""
    first = await upload(mill, data_dir, b"the same words")
    second = await upload(mill, data_dir, b"the same words", "other.txt")
    await settle(mill)
    assert len(await keys(mill)) == 1
    for file_id, left in ((first, 1), (second, 0)):
        await begin(mill, file_id)
        await settle(mill)
        assert len(await keys(mill)) == left
    assert await mill.parts["upload"].database.read(versions_repository.used_bytes, "local") == 0


async def test_expire_trash_when_the_time_is_over_then_purges_those_files_only(
    mill: Installation, data_dir: Path
) -> None:
    """Thirty days, or what the setting says; living files and fresh trash stay."""
    old, fresh, living = [await upload(mill, data_dir, f"words {number}".encode()) for number in range(3)]
    database = mill.parts["upload"].database
    for file_id, days in ((old, 31), (fresh, 29)):
        await database.write("upload.trash", repository.set_deleted, "local", file_id, now() - timedelta(days=days))
    assert await purge.expire_trash(database, 30.0) == 1
    assert await database.read(purges_repository.to_purge, "local", old) is None
    for file_id in (fresh, living):
        assert await database.read(purges_repository.to_purge, "local", file_id) is not None


async def test_removals_when_killed_after_the_delete_then_the_next_round_ends_it(
    mill: Installation, data_dir: Path
) -> None:
    """A blob that is gone already is no fault: the row goes, the purge is confirmed."""
    file_id = await upload(mill, data_dir, b"words")
    await begin(mill, file_id)
    for key in await keys(mill):
        await mill.store.delete(key)
    await remove(mill)
    await publish(mill)
    with closing(sqlite3.connect(data_dir / "databases" / "upload.db")) as db:
        assert db.execute("SELECT count(*) FROM removals").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM purged_files WHERE confirmed_at IS NOT NULL").fetchone() == (1,)


def test_inventory_when_a_table_is_about_files_then_it_says_how_it_is_erased() -> None:
    """A new table cannot be forgotten: a `file_id`, a way of its own, or why it survives."""
    for inventory in INVENTORIES:
        for kept in inventory.tables:
            said = kept.erase is not None or bool(kept.survives) or "file_id" in kept.table.c
            assert said, f"{inventory.service}.{kept.table.name}"


OWNER_COLUMNS = {"owner_id", "scope", "created_by", "actor", "asked_by", "user_id"}
"""What a column is called that may hold an owner's name."""


def test_inventory_when_a_table_names_owners_then_it_says_what_becomes_of_them() -> None:
    """A new table cannot be forgotten by the erasure of an owner."""
    for inventory in INVENTORIES:
        for kept in inventory.tables:
            said = kept.owner is not None or kept.erase_owner is not None
            assert said or not OWNER_COLUMNS & set(kept.table.c.keys()), f"{inventory.service}.{kept.table.name}"
            if kept.owner is not None:
                assert {*kept.owner_columns, *kept.blanked} <= {*kept.table.c.keys()}, (
                    f"{inventory.service}.{kept.table.name}"
                )
