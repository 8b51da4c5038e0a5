"""`filemill audit head` and `verify` on the screen."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import typer

from filemill.cli import screen
from filemill.local.installation import opened, prepare
from filemill.metadata import audit_repository
from filemill.metadata.audit_check import Checked, Head, check
from filemill.metadata.sealing import Sealer


def show_head() -> None:
    """Seal what waits, then print where the trail stands."""
    prepare()
    newest = asyncio.run(_newest())
    if newest is None:
        screen.fail("the audit trail has no entry yet")
        raise typer.Exit(1)
    said = {name: newest[name] for name in ("seal_id", "last_seq", "head")}
    screen.json_line(said | {"sealed_at": newest["sealed_at"].isoformat()})


def verify_trail(heads: Path | None, *, as_json: bool) -> bool:
    """Check the trail of the installation that the environment chooses; returns whether it is what was sealed."""
    kept = _heads_in(heads) if heads else []
    prepare()
    with screen.bars() as progress:
        checked = asyncio.run(_checked(kept, progress))
    if as_json:
        screen.json_line(asdict(checked) | {"ok": checked.ok})
        return checked.ok
    for fault in checked.faults:
        screen.say(f"fault    {fault}")
    if checked.wrong > len(checked.faults):
        screen.say(f"… and {checked.wrong - len(checked.faults):,} more")
    held = f", kept heads that hold: {len(kept)}" if kept and checked.ok else ""
    waits = f"; {checked.unsealed:,} entries wait for a seal: does metadata run?" if checked.unsealed else ""
    screen.say(f"{checked.entries:,} entries under {checked.seals:,} seals{held}{waits}")
    screen.say(f"head {checked.head}")
    screen.say("all is well" if checked.ok else f"faults: {checked.wrong:,}")
    return checked.ok


async def _newest() -> Any:
    async with opened() as mill:
        database = mill.parts["metadata"].database
        await Sealer(database).seal_all()
        return await database.read(audit_repository.newest_seal)


async def _checked(heads: Sequence[Head], progress: screen.Progressing) -> Checked:
    async with opened() as mill:
        return await check(mill.parts["metadata"].database, heads, progress)


def _heads_in(path: Path) -> list[Head]:
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            said = orjson.loads(line)
            found.append(Head(int(said["last_seq"]), str(said["head"])))
        except (ValueError, KeyError, TypeError):
            raise typer.BadParameter(f"line {number} of {path} is none that `filemill audit head` printed") from None
    return found
