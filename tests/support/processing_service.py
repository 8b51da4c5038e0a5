"""A processing service in this process: a database, a store, workers, and steps without a sandbox around them."""

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text

from filemill.chassis.database.build import open_postgresql, open_sqlite
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.doorbell import Bell, Doorbell
from filemill.chassis.ids import new_id
from filemill.chassis.jobs.worker import Worker
from filemill.chassis.sandbox import Limits, Outcome
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.store import BlobStore, put
from filemill.contracts.topics import Topic
from filemill.processing import consumers
from filemill.processing.ledger import ProcessingLedger
from filemill.processing.repository import KIND, job_queue
from filemill.processing.run import FileRun
from filemill.processing.steps import run as steps_run
from filemill.processing.steps.options import Options
from filemill.processing.unpack_run import UnpackRun
from filemill.processing.worker import Runs
from support import samples


@dataclass
class OpenSandbox:
    """Runs the steps in this process, and remembers which; `before` is awaited first."""

    runs: list[list[str]] = field(default_factory=list)
    before: Callable[[], Awaitable[None]] | None = None

    async def start(self) -> None:
        """As `Sandbox.start`."""

    async def stop(self) -> None:
        """As `Sandbox.stop`."""

    async def run(
        self, request: dict[str, Any], *, source: Path, work_dir: Path, limits: Limits, on_progress: Any
    ) -> Outcome:
        """As `Sandbox.run`."""
        if self.before is not None:
            await self.before()
        result = steps_run.run(request, work_dir, source, on_progress)
        self.runs.append([step["name"] for step in result["steps"]] if "steps" in result else ["unpack"])
        return Outcome("ok", result, None, None, 1.0, 0)


@dataclass
class Service:
    """What the tests do with it."""

    address: str
    database: Database
    store: BlobStore
    folder: Path
    sandbox: OpenSandbox
    options: Options = field(default_factory=Options)
    uploads: set[str] = field(default_factory=set)
    _bell: Bell = field(init=False)
    _open: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._bell = Bell(self.folder)

    async def upload(self, body: bytes, filename: str = "note.txt", **more: Any) -> str:
        """A file arrives; returns its id."""
        file_id, key = new_id(), new_key()
        await put(self.store, key, body)
        await self.tell(file_id, key, body, filename, **more)
        return file_id

    async def tell(self, file_id: str, key: str, body: bytes, filename: str, **more: Any) -> None:
        """The event of an upload."""
        self.uploads.add(key)
        digest = hashlib.sha256(body).hexdigest()
        data = samples.uploaded(file_id, filename=filename, sha256=digest, storage_key=key, size=len(body), **more)
        event = samples.event(Topic.UPLOADED, data)
        handler = consumers.handlers(60.0)[Topic.UPLOADED]
        await self.database.write("test.uploaded", lambda tx: handler(tx, event))

    def ring(self) -> None:
        """Wake the workers, as the service does after a call."""
        self._bell.ring("jobs")

    def connect(self) -> Database:
        """Another connection to the same database, as of another process."""
        return open_postgresql(self.address, "test") if "://" in self.address else open_sqlite(Path(self.address))

    def start_worker(self, sandbox: Any = None, concurrency: int = 2) -> None:
        """A worker with a connection of its own."""
        database = self.connect()
        place = (sandbox or self.sandbox, self.folder / "scratch")
        whole = FileRun(database, self.store, *place, self.options)
        runner = Runs(whole, UnpackRun(self.store, *place, part_bytes=1 << 20, total_bytes=2 << 20))
        ledger = ProcessingLedger(lambda: self._bell.ring("jobs"))
        worker = Worker(database, job_queue, ledger, runner, lambda: Doorbell(self.folder, "jobs"), concurrency, KIND)
        self._open.append((asyncio.create_task(worker.run()), database))

    async def ended(self, timeout_s: float = 60.0) -> list[tuple[Any, ...]]:
        """(state, attempts, file) of every job, once none is open."""
        async with asyncio.timeout(timeout_s):
            while await self.rows(  # noqa: ASYNC110  the database of another process tells nobody
                "SELECT job_id FROM jobs WHERE state IN ('queued', 'running')"
            ):
                await asyncio.sleep(0.02)
        return await self.rows("SELECT state, attempts, file_id FROM jobs ORDER BY created_at")

    async def processed(self, *bodies: bytes) -> list[str]:
        """Upload these, one after the other, and wait for each; returns their ids."""
        ids = []
        for body in bodies:
            ids.append(await self.upload(body))
            await self.ended()
        return ids

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a plain query finds."""

        def read(tx: Tx) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in tx.execute(text(query))]

        return await self.database.read(read)

    async def close(self) -> None:
        """Stop the workers."""
        for task, database in self._open:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await database.close()
        self._open.clear()
        self._bell.close()
