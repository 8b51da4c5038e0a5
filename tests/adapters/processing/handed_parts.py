"""Parts of files in tests: an upload that takes children, and what is asked and looked at. Not for: whole services."""

import io
import socket
import subprocess
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from filemill.chassis.errors import Unavailable
from filemill.chassis.ids import new_id
from filemill.chassis.resilience.service_client import Answer
from filemill.chassis.storage.removals import Remover
from filemill.contracts.topics import Topic
from filemill.processing import consumers, unpacking
from filemill.processing.handing import Handing
from support import samples
from support.processing_service import Service
from unit.processing.files import mail

ME = samples.OWNER
PARTS = "SELECT number, name, state, reason_code, child_id FROM parts ORDER BY file_id, number"
MAIL_STEPS = ["identify", "document_text"]


def zipped(**members: bytes) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return body.getvalue()


TWO = mail(("a.txt", b"one"), ("b.txt", b"two"))


@dataclass
class FakeUpload:
    """Takes children as upload does: the same key gives the same file. `says` answers instead."""

    files: dict[str, tuple[str, dict[str, str], bytes]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    says: Answer | Unavailable | None = None
    before: Any = None

    async def put(
        self,
        path: str,
        query: dict[str, str],
        body: AsyncIterator[bytes],
        size_bytes: int,
        *,
        key: str,
        total_s: float,
        for_owner: str,
    ) -> Answer:
        assert total_s > 0
        assert for_owner
        self.calls.append(key)
        content = b"".join([piece async for piece in body])
        assert len(content) == size_bytes
        if self.before is not None:
            await self.before()
        if isinstance(self.says, Unavailable):
            raise self.says
        if self.says is not None:
            return self.says
        file_id, *_ = self.files.setdefault(key, (new_id(), query | {"to": path}, content))
        return Answer(201, {"file_id": file_id})


async def arrived(
    service: Service, body: bytes = TWO, name: str = "m.eml", kind: str = "message/rfc822", **more: Any
) -> str:
    """A file after all its jobs."""
    if not service._open:
        service.start_worker()
    file_id = await service.upload(body, name, content_type=kind, **more)
    assert {state for state, _, _ in await service.ended()} == {"done"}
    return file_id


async def all_handed(hands: Handing) -> None:
    while await hands.hand_some():
        pass


async def execute(service: Service, statement: str) -> None:
    await service.database.write("test.execute", lambda tx: tx.execute(text(statement)))


async def ask(service: Service, file_id: str, *paths: str) -> str:
    return await service.database.write("test.ask", lambda tx: unpacking.ask(tx, ME, file_id, list(paths) or None))


async def move(service: Service, file_id: str, topic: Topic, change: int) -> None:
    event = samples.event(topic, samples.lifecycle(file_id, change=change))
    handler = consumers.handlers(60.0)[topic]
    await service.database.write("test.moved", lambda tx: handler(tx, event))


async def purge(service: Service, file_id: str) -> None:
    data = samples.lifecycle(file_id, change=9, purge_id=new_id())
    await service.database.write(
        "test.purged", lambda tx: consumers.ERASURE.on_purged(tx, samples.event(Topic.PURGED, data))
    )


def dead_process() -> str:
    """The identity of a process of this machine that is gone."""
    with subprocess.Popen(["true"]) as process:
        pid = process.pid
    return f"{socket.gethostname()}:{pid}:1"


async def blobs(service: Service) -> int:
    """How many blobs there are beside uploads and texts, once what is due is removed."""
    remover = Remover(service.database, service.store, consumers.ERASURE.finished)
    while await remover.remove_some():
        pass
    texts = {key for (key,) in await service.rows("SELECT storage_key FROM renditions")}
    return len({blob.key async for blob in service.store.list()} - service.uploads - texts)
