"""An installation with data in it, made in this process by the services' own intake, relay and consumers; nobody runs it."""

import asyncio
import hashlib
from pathlib import Path

import orjson

from filemill.ai import consumers as ai
from filemill.chassis.database.database import Tx
from filemill.chassis.erasure import silenced
from filemill.chassis.messaging import outbox
from filemill.chassis.messaging.consumer import Consumer, Handler
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.settings import load
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.removals import Remover
from filemill.chassis.storage.store import BlobStore, put
from filemill.chassis.web.caller import Caller
from filemill.contracts.processing import RenditionRef, TextRef
from filemill.contracts.topics import Topic
from filemill.local.installation import Installation, opened, prepare
from filemill.metadata import consumers as metadata
from filemill.metadata.search.build import build_index
from filemill.metadata.search.fts5_index import Fts5Index
from filemill.metadata.settings import MetadataSettings
from filemill.notification import consumers as notification
from filemill.processing import consumers as processing
from filemill.processing import repository as processing_rows
from filemill.upload import consumers as upload
from filemill.upload import purge
from filemill.upload.intake import Intake
from filemill.upload.rules import Fields
from filemill.upload.settings import UploadSettings
from support import samples

HANDLERS: dict[str, dict[str, Handler]] = {
    upload.QUEUE: upload.HANDLERS,
    metadata.QUEUE: metadata.handlers(Fts5Index()),
    processing.QUEUE: processing.handlers(60.0),
    ai.QUEUE: ai.handlers(60.0),
    notification.QUEUE: notification.HANDLERS,
}
LARGE_BYTES = 100_000
"""Larger than what the local store keeps in its own database: a file of its own."""


async def fill(data_dir: Path, count: int, *, quiet: bool = True) -> None:
    """Upload and process `count` files, every third a large one.

    `quiet=False`: two more, of which one's news still lies in the queues and the other's in the outbox.
    """
    await asyncio.to_thread(prepare, make=True)  # it may run a loop of its own
    async with opened() as mill:
        intake = Intake(mill.parts["upload"].database, mill.store, UploadSettings(data_dir=data_dir))
        for number in range(count):
            await process(mill, await upload_one(intake, number))
        await settle(mill)
        if not quiet:
            await upload_one(intake, count)
            await publish(mill)
            await upload_one(intake, count + 1)


async def make_index(mill: Installation) -> None:
    """What metadata does when it starts."""
    index = build_index(load(MetadataSettings))
    await mill.parts["metadata"].database.write("metadata.index.create", index.create)


async def upload_one(intake: Intake, number: int) -> str:
    """Upload a file; returns its id."""
    sink = await intake.sink()
    sink.named(f"{number}.txt")
    await sink.write(f"file {number}\n".encode() * (LARGE_BYTES // 7 if number % 3 == 0 else 1))
    fields = Fields(title=f"No. {number}", tags=["some"], metadata={"number": number}, external_id=None)
    caller = Caller("local", is_admin=True, address="127.0.0.1")
    row = await intake.accept(caller, f"{number}.txt", await sink.finish(), fields, None)
    return str(row["file_id"])


async def settle(mill: Installation) -> None:
    """Relay and consume until nothing moves and no queue holds anything."""
    async with asyncio.timeout(60):
        while await _move_some(mill):
            pass


async def _move_some(mill: Installation) -> int:
    moved = await publish(mill) + await remove(mill)
    index = build_index(load(MetadataSettings))  # that of the engines in force
    for queue, handlers in (HANDLERS | {metadata.QUEUE: metadata.handlers(index)}).items():
        database = mill.parts[queue.partition(".")[0]].database
        took = await Consumer(queue, mill.queues, database, handlers, silenced=silenced).consume_some()
        depth = await mill.queues.depth(queue)
        if not took and depth.waiting:
            await mill.queues.wait(queue, 0.2)
        moved += took + depth.waiting + depth.leased
    return moved


async def publish(mill: Installation) -> int:
    """One round of every relay."""
    return sum(
        [
            await Relay(part.database, mill.queues).publish_some()
            for name, part in mill.parts.items()
            if name != "access"
        ]
    )


async def remove(mill: Installation) -> int:
    """One round of every remover."""
    erasures = {"upload": purge.ERASURE, "processing": processing.ERASURE}
    return sum(
        [
            await Remover(mill.parts[name].database, mill.store, erasure.finished).remove_some()
            for name, erasure in erasures.items()
        ]
    )


async def process(mill: Installation, file_id: str) -> None:
    """What a worker would leave: two blobs, their rows, the event."""
    text = orjson.dumps({"pages": [{"number": 1, "text": f"words of {file_id}"}]})
    text_key, picture_key = await _put(mill.store, text), await _put(mill.store, b"picture of " + file_id.encode())
    digest = hashlib.sha256(b"picture of " + file_id.encode()).hexdigest()
    picture = RenditionRef(name="thumbnail", content_type="image/webp", size=47, storage_key=picture_key, sha256=digest)
    words = TextRef(
        state="found",
        storage_key=text_key,
        characters=10,
        pages=1,
        size=len(text),
        sha256=hashlib.sha256(text).hexdigest(),
    )
    data = samples.processed(file_id, text=words, renditions=[picture], content_type="text/plain")

    def keep(tx: Tx) -> None:
        processing_rows.keep_renditions(tx, file_id, "local", 1, [picture], words, {"plan": "test"})
        outbox.append(tx, samples.event(Topic.PROCESSED, data, source="processing"))

    await mill.parts["processing"].database.write("test.process", keep)


async def _put(store: BlobStore, body: bytes) -> str:
    key = new_key()
    await put(store, key, body)
    return key
