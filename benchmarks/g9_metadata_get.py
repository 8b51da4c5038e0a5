"""G9: one document by id over 32 connections, from the same table in the same PostgreSQL.

Ours: the metadata service as it ships, with its log line, metrics and headers. Anchors: FastAPI with a SQLAlchemy ORM
session, FastAPI with asyncpg. Beside them, to know whether a cache would pay, our service with every row in Redis
(`anchors/redis_rows.py`); and our service with every read in the audit trail (`FILEMILL_AUDIT=all`). PostgreSQL, Redis and
the servers share one core; the CPU of all of them counts.
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
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import http_client
import processes
import psutil
from sqlalchemy import insert

from filemill.chassis.database.build import open_postgresql
from filemill.chassis.ids import new_id
from filemill.metadata.keys import doc_id_of
from filemill.metadata.repository import EMPTY_DOCUMENT
from filemill.metadata.tables import documents

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.servers import postgresql
from support.servers.redis import Redis

ROUNDS = 7
REQUESTS_PER_ROUND = 1_500
WARM_UP = 300
CONNECTIONS = 32
DOCUMENTS = 5_000
GOALS = {"a": ("orm", "FastAPI + SQLAlchemy ORM", 15.0), "b": ("asyncpg", "FastAPI + asyncpg", 4.0)}
AUDIT_GOAL = 0.8


@dataclass(frozen=True, slots=True)
class Side:
    """A server and what it was measured to do."""

    server: processes.Server
    rates: list[float]
    cpu_us: list[float]


def run() -> list[dict[str, Any]]:
    """Measure and return the figures; none where a server is missing."""
    missing = Redis.missing() or (None if postgresql.programs() else "PostgreSQL is not installed (Debian: postgresql)")
    if missing:
        print(f"  G9 left out: {missing}", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        return _measure(Path(folder), running)


def _measure(folder: Path, running: contextlib.ExitStack) -> list[dict[str, Any]]:
    engine, cache = postgresql.PostgreSql(), Redis()
    engines = []
    for server in (engine, cache):
        running.callback(server.stop)
        server.start()
        engines.append(psutil.Process(server.pid))
        os.sched_setaffinity(server.pid, processes.SERVER_CORES)  # its children come with it
    database, cache_url = engine.fresh_database("metadata"), cache.fresh_url()
    sides = {
        name: Side(running.enter_context(server), [], [])
        for name, server in _servers(folder, database, cache_url).items()
    }
    requests = [http_client.get(f"/files/{file_id}") for file_id in asyncio.run(fill(database))]
    processes.be_the_client()
    _same_answers(sides, requests[0])
    for side in sides.values():
        http_client.crowd(side.server.port, requests, WARM_UP, CONNECTIONS)
    # Each row is in the cache before it is measured: the best it can do.
    http_client.crowd(sides["redis"].server.port, requests, DOCUMENTS, CONNECTIONS)
    for _ in range(ROUNDS):
        random.shuffle(requests)
        for side in random.sample(list(sides.values()), len(sides)):
            before_s = _cpu_s(side.server, engines)
            side.rates.append(http_client.crowd(side.server.port, requests, REQUESTS_PER_ROUND, CONNECTIONS))
            side.cpu_us.append((_cpu_s(side.server, engines) - before_s) / REQUESTS_PER_ROUND * 1e6)
    processes.be_nobody()
    return list(_rows(sides))


def _servers(folder: Path, database: str, cache: str) -> dict[str, Any]:
    command, environment, port = processes.filemill("metadata", folder / "ours", DATABASE_URL=database)
    migrate = [sys.executable, "-m", "filemill.cli", "migrate", "metadata"]
    subprocess.run(migrate, env=environment, check=True, stdout=subprocess.DEVNULL)
    _, with_cache, other_port = processes.filemill(
        "metadata", folder / "cached", DATABASE_URL=database, BENCH_REDIS_URL=cache
    )
    _, audited, audited_port = processes.filemill(
        "metadata", folder / "audited", DATABASE_URL=database, FILEMILL_AUDIT="all"
    )
    cached = [sys.executable, str(processes.ANCHORS / "redis_rows.py")]
    return {
        "ours": processes.running(command, environment, port),
        "audited": processes.running(command, audited, audited_port),
        "redis": processes.running(cached, with_cache, other_port),
        "orm": processes.running(*processes.anchor_app("orm_app", ANCHOR_DATABASE=database)),
        "asyncpg": processes.running(*processes.anchor_app("asyncpg_app", ANCHOR_DATABASE=database)),
    }


def _cpu_s(server: processes.Server, engines: list[psutil.Process]) -> float:
    """CPU time so far of a server and of the engines, whose only work it is."""
    total = server.cpu_s()
    for engine in engines:
        times = engine.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
        for child in engine.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                spent = child.cpu_times()
                total += spent.user + spent.system
    return total


def _rows(sides: dict[str, Side]) -> Iterator[dict[str, Any]]:
    ours = statistics.median(sides["ours"].rates)
    ours_us = statistics.median(sides["ours"].cpu_us)
    for letter, (name, what, goal) in GOALS.items():
        theirs = statistics.median(sides[name].rates)
        yield {
            "id": f"G9{letter}",
            "work": "metadata GET by id, 32 connections, PostgreSQL",
            "anchor_is": f"{what}, same table",
            "ours": round(ours),
            "anchor": round(theirs),
            "ratio": round(ours / theirs, 2),
            "unit": "requests/s",
            "goal": f"ratio >= {goal:g}",
            "met": ours / theirs >= goal,
            "cpu_per_request_us": round(ours_us),
            "anchor_cpu_per_request_us": round(statistics.median(sides[name].cpu_us)),
            "with_redis": round(statistics.median(sides["redis"].rates)),
            "with_redis_cpu_per_request_us": round(statistics.median(sides["redis"].cpu_us)),
        }
    audited = statistics.median(sides["audited"].rates)
    yield {
        "id": "G9-audit",
        "work": "the same with every read in the audit trail",
        "anchor_is": "ours without it",
        "ours": round(audited),
        "anchor": round(ours),
        "ratio": round(audited / ours, 2),
        "unit": "requests/s",
        "goal": f"ratio >= {AUDIT_GOAL:g}",
        "met": audited / ours >= AUDIT_GOAL,
        "cpu_per_request_us": round(statistics.median(sides["audited"].cpu_us)),
        "anchor_cpu_per_request_us": round(ours_us),
    }


async def fill(url: str) -> list[str]:
    """Documents as a processed invoice leaves them; returns their file ids."""
    at = datetime.now(UTC)
    rows: dict[int, dict[str, Any]] = {}
    for number in range(DOCUMENTS):
        file_id = new_id()
        rows[doc_id_of(file_id)] = EMPTY_DOCUMENT | {
            "doc_id": doc_id_of(file_id), "file_id": file_id, "owner_id": "local", "known": True, "version": 1,
            "filename": f"invoice-{number}.pdf", "size": 4082, "content_type": "application/pdf", "sha256": f"{number:064x}",
            "storage_key": f"blobs/00/{file_id}", "created_at": at, "updated_at": at, "status": "processed",
            "analysis": "done", "tags": ["invoice", "2025"], "custom": {"project": "harbour"},
            "properties": {"page_count": 2, "title": f"Invoice {number}", "author": "Hollow Oak Instruments GmbH"},
            "text": {"state": "found", "storage_key": f"blobs/01/{file_id}", "characters": 1350, "pages": 2},
            "renditions": [], "findings": [], "revision": 5, "index_wanted": 1, "index_done": 1,
        }  # fmt: skip
    database = open_postgresql(url, "fill")
    await database.write("bench.fill", lambda tx: tx.execute(insert(documents), list(rows.values())) and None)
    await database.close()
    return [row["file_id"] for row in rows.values()]


def _same_answers(sides: dict[str, Side], request: bytes) -> None:
    found = {}
    for name, side in sides.items():
        connection = http_client.Connection(side.server.port)
        found[name] = json.loads(connection.call(request).body)
        connection.close()
    for name, answer in found.items():
        for field in ("file_id", "filename", "sha256", "properties", "tags", "custom", "status", "revision"):
            if field not in answer or answer[field] != found["ours"][field]:
                raise RuntimeError(f"{name} and ours disagree about {field}: {str(answer)[:300]}")


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
