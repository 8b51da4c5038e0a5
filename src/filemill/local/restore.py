"""`filemill restore`: a snapshot of `filemill backup`, brought to an empty installation on whatever engines it chooses.

It is a move from the snapshot. Then every event that the outboxes still hold is sent again: the databases were copied one
after the other, so a consumer may lack what its publisher knows; what it had handled its inbox drops. Where upload has heard
more of a file than metadata's older copy knows, metadata says its word again.
"""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from filemill.chassis.database import rows
from filemill.chassis.database.inventory import KeptTable
from filemill.chassis.errors import StartError
from filemill.chassis.messaging import outbox
from filemill.local.backup import engines_of, named_blobs, snapshots
from filemill.local.contents import pages
from filemill.local.environment import environment
from filemill.local.installation import Installation, Progress, opened, prepare
from filemill.local.key_set import in_batches, key_set
from filemill.local.move import Moved, move
from filemill.metadata import catalogue

SCRATCH = ".restore"
EVENTS_MOST = 5000
"""Told again in one transaction."""
ROOM = 2
"""Times what the databases take: they may be brought up to date, and the names of the blobs are listed."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back. `told_again` events are on their way to whoever lacks them."""

    snapshot: str
    moved: Moved
    told_again: int


def choose(folder: Path, name: str | None) -> Path:
    """The newest whole snapshot, or the one with this name. Raises `StartError`."""
    there = snapshots(folder)
    if not there:
        raise StartError(f"{folder} holds no whole backup; `filemill backup {folder}` makes one")
    found = [place for place in there if name in (None, place.name)]
    if not found:
        raise StartError(f"{folder} has no snapshot {name}; there are {', '.join(place.name for place in there)}")
    return found[-1]


async def restore(target: Installation, folder: Path, place: Path, progress: Progress, *, resume: bool) -> Restored:
    """Bring a snapshot to an installation that has nothing yet. Raises `StartError` with one line if it may not.

    Raises `OSError` where its databases, which are copied first, cannot be.
    """
    databases = place / "databases"
    with _copied(databases, _with_room(databases, target.data_dir, folder) / SCRATCH) as scratch:
        async with AsyncExitStack() as stack:
            with environment(engines_of(folder), scratch):
                await asyncio.to_thread(prepare, make=True)
                source = await stack.enter_async_context(opened())
            with key_set(scratch) as only:
                async for keys in in_batches(named_blobs(source)):
                    only.add(keys)
                moved = await move(source, target, progress, resume=resume, what="restore", only=only)
    await _tell_states(target)
    told = 0
    for part in target.parts.values():
        if any(kept.table.name == "outbox" for kept in part.inventory.tables):
            after = 0
            while seqs := await part.database.write("restore.outbox", outbox.send_again_after, after, EVENTS_MOST):
                told, after = told + len(seqs), seqs[-1]
    return Restored(place.name, moved, told)


def _with_room(databases: Path, *folders: Path) -> Path:
    """The first of these where a copy of the databases has room and may be made. Raises `StartError`.

    Not `/tmp`, which is memory in a container, as the data folder of one is; a backup may be on a disk that is only read.
    """
    needed = ROOM * sum(one.stat().st_size for one in databases.iterdir())
    for folder in folders:
        if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > needed:
            return folder
    names = " or ".join(map(str, folders))
    raise StartError(f"the databases of the backup are copied first: make {needed / 1e6:,.0f} MB of room in {names}")


@contextmanager
def _copied(databases: Path, scratch: Path) -> Iterator[Path]:
    """A copy for as long as the block lasts: a newer version migrates it, and the backup stays as it is.

    What a restore that was killed left there goes first.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        scratch.mkdir(mode=0o700)
        (scratch / databases.name).mkdir()
        for one in databases.iterdir():
            shutil.copyfile(one, scratch / databases.name / one.name)
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


async def _tell_states(target: Installation) -> None:
    """Have metadata tell of each file of which upload has heard a later word than metadata's copy remembers."""
    upload, metadata = target.parts["upload"], target.parts["metadata"]
    assert upload.inventory.files is not None
    assert metadata.inventory.files is not None
    async for batch in pages(upload, KeptTable(upload.inventory.files)):
        heard = {row["file_id"]: row["revision"] for row in batch}
        known = await metadata.database.read(rows.of_files, metadata.inventory.files, list(heard))
        behind = {row["file_id"]: heard[row["file_id"]] for row in known if row["revision"] < heard[row["file_id"]]}
        if behind:
            await metadata.database.write("restore.states", catalogue.tell_again, behind)
