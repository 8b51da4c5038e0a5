"""News that was on its way while an owner was erased: it is taken without the name, and what came after with it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select, text

from filemill.chassis import erasure, owner_erasure, owner_erasure_loop
from filemill.chassis.clock import now
from filemill.chassis.database.build import open_sqlite
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.database.inventory import Inventory, KeptTable
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import inbox, outbox, wire
from filemill.chassis.messaging.consumer import Consumer
from filemill.chassis.messaging.memory_transport import MemoryTransport
from filemill.chassis.owner_erasure_loop import FilesLeft, OwnerErasures
from filemill.contracts.envelope import Event
from filemill.contracts.erasures import OwnerErasing
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileAccessed

QUEUE = "notification.live"
GONE, ERASURE = "numbat", new_id()
TABLES = MetaData()
THINGS = Table("things", TABLES, Column("id", Integer, primary_key=True), Column("owner_id", String))
NOTES = Table(
    "notes",
    TABLES,
    Column("day", Integer, primary_key=True),
    Column("id", Integer, primary_key=True),
    Column("owner_id", String),
    Column("actor", String),
    Column("said", String),
)
outbox.outbox_table(TABLES)
inbox.inbox_table(TABLES)
owner_erasure.owner_erasures_table(TABLES)
erasure.purged_files_table(TABLES)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = open_sqlite(tmp_path / "test.db")

    def create(tx: Tx) -> None:
        TABLES.create_all(tx)
        tx.execute(text("CREATE TABLE kept (actor TEXT)"))

    await made.write("test", create)
    yield made
    await made.close()


def keep(tx: Tx, event: Event) -> None:
    tx.execute(text("INSERT INTO kept VALUES (:actor)"), {"actor": event.data["actor"]})


def opened_by(actor: str) -> Event:
    data = FileAccessed(file_id=new_id(), owner_id="somebody", actor=actor, action="content", client_address=None)
    return wire.make_event("upload", Topic.ACCESSED, data.file_id, data)


async def test_event_when_it_was_on_its_way_during_an_erasure_then_it_loses_the_name_and_later_ones_do_not(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the last pass, and after the end; somebody new with the same name is somebody else."""
    monkeypatch.setattr(owner_erasure_loop, "QUIET_S", 0.0)
    transport = MemoryTransport()
    consumer = Consumer(QUEUE, transport, database, {Topic.ACCESSED: keep}, renamed=owner_erasure.renamed)

    async def take(*events: Event) -> list[str]:
        await transport.publish(list(events))
        while await consumer.consume_some():
            pass
        return list(await database.read(lambda tx: tx.execute(text("SELECT actor FROM kept")).scalars().all()))

    before = opened_by(GONE)
    asked = OwnerErasing(erasure_id=ERASURE, owner_id=GONE, stage="rest")
    await database.write(
        "test", owner_erasure.on_erasing, wire.make_event("access", Topic.OWNER_ERASING, ERASURE, asked)
    )
    mark = owner_erasure.mark_of(ERASURE)
    assert await take(opened_by(GONE), opened_by("other")) == [mark, "other"]
    erasures = OwnerErasures(database, Inventory("notification", ()), transport)
    while await erasures.erase_some():
        pass
    assert (await take(before))[2:] == [mark]
    later = opened_by(GONE)
    assert (await take(later.model_copy(update={"time": now() + timedelta(seconds=1)})))[3:] == [GONE]


async def test_owners_when_many_are_erased_then_the_database_is_written_anew_once_for_many(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for each kept a service busy for hours with hundreds; and none of their names is in an event that is left."""
    monkeypatch.setattr(owner_erasure_loop, "QUIET_S", 0.0)
    monkeypatch.setattr(owner_erasure_loop, "TOGETHER_MOST", 4)
    rewritten: list[int] = []
    rewrite = database.rewrite

    async def counted() -> None:
        rewritten.append(1)
        await rewrite()

    monkeypatch.setattr(database, "rewrite", counted)
    asked = {new_id(): f"numbat {number}" for number in range(6)}
    for erasure_id, owner_id in asked.items():
        said = OwnerErasing(erasure_id=erasure_id, owner_id=owner_id, stage="rest")
        event = wire.make_event("access", Topic.OWNER_ERASING, erasure_id, said)
        await database.write("test", owner_erasure.on_erasing, event)
    await database.write("test", lambda tx: [outbox.append(tx, opened_by(name)) for name in (*asked.values(), "other")])
    kept = Inventory("notification", (KeptTable(outbox.outbox_table(MetaData()), survives="a test's", events="body"),))
    erasures = OwnerErasures(database, kept, MemoryTransport())
    await erasures.erase_some()
    assert rewritten == [1]
    while await erasures.erase_some():
        pass
    assert rewritten == [1, 1]
    bodies = await database.read(lambda tx: tx.execute(text("SELECT body FROM outbox")).scalars().all())
    actors = [event["data"]["actor"] for event in map(orjson.loads, bodies) if event["type"] == Topic.ACCESSED]
    assert actors == [*map(owner_erasure.mark_of, asked), "other"]


async def test_owner_when_a_file_is_held_then_a_look_at_the_erasure_is_no_write(database: Database) -> None:
    """It stays open for months, and somebody looks every half second."""
    event = OwnerErasing(erasure_id=ERASURE, owner_id=GONE, stage="files")
    await database.write(
        "test", owner_erasure.on_erasing, wire.make_event("access", Topic.OWNER_ERASING, ERASURE, event)
    )

    file_id = new_id()

    async def held(_owner: str) -> FilesLeft:
        return FilesLeft(busy=False, held=(file_id,), held_count=1)

    written: list[str] = []
    write = database.write

    async def named(name: str, *more: Any, **others: Any) -> Any:
        written.append(name)
        return await write(name, *more, **others)

    kept = (KeptTable(THINGS, survives="a test's", owner="at last"),)
    erasures = OwnerErasures(database, Inventory("upload", kept), MemoryTransport(), files=held)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "write", named)
        for _ in range(3):
            assert await erasures.erase_some()
    assert written == ["erasure.owner.begin", "erasure.owner.files"]


@pytest.mark.parametrize("rows_most", [1, 2, 5000])
async def test_owners_when_they_are_erased_together_then_each_is_told_of_his_own_rows(
    database: Database, monkeypatch: pytest.MonkeyPatch, rows_most: int
) -> None:
    """Tables are gone through once for all of them, some rows at a time; what is others' stays."""
    monkeypatch.setattr(owner_erasure_loop, "QUIET_S", 0.0)
    monkeypatch.setattr(owner_erasure_loop, "ROWS_MOST", rows_most)
    asked = {new_id(): name for name in ("numbat", "quokka", "bilby")}
    things = ["numbat", "quokka", "quokka", "other"]
    notes = [("quokka", "numbat"), ("other", "other"), ("numbat", "numbat"), ("other", "quokka"), ("numbat", "other")]

    def fill(tx: Tx) -> None:
        tx.execute(insert(THINGS), [{"owner_id": name} for name in things])
        for at, (owner_id, actor) in enumerate(notes):
            tx.execute(insert(NOTES), {"day": at // 2, "id": at, "owner_id": owner_id, "actor": actor, "said": "much"})
        for erasure_id, owner_id in asked.items():
            said = OwnerErasing(erasure_id=erasure_id, owner_id=owner_id, stage="rest")
            owner_erasure.on_erasing(tx, wire.make_event("access", Topic.OWNER_ERASING, erasure_id, said))

    await database.write("test", fill)
    kept = (
        KeptTable(THINGS, survives="a test's", owner="at last"),
        KeptTable(
            NOTES, survives="a test's", owner="renamed", owner_columns=("owner_id", "actor"), blanked={"said": None}
        ),
    )
    erasures = OwnerErasures(database, Inventory("notification", kept), MemoryTransport())
    while await erasures.erase_some():
        pass
    mark = {name: owner_erasure.mark_of(erasure_id) for erasure_id, name in asked.items()}
    assert await database.read(lambda tx: list(tx.execute(select(THINGS.c.owner_id)).scalars())) == ["other"]
    columns = NOTES.c.owner_id, NOTES.c.actor, NOTES.c.said
    left = await database.read(lambda tx: [tuple(row) for row in tx.execute(select(*columns).order_by(NOTES.c.id))])
    assert left == [
        (mark.get(owner_id, owner_id), mark.get(actor, actor), "much" if {owner_id, actor} == {"other"} else None)
        for owner_id, actor in notes
    ]
    bodies = await database.read(lambda tx: tx.execute(text("SELECT body FROM outbox")).scalars().all())
    told = [orjson.loads(body)["data"] for body in bodies]
    assert {asked[one["erasure_id"]]: one["removed"] for one in told} == {
        "numbat": {"things": 1, "notes": 3}, "quokka": {"things": 2, "notes": 2}, "bilby": {}
    }  # fmt: skip
