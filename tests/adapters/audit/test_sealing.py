"""The audit trail of an installation is sealed while entries come, by any number of instances, and can be checked meanwhile."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from typer.testing import CliRunner

from filemill.chassis.database.database import Database, Tx
from filemill.chassis.ids import new_id
from filemill.cli.main import app
from filemill.local.environment import environment
from filemill.local.installation import opened, prepare
from filemill.metadata import audit_repository
from filemill.metadata.audit_check import Checked, Head, check
from filemill.metadata.sealing import Sealer

WRITERS = 8
ENTRIES_EACH = 40


def add_one(tx: Tx, number: int) -> None:
    audit_repository.add(
        tx,
        {
            "file_id": new_id(), "owner_id": "local", "at": datetime.now(UTC), "actor": "local", "action": "changed",
            "outcome": "ok", "detail": {"number": number, "share": 0.1, "name": "Größe \U0001f4c4"}, "client_address": None,
            "request_id": None,
        },
    )  # fmt: skip


async def write_some(database: Database) -> None:
    for number in range(ENTRIES_EACH):
        await database.write("test", add_one, number)


async def sealed_by_two(heads: Sequence[Head] = ()) -> Checked:
    """Eight writers, two sealers, somebody who checks all the while; then the last look."""
    async with opened() as mill:
        database = mill.parts["metadata"].database
        writing = asyncio.gather(*[write_some(database) for _ in range(WRITERS)])
        sealers = [Sealer(database), Sealer(database)]
        while not writing.done():
            await asyncio.gather(*[sealer.seal_all() for sealer in sealers])
            seen = await check(database, heads, lambda *_: None)
            assert seen.ok, seen.faults
        await writing
        await asyncio.gather(*[sealer.seal_all() for sealer in sealers])
        return await check(database, heads, lambda *_: None)


async def run_for_a_moment() -> None:
    """The loop as the service has it: it seals what is written after it began to wait."""
    async with opened() as mill:
        database = mill.parts["metadata"].database
        before = await database.read(audit_repository.newest_seal)
        sealing = asyncio.create_task(Sealer(database).run())
        await asyncio.sleep(0)
        await database.write("test", add_one, 1)
        async with asyncio.timeout(10):
            while True:
                newest = await database.read(audit_repository.newest_seal)
                if newest != before:
                    break
                await asyncio.sleep(0.05)
        sealing.cancel()
        assert newest is not None
        assert newest["last_seq"] == (before["last_seq"] if before else 0) + 1


def test_seal_when_several_do_it_then_each_entry_has_one_place(each_installation: Path) -> None:
    """The trail is valid at every moment."""
    prepare(make=True)
    found = asyncio.run(sealed_by_two())
    assert (found.ok, found.entries, found.unsealed) == (True, WRITERS * ENTRIES_EACH, 0), found.faults
    asyncio.run(run_for_a_moment())


def spoil(tx: Tx) -> None:
    tx.exec_driver_sql("UPDATE audit SET actor = 'nobody' WHERE seq = 7")


async def at_work(work: Callable[[Tx], Any]) -> None:
    async with opened() as mill:
        await mill.parts["metadata"].database.write("test", work)


def test_audit_commands_when_somebody_changed_the_trail_then_verify_says_so(tmp_path: Path) -> None:
    """`head` prints what `verify --heads` takes; without an entry there is none."""
    run = CliRunner()
    heads, kept = tmp_path / "heads.jsonl", []
    with environment({}, tmp_path / "data"):
        prepare(make=True)
        assert run.invoke(app, ["audit", "head"]).exit_code == 1
        for number in range(20):
            asyncio.run(at_work(lambda tx, number=number: add_one(tx, number)))  # type: ignore[misc]
            if number % 7 == 0:
                kept.append(run.invoke(app, ["audit", "head"]).stdout)
        heads.write_text("".join(kept))
        fine = run.invoke(app, ["audit", "verify", "--heads", str(heads), "--json"])
        assert fine.exit_code == 0, fine.output
        assert orjson.loads(fine.stdout)["ok"]
        assert "all is well" in run.invoke(app, ["audit", "verify"]).stdout
        asyncio.run(at_work(spoil))
        bad = run.invoke(app, ["audit", "verify", "--heads", str(heads)])
        assert bad.exit_code == 1
        assert "entry 7 of the trail" in bad.stdout
        heads.write_text("{}")
        assert run.invoke(app, ["audit", "verify", "--heads", str(heads)]).exit_code == 2
