"""`filemill backup`: a copy of a whole installation, made while it runs, that is itself an installation on embedded engines.

A backup folder holds `store`, a local store that all its snapshots share (blobs never change, so only new ones are copied),
and `snapshots/<time>/databases`, one SQLite file a service. Each database is copied in one consistent read: the consumers
first, upload last, then the blobs that the copies name. So whatever a copy knows of, the ones made after it know too, and
what they know more of is told again by their outboxes after a restore. `snapshot.json`, written last, says that it is whole;
a folder without it is the rest of a backup that was cut off, and the next one removes it.
On failure: nothing counts but whole snapshots, and what was copied of the blobs is not copied again. Never two at once into
one folder: each would clear the other's away.
"""

import asyncio
import fcntl
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, create_engine

from filemill import __version__
from filemill.chassis.clock import now
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database import rows
from filemill.chassis.database.database import Tx
from filemill.chassis.database.inventory import Inventory
from filemill.chassis.durable_folder import make_durable, sync, sync_folder
from filemill.chassis.errors import NotFound, StartError
from filemill.chassis.storage.store import BlobStore
from filemill.local.at_once import at_once
from filemill.local.contents import pages
from filemill.local.environment import environment
from filemill.local.installation import Installation, Part, Progress, opened, prepare
from filemill.local.key_set import KeySet, in_batches, key_set
from filemill.local.move import copy_blob

ORDER = ("access", "metadata", "notification", "ai", "processing", "upload")
"""Each before those whose events it hears."""
ROUNDS_MOST = 5
"""How often a database is copied again because blobs its copy names were deleted meanwhile."""
BLOBS_AT_ONCE = 4
REPORT_EVERY = 50
_DONE = "snapshot.json"


@dataclass(slots=True)
class Saved:
    """What a backup holds. `copied` blobs are new, the others were there; `lost` are named by rows but not in the store."""

    snapshot: str
    rows: int = 0
    blobs: int = 0
    copied: int = 0
    bytes: int = 0
    lost: list[str] = field(default_factory=list)
    pruned: list[str] = field(default_factory=list)


def snapshots(folder: Path) -> list[Path]:
    """The whole snapshots in a backup folder, oldest first."""
    return sorted(path for path in (folder / "snapshots").glob("*") if (path / _DONE).is_file())


def engines_of(folder: Path) -> dict[str, str]:
    """The environment of a snapshot, beside its data folder: its blobs are in the store that all share."""
    return {"STORAGE_URL": (folder / "store").as_uri()}


async def backup(source: Installation, folder: Path, progress: Progress, *, keep: int) -> Saved:
    """Make a snapshot in `folder` (an absolute path), then forget all but the newest `keep`.

    Raises `StartError` with one line if it cannot be whole; blobs that are missing are in what it returns.
    """
    with _alone(folder):
        return await _Backup(source, folder, progress).run(keep)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else makes a backup into this folder. The lock (flock(2)) dies with its process."""
    make_durable(folder)
    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"another backup into {folder} is being made; wait for its end") from None
        yield
    finally:
        os.close(fd)


class _Backup:
    """One run."""

    def __init__(self, source: Installation, folder: Path, progress: Progress) -> None:
        self._source = source
        self._folder = folder
        self._progress = progress
        self._started_at = now()
        self._place = folder / "snapshots" / f"{self._started_at:%Y%m%dT%H%M%S.%fZ}"

    async def run(self, keep: int) -> Saved:
        for left in (self._folder / "snapshots").glob("*"):
            if not (left / _DONE).is_file():
                shutil.rmtree(left)
        make_durable(self._place)
        saved = Saved(self._place.name)
        async with AsyncExitStack() as stack:
            with environment(engines_of(self._folder), self._place):
                await asyncio.to_thread(prepare, make=True)
                target = await stack.enter_async_context(opened(writes=True))
            for name in ORDER:
                await self._copy_rows(self._source.parts[name])
            await self._copy_blobs(target, saved)
            for part in target.parts.values():
                for kept in part.inventory.tables:
                    saved.rows += await part.database.read(rows.count, kept)
        self._finish(saved)
        crash_point("backup.done")
        await self._prune(keep, saved)
        return saved

    # rows

    async def _copy_rows(self, part: Part) -> None:
        name = part.inventory.service
        self._progress(f"{name} rows", 0, 1)
        path = self._place / "databases" / f"{name}.db"
        await part.database.read(_copy_all, part.inventory, path)
        self._progress(f"{name} rows", 1, 1)

    # blobs

    async def _copy_blobs(self, target: Installation, saved: Saved) -> None:
        """Copy what the snapshot names; what was deleted meanwhile is named no more by a fresh copy of the rows."""
        for _ in range(ROUNDS_MOST):
            with key_set(self._place) as wanted:
                async for keys in in_batches(named_blobs(target)):
                    wanted.add(keys)
                count = len(wanted)
                async for infos in in_batches(target.store.list()):
                    wanted.discard(info.key for info in infos)
                gone = await self._copy_those(target.store, wanted, saved)
            if not gone:
                saved.blobs = count
                return
            for name in ("processing", "upload"):
                await self._copy_rows(self._source.parts[name])
            saved.lost = gone
        saved.blobs = count - len(saved.lost)

    async def _copy_those(self, store: BlobStore, keys: KeySet, saved: Saved) -> list[str]:
        """Returns those that are not there."""
        waiting, count, done, gone = iter(keys), len(keys), 0, []

        async def work() -> None:
            nonlocal done
            for key in waiting:  # shared: each worker takes the next
                try:
                    size_bytes = await copy_blob(self._source.store, store, key)
                    saved.bytes, saved.copied = saved.bytes + size_bytes, saved.copied + 1
                except NotFound:
                    gone.append(key)
                done += 1
                crash_point("backup.blob")
                if done % REPORT_EVERY == 0 or done == count:
                    self._progress("blobs", done, count)

        await at_once(work, BLOBS_AT_ONCE)
        saved.lost = []
        return gone

    # the end

    def _finish(self, saved: Saved) -> None:
        facts = {
            "version": __version__,
            "started_at": self._started_at.isoformat(),
            "finished_at": now().isoformat(),
            "rows": saved.rows,
            "blobs": saved.blobs,
            "lost": saved.lost,
        }
        fresh = self._place / f"{_DONE}.new"
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(facts, file, indent=2)
            file.flush()
            sync(file.fileno(), os.fsync)
        fresh.rename(self._place / _DONE)
        sync_folder(self._place)

    async def _prune(self, keep: int, saved: Saved) -> None:
        """Forget old snapshots, then the blobs that only they named."""
        old = snapshots(self._folder)[:-keep]
        if not old:
            return
        for place in old:
            (place / _DONE).unlink()  # from here on it counts no more
            shutil.rmtree(place)
            saved.pruned.append(place.name)
        with key_set(self._folder) as needed, key_set(self._folder) as spare:
            for place in snapshots(self._folder):
                async with AsyncExitStack() as stack:
                    with environment(engines_of(self._folder), place):
                        await asyncio.to_thread(prepare, make=True)  # an older version may have made it
                        left = await stack.enter_async_context(opened())
                    async for keys in in_batches(named_blobs(left)):
                        needed.add(keys)
                    if place == self._place:
                        async for infos in in_batches(left.store.list()):
                            spare.add(info.key for info in infos if info.key not in needed)
                        for key in spare:
                            await left.store.delete(key)


def _copy_all(tx: Tx, inventory: Inventory, path: Path) -> None:
    """Every row of a service, out of one consistent read, into its database in the snapshot.

    Files in a read transaction, against the rule: only so is the copy of one moment, and nothing waits for a reader.
    """
    engine: Engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as target:
            for kept in inventory.tables:
                target.execute(kept.table.delete())
                if kept.must_be_empty and not rows.is_empty(tx, kept):
                    raise StartError(kept.must_be_empty)
                after = None
                while batch := rows.page(tx, kept, after):
                    rows.carry(target, kept, batch, again=False)
                    after = rows.key_of(kept, batch[-1])
            crash_point("backup.rows")
    finally:
        engine.dispose()


async def named_blobs(mill: Installation) -> AsyncIterator[str]:
    """The keys that the rows of an installation name."""
    for part in mill.parts.values():
        for kept in part.inventory.tables:
            async for batch in pages(part, kept):
                for row in batch:
                    for blob in kept.blobs(row):
                        yield blob.storage_key
