"""A whole mill for benchmarks that follow files all the way: start it, send files, wait, read its databases."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import processes

SERVICES = ("gateway", "access", "upload", "metadata", "ai", "processing", "notification")
READY_S = 90.0
LOOK_EVERY_S = 0.01


@dataclass(frozen=True, slots=True)
class Mill:
    """A running one. `client` talks to its gateway."""

    data_dir: Path
    client: httpx.Client

    def send(self, name: str, content: bytes) -> str:
        """Upload a file; returns its id."""
        answer = self.client.post("/api/upload/files", files={"file": (name, content)}).raise_for_status()
        return str(answer.json()["file_id"])

    def rows(self, service: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look into a service's database."""
        path = self.data_dir / "databases" / f"{service}.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
            return list(database.execute(query, values))

    def wait(self, service: str, query: str, wanted: Any, most_s: float = 600.0) -> None:
        """Until the first cell of a query has this value."""
        until_s = time.monotonic() + most_s
        while self.rows(service, query)[0][0] != wanted:
            if time.monotonic() > until_s:
                raise RuntimeError(f"waited {most_s:g} s in vain for {wanted!r}: {query}")
            time.sleep(LOOK_EVERY_S)


@contextlib.contextmanager
def running(data_dir: Path, **more: str) -> Iterator[Mill]:
    """`filemill up` on a data folder, stopped at the end."""
    ports = {f"FILEMILL_{name.upper()}_PORT": str(processes.free_port()) for name in SERVICES}
    environment = {**os.environ, **ports, "FILEMILL_DATA_DIR": str(data_dir), "FILEMILL_LOG_FORMAT": "json", **more}
    command = [sys.executable, "-m", "filemill.cli", "up"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True) as mill:
        try:
            _until_ready(mill)
            with httpx.Client(base_url=f"http://127.0.0.1:{ports['FILEMILL_GATEWAY_PORT']}", timeout=60.0) as client:
                yield Mill(data_dir, client)
        finally:
            processes.stop(mill)


def _until_ready(mill: "subprocess.Popen[str]") -> None:
    assert mill.stdout is not None
    until_s = time.monotonic() + READY_S
    for line in mill.stdout:
        if "all ready" in line:
            return
        if time.monotonic() > until_s:
            break
    raise RuntimeError("the mill did not get ready")
