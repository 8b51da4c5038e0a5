"""G6: 10 KB uploads over 64 connections, rows in PostgreSQL: CPU per upload, PostgreSQL and everything started included.

Ours: the upload service with its relay on the embedded queues; bytes, row and event are on disk before the 201. Anchor:
FastAPI with an ORM session on asyncpg, the same tables, the file hashed and written to the same disk without a sync. Each side
has a PostgreSQL of its own, which syncs its commits. The second row is the database part alone: the same two rows from 64
writers in process, through `write_each` and through an ORM session.
Needs Debian's postgresql; without it there is no figure.
"""

import asyncio
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import http_client
import processes
import uvloop
from g7_small_upload import BODY_BYTES, form

from filemill.chassis.clock import now
from filemill.chassis.database.build import open_postgresql
from filemill.chassis.database.database import Tx
from filemill.chassis.ids import new_id
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.storage.keys import new_key
from filemill.contracts.envelope import Event
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileUploaded
from filemill.upload import repository

sys.path.append(str(processes.ANCHORS))
sys.path.append(str(Path(__file__).parents[1] / "tests"))
from orm_upload_tables import digest_of, new_rows
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from support.servers.postgresql import PostgreSql, programs

ROUNDS = 7
UPLOADS_PER_ROUND, ROWS_PER_ROUND = 640, 1_920
CONNECTIONS = 64
WARM_UP = 320
POOL = 20
DRAINED_S = 60.0
GOAL = 0.1

Sides = dict[str, list[float]]
Rows = tuple[dict[str, Any], Event]


@dataclass(frozen=True)
class Database:
    """One side's PostgreSQL."""

    url: str
    server: processes.Server


@dataclass
class Side:
    """A server under measurement with its PostgreSQL; `digests` of everything sent to it."""

    server: processes.Server
    database: Database
    digests: list[str] = field(default_factory=list)

    def cpu_s(self) -> float:
        """Of everything that works for it."""
        return self.server.cpu_s() + self.database.server.cpu_s()


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    if programs() is None:
        print("G6 needs PostgreSQL (Debian: postgresql)", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as folder, _database() as ours, _database() as anchor:
        return [_uploads(Path(folder), ours, anchor), _rows_alone(ours, anchor)]


@contextlib.contextmanager
def _database() -> Iterator[Database]:
    """A PostgreSQL on the server's core with the tables of the upload service."""
    server = PostgreSql(durable=True)
    server.start()
    try:
        url = server.fresh_database("upload")
        subprocess.run(
            [sys.executable, "-m", "filemill.cli", "migrate", "upload"],
            env={**os.environ, "DATABASE_URL": url},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        assert server.process is not None
        process = processes.Server(server.process, server.port)
        process.pin()
        yield Database(url, process)
    finally:
        server.stop()


# over HTTP


def _uploads(folder: Path, ours: Database, anchor: Database) -> dict[str, Any]:
    anchor_folder = folder / "anchor"
    anchor_folder.mkdir()
    my_command = processes.filemill("upload", folder / "ours", DATABASE_URL=ours.url)
    anchor_command = processes.anchor_app(
        "orm_upload_app", ANCHOR_FOLDER=str(anchor_folder), ANCHOR_DATABASE=_driver_url(anchor.url)
    )
    with (
        processes.running(*my_command) as mine,
        processes.running(*anchor_command) as theirs,
        asyncio.Runner() as looking,
    ):
        sides = {"ours": Side(mine, ours), "anchor": Side(theirs, anchor)}
        watch = looking.run(asyncpg.connect(ours.url))
        processes.be_the_client()
        for side in sides.values():
            _send(side, WARM_UP)
        _drain(looking, watch)
        cpu_us: Sides = {"ours": [], "anchor": []}
        rates: Sides = {"ours": [], "anchor": []}
        for _ in range(ROUNDS):
            for name in random.sample(list(sides), 2):
                side = sides[name]
                before_s = side.cpu_s()
                rates[name].append(_send(side, UPLOADS_PER_ROUND))
                _drain(looking, watch)  # publishing what was sent belongs to its upload
                cpu_us[name].append((side.cpu_s() - before_s) / UPLOADS_PER_ROUND * 1e6)
        _check(looking, sides, anchor_folder)
        looking.run(watch.close())
        processes.be_nobody()
    row = _row(
        "G6", "10 KB form upload, 64 connections, rows in PostgreSQL: CPU per upload, PostgreSQL included", cpu_us
    )
    row["anchor_is"] = "FastAPI + SQLAlchemy ORM on asyncpg, same tables, file not synced"
    return row | {f"{name}_per_second": round(statistics.median(rates[name])) for name in rates}


def _send(side: Side, count: int) -> float:
    """So many files, each another; returns uploads per second."""
    bodies = [os.urandom(BODY_BYTES) for _ in range(count)]
    side.digests += [digest_of(body) for body in bodies]
    return http_client.crowd(side.server.port, [form(body) for body in bodies], count, CONNECTIONS, status=201)


def _drain(looking: asyncio.Runner, watch: "asyncpg.Connection[Any]") -> None:
    """Wait until our relay has published everything."""
    until_s = time.monotonic() + DRAINED_S
    while looking.run(watch.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL")):
        if time.monotonic() > until_s:
            raise RuntimeError(f"the relay did not publish everything within {DRAINED_S:g} s")
        time.sleep(0.1)


def _check(looking: asyncio.Runner, sides: dict[str, Side], anchor_folder: Path) -> None:
    """Every row is there with its hash, and an event for each; a file of each side is read back."""
    for side in sides.values():
        files, events = looking.run(_stored(side.database.url))
        if sorted(sha256 for _, sha256 in files) != sorted(side.digests) or events != len(files):
            raise RuntimeError("what is recorded is not what was sent")
        file_id, sha256 = random.choice(files)
        if side is sides["anchor"]:
            found = (anchor_folder / file_id).read_bytes()
        else:
            connection = http_client.Connection(side.server.port)
            found = connection.call(http_client.get(f"/files/{file_id}/content")).body
            connection.close()
        if digest_of(found) != sha256:
            raise RuntimeError("what is stored is not what was sent")


async def _stored(url: str) -> tuple[list[tuple[str, str]], int]:
    connection = await asyncpg.connect(url)
    files = [tuple(row) for row in await connection.fetch("SELECT file_id, sha256 FROM files")]
    events = await connection.fetchval("SELECT count(*) FROM outbox")
    await connection.close()
    return files, events


# the database part alone


def _rows_alone(ours: Database, anchor: Database) -> dict[str, Any]:
    processes.be_the_server()
    cpu_us = uvloop.run(_write_rows(ours, anchor))
    processes.be_nobody()
    work = "the same rows (file and event) alone, 64 writers in process: CPU per upload, PostgreSQL included"
    row = _row("G6-rows", work, cpu_us)
    return row | {"anchor_is": "a SQLAlchemy ORM session on asyncpg each"}


async def _write_rows(ours: Database, anchor: Database) -> Sides:
    mine = open_postgresql(ours.url, "upload")
    engine = create_async_engine(_driver_url(anchor.url), pool_size=POOL, max_overflow=0)
    make_session = async_sessionmaker(engine, expire_on_commit=False)

    async def write_ours() -> None:
        await mine.write_each("benchmark.accept", _insert, _my_rows())

    async def write_anchor() -> None:
        async with make_session() as session:
            session.add_all(new_rows("noise.bin", "application/octet-stream", BODY_BYTES, "0" * 64))
            await session.commit()

    sides = {"ours": (write_ours, ours.server), "anchor": (write_anchor, anchor.server)}
    for write, _ in sides.values():
        await _crowd(write, WARM_UP)
    cpu_us: Sides = {"ours": [], "anchor": []}
    for _ in range(ROUNDS):
        for name in random.sample(list(sides), 2):
            write, server = sides[name]
            before_s = server.cpu_s() + time.process_time()
            await _crowd(write, ROWS_PER_ROUND)
            cpu_us[name].append((server.cpu_s() + time.process_time() - before_s) / ROWS_PER_ROUND * 1e6)
    await mine.close()
    await engine.dispose()
    return cpu_us


async def _crowd(write: Callable[[], Awaitable[None]], count: int) -> None:
    async def one() -> None:
        for _ in range(count // CONNECTIONS):
            await write()

    async with asyncio.TaskGroup() as writers:
        for _ in range(CONNECTIONS):
            writers.create_task(one())


def _my_rows() -> Rows:
    """As `Intake.accept` makes them."""
    new = repository.NewFile(
        file_id=new_id(), owner_id="local", filename="noise.bin", size=BODY_BYTES, content_type="application/octet-stream",
        sha256="0" * 64, storage_key=new_key(), external_id=None, title=None, tags=[], warnings=[], created_at=now(),
    )  # fmt: skip
    uploaded = FileUploaded(
        file_id=new.file_id, filename=new.filename, owner_id=new.owner_id, version=1, size=new.size,
        content_type=new.content_type, sha256=new.sha256, storage_key=new.storage_key, created_at=new.created_at,
        title=None, tags=[], metadata={}, external_id=None, actor="local", client_address="127.0.0.1",
    )  # fmt: skip
    return repository.row_of(new), wire.make_event("upload", Topic.UPLOADED, new.file_id, uploaded)


def _insert(tx: Tx, items: Sequence[Rows]) -> Sequence[None]:
    repository.insert_files(tx, [row for row, _ in items])
    outbox.append(tx, *(event for _, event in items))
    return [None] * len(items)


def _row(name: str, work: str, cpu_us: Sides) -> dict[str, Any]:
    mine, theirs = statistics.median(cpu_us["ours"]), statistics.median(cpu_us["anchor"])
    return {
        "id": name,
        "work": work,
        "ours": round(mine),
        "anchor": round(theirs),
        "ratio": round(mine / theirs, 3),
        "unit": "us",
        "goal": f"ratio <= {GOAL:g}",
        "met": mine / theirs <= GOAL,
    }


def _driver_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
