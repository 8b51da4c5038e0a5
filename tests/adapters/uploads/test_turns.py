"""One writer at a time, whoever dies: turns, what they leave behind, who looks after it. Two instances share the engines."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message

from filemill.chassis.database.build import build_database
from filemill.chassis.errors import Locked, NotFound
from filemill.chassis.ids import new_id
from filemill.chassis.storage.build import build_store
from filemill.chassis.storage.pieces import Resumes
from filemill.chassis.web.body import Body
from filemill.chassis.web.caller import Caller
from filemill.upload import turns as turns_module
from filemill.upload.intake import Intake
from filemill.upload.sessions_repository import NewSession
from filemill.upload.turns import Turns
from filemill.upload.unfinished import Unfinished

MIB = 1024 * 1024
ME = Caller("local", is_admin=False, address=None)
FIELDS = {"title": None, "tags": [], "metadata": {}, "external_id": None}


class Slow:
    """A body whose end is held back: `began` once its first half is there."""

    def __init__(self, data: bytes) -> None:
        self.data, self.began, self.go_on = data, asyncio.Event(), asyncio.Event()

    async def chunks(self) -> AsyncIterator[bytes]:
        half = len(self.data) // 2
        yield self.data[:half]
        self.began.set()
        await self.go_on.wait()
        yield self.data[half:]


def some_bytes(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a turn."""
    monkeypatch.setattr(turns_module, "WAIT_S", 0.3)


@pytest.fixture
async def rooms(installation: Any) -> AsyncIterator[list[Unfinished]]:
    """The logic of two instances."""
    made = []
    for _ in range(2):
        database, store = build_database(installation.settings), build_store(installation.settings)
        assert isinstance(store, Resumes)
        intake = Intake(database, store, installation.settings)
        made.append(Unfinished(database, store, intake, installation.settings, Turns(database)))
    yield made
    for one in made:
        await one.database.close()
        await one.store.close()  # type: ignore[attr-defined]


async def begun(room: Unfinished, size: int, *, owner: str = "local", hours: float = 1) -> str:
    upload_id = new_id()
    await room.begin(NewSession(upload_id, owner, "file", "a.bin", FIELDS, {}, size, time.time() + hours * 3600))
    return upload_id


def body_of(chunks: AsyncIterator[bytes]) -> Body:
    """A request's body that comes in these chunks."""

    async def receive() -> Message:
        chunk = await anext(chunks, b"")
        return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

    return Body(Request({"type": "http"}, receive), idle_s=30)


def one(data: bytes) -> Body:
    async def chunks() -> AsyncIterator[bytes]:
        yield data

    return body_of(chunks())


@pytest.mark.parametrize("other", [0, 1], ids=["same process", "other instance"])
async def test_upload_when_somebody_writes_then_a_second_writer_gets_423(
    rooms: list[Unfinished], installation: Any, other: int
) -> None:
    """Neither bytes nor a termination; afterwards the first one's bytes are there."""
    data, upload_id = some_bytes(2 * MIB), await begun(rooms[0], 2 * MIB)
    body = Slow(data)
    first = asyncio.create_task(rooms[0].append(ME, upload_id, 0, body_of(body.chunks())))
    await body.began.wait()
    with pytest.raises(Locked):
        await rooms[other].append(ME, upload_id, 0, one(data))
    with pytest.raises(Locked):
        await rooms[other].remove("local", upload_id)
    body.go_on.set()
    row = await first
    assert row["file_id"] is not None
    assert [size for _, _, size in installation.files()] == [2 * MIB]


async def test_upload_when_the_first_writer_is_silent_then_it_makes_room(
    rooms: list[Unfinished], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that lost its line comes back before the old connection is known to be dead; what had arrived counts."""
    monkeypatch.setattr(turns_module, "SILENT_S", 0.05)
    monkeypatch.setattr(turns_module, "WAIT_S", 10)
    data, upload_id = some_bytes(2 * MIB), await begun(rooms[0], 2 * MIB)
    body = Slow(data)
    first = asyncio.create_task(rooms[0].append(ME, upload_id, 0, body_of(body.chunks())))
    await body.began.wait()
    turn = await rooms[0].turns.take("local", upload_id)
    assert turn.row is not None
    assert turn.row["received"] == MIB
    await rooms[0].turns.give_back(turn)
    with pytest.raises(TimeoutError):
        await first
    assert (await rooms[0].append(ME, upload_id, MIB, one(data[MIB:])))["file_id"] is not None


async def test_turn_when_it_was_lost_then_its_holder_changes_nothing(
    rooms: list[Unfinished], installation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that slept past its lease finds that another has taken over: fenced off, whatever it still wants to write."""
    monkeypatch.setattr(turns_module, "HOLD_S", 0.05)
    data, upload_id = some_bytes(2 * MIB), await begun(rooms[0], 2 * MIB)
    body = Slow(data)
    first = asyncio.create_task(rooms[0].append(ME, upload_id, 0, body_of(body.chunks())))
    await body.began.wait()
    await asyncio.sleep(0.1)
    monkeypatch.setattr(turns_module, "HOLD_S", 30)
    turn = await rooms[1].turns.take("local", upload_id)
    body.go_on.set()
    with pytest.raises(Locked):
        await first
    assert installation.files() == []
    await rooms[1].turns.give_back(turn)
    assert (await rooms[1].append(ME, upload_id, 0, one(data)))["file_id"] is not None
    assert len(installation.files()) == 1


async def test_upload_when_both_instances_take_turns_then_it_is_whole(
    rooms: list[Unfinished], installation: Any
) -> None:
    """Any instance can go on: nothing that matters is in a process's memory."""
    data, at, parity = some_bytes(9 * MIB), 0, 0
    upload_id = await begun(rooms[0], len(data))
    row: Any = None
    while at < len(data):
        part = data[at : at + 2 * MIB + 17]
        row = await rooms[parity].append(ME, upload_id, at, one(part))
        at, parity = at + len(part), 1 - parity
    reader = await rooms[0].store.open(installation.engines.rows("upload", "SELECT storage_key FROM files")[0][0])  # type: ignore[attr-defined]
    assert b"".join([chunk async for chunk in reader.read()]) == data
    await reader.close()
    assert row["state"] == "done"


async def test_upload_when_another_owner_asks_then_it_is_not_there(rooms: list[Unfinished]) -> None:
    """Looking, writing, ending and concatenating alike."""
    upload_id, stranger = await begun(rooms[0], 10), Caller("eve", is_admin=False, address=None)
    with pytest.raises(NotFound):
        await rooms[0].look(stranger, upload_id)
    with pytest.raises(NotFound):
        await rooms[0].append(stranger, upload_id, 0, one(b"x" * 10))
    with pytest.raises(NotFound):
        await rooms[0].remove("eve", upload_id)
    partial = new_id()
    await rooms[0].begin(NewSession(partial, "local", "partial", "a", FIELDS, {}, 3, time.time() + 60))
    await rooms[0].append(ME, partial, 0, one(b"abc"))
    final = NewSession(new_id(), "eve", "final", "a", FIELDS, {}, None, time.time() + 60)
    with pytest.raises(NotFound):
        await rooms[0].completing.concatenate(stranger, final, [partial])


async def test_keeper_when_an_upload_has_expired_then_it_is_forgotten(
    rooms: list[Unfinished], installation: Any
) -> None:
    """Bytes and row; one that somebody writes to is left alone; it is 404 from the moment of its expiry."""
    old, busy = await begun(rooms[0], MIB), await begun(rooms[0], MIB)
    await rooms[0].append(ME, old, 0, one(b"x" * 100_000))
    turn = await rooms[0].turns.take("local", busy)
    for upload_id in (old, busy):
        await rooms[0].database.write("test", _age, upload_id)
    with pytest.raises(NotFound):
        await rooms[1].look(ME, old)
    assert await rooms[1].sweep() == (1, 0)
    assert [row[0] for row in installation.sessions()] == [busy]
    assert installation.kept() == []
    await rooms[0].turns.give_back(turn)
    assert await rooms[1].sweep() == (1, 0)


def _age(tx: Any, upload_id: str) -> None:
    tx.exec_driver_sql(f"UPDATE upload_sessions SET expires_at = 1 WHERE upload_id = '{upload_id}'")


@pytest.mark.parametrize("who", ["keeper", "client"])
async def test_upload_when_its_process_died_at_the_very_end_then_it_becomes_a_file_all_the_same(
    rooms: list[Unfinished], installation: Any, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    """Every byte was acknowledged: the keeper or the next question makes the file, exactly one."""
    data, upload_id = some_bytes(MIB), await begun(rooms[0], MIB)

    async def dies(*_arguments: Any) -> Any:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(Intake, "accept", dies)
        with pytest.raises(RuntimeError):
            await rooms[0].append(ME, upload_id, 0, one(data))
    if who == "keeper":
        assert await rooms[1].sweep() == (0, 1)
        assert await rooms[1].sweep() == (0, 0)
    else:
        await asyncio.gather(*(room.look(ME, upload_id) for room in rooms))
    assert (await rooms[1].look(ME, upload_id))["file_id"] == installation.files()[0][0]
    assert len(installation.files()) == 1


@pytest.mark.parametrize("installation", ["embedded"], indirect=True)
async def test_turn_when_its_holder_died_here_then_it_is_free_at_once(
    rooms: list[Unfinished], installation: Any
) -> None:
    """Its lease runs for half a minute more, but everybody on this machine can see that it is gone."""
    upload_id = await begun(rooms[0], 10)
    child = subprocess.Popen(  # noqa: ASYNC220 - the start is over before anything is awaited
        [sys.executable, str(Path(__file__).parents[2] / "support" / "turn_child.py"), upload_id],
        env=os.environ | {"FILEMILL_DATA_DIR": str(installation.settings.data_dir)},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert await asyncio.to_thread(child.stdout.readline) == b"taken\n"
    with pytest.raises(Locked):
        await rooms[0].append(ME, upload_id, 0, one(b"0123456789"))
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert (await rooms[0].append(ME, upload_id, 0, one(b"0123456789")))["file_id"] is not None
