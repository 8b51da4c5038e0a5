"""Look-ups that share reads, on real databases: who gets what, what is never shared, and that nobody is left waiting."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, text

from filemill.chassis.database.build import open_postgresql, open_sqlite
from filemill.chassis.database.coalesced import BATCH_MOST, WAITING_MOST, CoalescedReads
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import Unavailable
from filemill.chassis.telemetry import request_context

_BY_NAME = text("SELECT name, number FROM things WHERE name IN :names").bindparams(bindparam("names", expanding=True))
PATIENCE_S = 20.0


class Unreadable(Exception):
    """One key cannot be read."""


@dataclass
class Held:
    """A database whose answers a test can hold back: the read is done, its caller does not know yet."""

    inner: Database
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    away: bool = False
    asked: list[list[str]] = field(default_factory=list)
    contexts: list[request_context.RequestContext | None] = field(default_factory=list)

    async def read(self, work: Callable[..., Any], *args: Any) -> Any:
        self.asked.append(list(args[0]))
        self.contexts.append(request_context.current())
        if self.away:
            raise Unavailable("away")
        found = await self.inner.read(work, *args)
        self.begun.set()
        await self.go_on.wait()
        return found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        made = open_sqlite(tmp_path / "test.db")
    else:
        made = open_postgresql(request.getfixturevalue("postgresql_server").fresh_database(), "test")
    await made.write("test", _create)
    yield made
    await made.close()


@pytest.fixture
def held(database: Database) -> Iterator[Held]:
    made = Held(database)
    yield made
    made.go_on.set()


@pytest.fixture
def reads(held: Held) -> CoalescedReads[str, int]:
    return CoalescedReads(held, _numbers)  # type: ignore[arg-type]


def _create(tx: Tx) -> None:
    tx.execute(text("CREATE TABLE things (name TEXT PRIMARY KEY, number INTEGER NOT NULL)"))
    rows = [{"name": f"n{number}", "number": number} for number in range(200)]
    tx.execute(text("INSERT INTO things VALUES (:name, :number)"), rows)


def _renumber(tx: Tx, name: str, number: int) -> None:
    tx.execute(text("UPDATE things SET number = :number WHERE name = :name"), {"name": name, "number": number})


def _numbers(tx: Tx, names: Sequence[str]) -> dict[str, int]:
    if "unreadable" in names:
        raise Unreadable
    rows = tx.execute(_BY_NAME, {"names": list(names)})
    return {row.name: row.number for row in rows}


async def _while_one_runs(held: Held, reads: CoalescedReads[str, int], *keys: str) -> list["asyncio.Task[int | None]"]:
    """Tasks that ask for these keys while a read for another one is held."""
    first = asyncio.create_task(reads.get("n0"))
    await held.begun.wait()
    asked = [asyncio.create_task(reads.get(key)) for key in keys]
    await asyncio.sleep(0)  # each has asked
    return [first, *asked]


async def test_get_when_many_ask_while_a_read_runs_then_one_read_answers_them_all(
    held: Held, reads: CoalescedReads[str, int]
) -> None:
    """Two reads in all; each gets its own row, None for what is not there, and the same key is read once."""
    tasks = await _while_one_runs(held, reads, "n3", "nothing", "n5", "n3")
    held.go_on.set()
    assert await asyncio.gather(*tasks) == [0, 3, None, 5, 3]
    assert held.asked == [["n0"], ["n3", "nothing", "n5"]]


async def test_get_when_a_read_of_the_same_key_has_begun_then_it_is_not_joined(
    held: Held, reads: CoalescedReads[str, int], database: Database
) -> None:
    """Who asks after a write was answered sees it, although a read from before it is still on its way."""
    before = asyncio.create_task(reads.get("n7"))
    await held.begun.wait()
    await database.write("test", _renumber, "n7", 700)
    after = asyncio.create_task(reads.get("n7"))
    await asyncio.sleep(0)
    held.go_on.set()
    assert await asyncio.gather(before, after) == [7, 700]


async def test_get_when_one_key_cannot_be_read_then_only_its_caller_is_told(
    held: Held, reads: CoalescedReads[str, int]
) -> None:
    """The others of the same read get their rows."""
    tasks = await _while_one_runs(held, reads, "n1", "unreadable", "n2")
    held.go_on.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [found[0], found[1], found[3]] == [0, 1, 2]
    assert isinstance(found[2], Unreadable)


async def test_get_when_the_database_is_away_then_all_are_told_at_once_and_the_next_one_is_answered(
    held: Held, reads: CoalescedReads[str, int]
) -> None:
    """Nobody is kept waiting while each key is tried against a server that does not answer."""
    tasks = await _while_one_runs(held, reads, "n1", "n2")
    held.away = True
    held.go_on.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert found[0] == 0
    assert all(isinstance(error, Unavailable) for error in found[1:])
    assert len(held.asked) == 2
    held.away = False
    assert await reads.get("n4") == 4


async def test_get_when_callers_go_away_then_nobody_else_notices(held: Held, reads: CoalescedReads[str, int]) -> None:
    """One leaves while its read runs, one before its read: the rest is answered, what nobody wants is not read."""
    tasks = await _while_one_runs(held, reads, "n1", "n2", "n2")
    tasks[0].cancel()
    tasks[1].cancel()
    tasks[2].cancel()
    held.go_on.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in found[:3]] == [asyncio.CancelledError] * 3
    assert found[3] == 2
    assert held.asked == [["n0"], ["n2"]]


async def test_get_when_a_crowd_asks_then_no_read_is_larger_than_its_bound(
    held: Held, reads: CoalescedReads[str, int]
) -> None:
    """Two hundred different keys come in several reads, in the order they were asked for."""
    held.go_on.set()
    keys = [f"n{number}" for number in range(200)]
    assert await asyncio.gather(*[reads.get(key) for key in keys]) == list(range(200))
    assert [len(names) for names in held.asked] == [BATCH_MOST, BATCH_MOST, BATCH_MOST, 200 - 3 * BATCH_MOST]
    assert [name for names in held.asked for name in names] == keys


async def test_get_when_too_many_wait_then_one_more_is_refused(held: Held, reads: CoalescedReads[str, int]) -> None:
    """The queue has an end; who left it makes room."""
    tasks = await _while_one_runs(held, reads, *["n1"] * (WAITING_MOST - 1))
    with pytest.raises(Unavailable):
        await reads.get("n2")
    tasks[-1].cancel()
    await asyncio.gather(tasks[-1], return_exceptions=True)
    held.go_on.set()
    assert await reads.get("n2") == 2
    await asyncio.gather(*tasks[:-1])


async def test_get_when_asked_at_the_very_end_of_a_read_then_it_does_not_hang(
    held: Held, reads: CoalescedReads[str, int]
) -> None:
    """Many callers that ask again as soon as they are answered, out of step with each other: each is answered each time."""
    held.go_on.set()

    async def again_and_again(number: int) -> None:
        for turn in range(30):
            for _ in range((number + turn) % 4):
                await asyncio.sleep(0)
            assert await reads.get(f"n{number}") == number

    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*[again_and_again(number) for number in range(8)])


async def test_get_when_asked_within_a_request_then_the_shared_read_does_not_carry_its_ids(
    held: Held, reads: CoalescedReads[str, int]
) -> None:
    """A read that works for many requests is nobody's in particular."""
    held.go_on.set()
    with request_context.within(request_context.begin("one")):
        assert await reads.get("n1") == 1
    assert held.contexts == [None]
