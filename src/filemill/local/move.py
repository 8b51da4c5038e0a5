"""`filemill move`: a stopped installation, copied whole to the engines that another environment names.

Blobs first, then every table of every service in batches that are a transaction each, then the messages that still lie in
queues: they go back to the outbox of the service that sent them, so that its relay publishes them over there, and whoever
had handled one drops it by its inbox, which has come along. Nothing is changed or deleted here, so a move that fails costs
nothing; `resume` goes on with one that was interrupted, and what is there already stays as it is.
A part that the other environment leaves where it is (the same database, the same store) is not touched.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass

from filemill.chassis.crash_points import crash_point
from filemill.chassis.database import rows
from filemill.chassis.database.database import Tx
from filemill.chassis.database.inventory import KeptTable
from filemill.chassis.errors import StartError
from filemill.chassis.messaging import outbox
from filemill.chassis.messaging.transport import Peeks
from filemill.chassis.storage.store import BlobReader, BlobStore, Compresses, IsCompressed, drain
from filemill.contracts.envelope import Event
from filemill.contracts.topics import QUEUES
from filemill.local.at_once import at_once
from filemill.local.contents import lying_in, pages
from filemill.local.installation import Installation, Part, Progress
from filemill.local.key_set import KeySet, in_batches, key_set

BLOBS_AT_ONCE = 8
REPORT_EVERY = 20


@dataclass(slots=True)
class Moved:
    """What was carried over; what was there already is not counted."""

    blobs: int = 0
    bytes: int = 0
    rows: int = 0
    messages: int = 0


async def move(
    source: Installation,
    target: Installation,
    progress: Progress,
    *,
    resume: bool,
    what: str = "--to-env",
    only: Container[str] | None = None,
) -> Moved:
    """Copy everything of `source` that `target` has elsewhere. Raises `StartError` with one line if it may not.

    `what` begins that line; `only` are the blobs to copy, None for all.
    """
    return await _Move(source, target, progress, resume, what, only).run()


class _Move:
    """One run from one installation to another."""

    def __init__(
        self,
        source: Installation,
        target: Installation,
        progress: Progress,
        resume: bool,
        what: str,
        only: Container[str] | None,
    ) -> None:
        self._source = source
        self._target = target
        self._progress = progress
        self._resume = resume
        self._what = what
        self._only = only
        self._moved = Moved()
        self._elsewhere = {name for name, place in source.places.items() if target.places[name] != place}

    async def run(self) -> Moved:
        if not self._elsewhere:
            raise StartError(f"{self._what}: the file names no other place for any part of this installation")
        for part in self._parts():
            for kept in part.inventory.tables:
                if kept.must_be_empty and not await part.database.read(rows.is_empty, kept):
                    raise StartError(kept.must_be_empty)
        if not self._resume:
            await self._must_be_empty()
        if "store" in self._elsewhere:
            await self._carry_blobs()
        for part in self._parts():
            for kept in part.inventory.tables:
                await self._carry_table(part, kept)
        if "queues" in self._elsewhere:
            await self._carry_messages()
        return self._moved

    def _parts(self) -> Iterable[Part]:
        return [part for name, part in self._source.parts.items() if name in self._elsewhere]

    async def _must_be_empty(self) -> None:
        hint = "choose an empty one, or say --resume to go on with a move that was interrupted"
        for part in self._parts():
            name = part.inventory.service
            for kept in part.inventory.tables:
                if not await self._target.parts[name].database.read(rows.is_empty, kept):
                    raise StartError(f"{self._what}: the {name} database over there has rows already; {hint}")
        if "store" in self._elsewhere:
            async for info in self._target.store.list():
                raise StartError(f"{self._what}: the store over there has blobs already ({info.key}); {hint}")
        if "queues" in self._elsewhere:
            for queue in QUEUES:
                depth = await self._target.queues.depth(queue)
                if depth.waiting + depth.leased + depth.parked:
                    raise StartError(f"{self._what}: the queue {queue} over there has messages already; {hint}")

    # blobs

    async def _carry_blobs(self) -> None:
        with key_set(self._source.data_dir) as keys:
            async for infos in in_batches(self._source.store.list()):
                keys.add(info.key for info in infos if self._only is None or info.key in self._only)
            if self._resume:
                async for infos in in_batches(self._target.store.list()):
                    keys.discard(info.key for info in infos)
            await self._carry_those(keys)

    async def _carry_those(self, keys: KeySet) -> None:
        waiting, count, done = iter(keys), len(keys), 0

        async def work() -> None:
            nonlocal done
            for key in waiting:  # shared: each worker takes the next
                self._moved.bytes += await copy_blob(self._source.store, self._target.store, key)
                self._moved.blobs += 1
                crash_point("move.blob")
                done += 1
                if done % REPORT_EVERY == 0 or done == count:
                    self._progress("blobs", done, count)

        await at_once(work, BLOBS_AT_ONCE)

    # rows

    async def _carry_table(self, part: Part, kept: KeptTable) -> None:
        target = self._target.parts[part.inventory.service].database
        total, done = await part.database.read(rows.count, kept), 0
        async for batch in pages(part, kept):
            self._moved.rows += await target.write("move.rows", rows.carry, kept, batch, again=self._resume)
            done += len(batch)
            self._progress(f"{part.inventory.service} {kept.table.name}", done, total)
        await target.write("move.numbers", rows.continue_numbers, kept)

    # messages

    async def _carry_messages(self) -> None:
        """One copy of each message, whichever queues it lies in: publishing puts it into all that listen to it."""
        queues = self._source.queues
        if not isinstance(queues, Peeks):
            depths = [await queues.depth(queue) for queue in QUEUES]
            if any(depth.waiting + depth.leased + depth.parked for depth in depths):
                raise StartError("the queues here hold messages that cannot be carried; let the mill drain them first")
            return
        with key_set(self._source.data_dir) as carried:
            for queue in QUEUES:
                async for events in in_batches(lying_in(queues, queue)):
                    fresh = [event for event in events if event.id not in carried]
                    await self._hand_back(fresh)
                    carried.add(event.id for event in fresh)

    async def _hand_back(self, events: list[Event]) -> None:
        """To the outboxes of those who sent them."""
        by_sender: dict[str, list[Event]] = {}
        for event in events:
            by_sender.setdefault(event.source.rpartition("/")[2], []).append(event)
        for sender, theirs in by_sender.items():
            await self._target.parts[sender].database.write("move.messages", _send_again, theirs)
            self._moved.messages += len(theirs)


def _send_again(tx: Tx, events: list[Event]) -> None:
    outbox.send_again(tx, events)


async def copy_blob(source: BlobStore, target: BlobStore, key: str) -> int:
    """Stream one blob from store to store, compressed if it is; on failure nothing of it is kept. Returns the bytes sent."""
    reader: BlobReader = await source.open(key)
    if isinstance(reader, IsCompressed) and isinstance(target, Compresses):
        reader, writer = reader.stored, await target.create_compressed(key)
    else:
        writer = await target.create(key)
    size_bytes = reader.size_bytes
    try:
        async for chunk in drain(reader):
            await writer.write(chunk)
        await writer.commit()
    except BaseException:
        await writer.abort()
        raise
    return size_bytes
