"""Upload and processing without the rest of the mill, for measuring processing: send files, run a worker, see jobs end.

The worker is apart, so that work can wait until it is wanted. Not for: what is measured (the `gNN_*` and `lN_*` scripts).
"""

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import processes

WAIT_S = 600.0
LOOK_EVERY_S = 0.005


@dataclass(frozen=True)
class Rig:
    """Both services, running on a data folder of their own."""

    folder: Path
    client: httpx.Client
    environment: dict[str, str]

    def send(self, name: str, content: bytes) -> str:
        """Upload a file; returns its id."""
        answer = self.client.post("/files", files={"file": (name, content)})
        if answer.status_code != 201:
            raise RuntimeError(f"{name} was answered {answer.status_code}: {answer.text}")
        return str(answer.json()["file_id"])

    @contextlib.contextmanager
    def worker(self, slots: int | None = None) -> Iterator[None]:
        """A worker, ready; with so many files at a time, or as many as it takes by itself."""
        environment = self.environment | ({"FILEMILL_PROCESSING_WORKERS": str(slots)} if slots else {})
        command = [sys.executable, "-m", "filemill.cli", "run", "processing", "--worker"]
        started = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
        )  # fmt: skip
        try:
            assert started.stdout is not None
            if not any("ready" in line for line in started.stdout):
                raise RuntimeError("the worker ended before it was ready")
            yield
        finally:
            processes.stop(started)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look into processing's database."""
        with contextlib.closing(self._open("ro")) as database:
            return list(database.execute(query, values))

    def to_bulk(self) -> None:
        """Make everything that waits bulk work, as files are that run again for a new step."""
        with contextlib.closing(self._open("rw")) as database, database:
            database.execute("UPDATE jobs SET lane = 'bulk' WHERE state = 'queued'")

    def set_due(self, at_s: float) -> None:
        """Let the bulk work that waits wait until then, seconds since the epoch."""
        with contextlib.closing(self._open("rw")) as database, database:
            database.execute("UPDATE jobs SET due_at = ? WHERE lane = 'bulk' AND state = 'queued'", (at_s,))

    def wait_for_jobs(self, count: int, states: Iterable[str]) -> None:
        """Return once so many jobs are in these states."""
        listed = ", ".join(f"'{state}'" for state in states)
        query = f"SELECT count(*) FROM jobs WHERE state IN ({listed})"
        self._wait(lambda: int(self.rows(query)[0][0]) >= count, every_s=0.1)

    def wait_for_file(self, file_id: str) -> None:
        """Return once a file is processed; raises if it failed."""
        query = "SELECT state FROM jobs WHERE file_id = ?"
        with contextlib.closing(self._open("ro")) as database:
            self._wait(lambda: database.execute(query, (file_id,)).fetchone() == ("done",), every_s=LOOK_EVERY_S)

    def _wait(self, condition: Any, *, every_s: float) -> None:
        until_s = time.monotonic() + WAIT_S
        while not condition():
            if time.monotonic() > until_s:
                raise RuntimeError(
                    f"waited {WAIT_S:g} s in vain: {self.rows('SELECT state, count(*) FROM jobs GROUP BY 1')}"
                )
            time.sleep(every_s)

    def _open(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.folder / 'databases' / 'processing.db'}?mode={mode}", uri=True, timeout=30)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Rig]:
    """Start both services on a folder and end them."""
    upload, processing = processes.filemill("upload", folder), processes.filemill("processing", folder)
    with (
        processes.running(*upload, pinned=False) as server,
        processes.running(*processing, pinned=False),
        httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as client,
    ):
        settings = {"FILEMILL_DATA_DIR": str(folder), "FILEMILL_LOG_DIR": str(folder / "logs")}
        yield Rig(folder, client, {**os.environ, **settings})


def median_and_p95_ms(times_s: list[float]) -> tuple[float, float]:
    """Both, in milliseconds."""
    ordered = sorted(times_s)
    return round(ordered[len(ordered) // 2] * 1000, 1), round(ordered[int(len(ordered) * 0.95)] * 1000, 1)
