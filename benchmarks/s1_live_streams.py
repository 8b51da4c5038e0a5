"""S1: 1,000 live streams open at once: memory of the service, and its processor time for one event to all of them.

Anchor: an unbounded queue a reader in FastAPI, nothing stored. Ours stores each event, resumes, filters, and drops who does not
read. Every stream is a real connection that gets the events before the clock stops.
"""

import asyncio
import contextlib
import json
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import processes

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from filemill.chassis.ids import new_id
from filemill.chassis.messaging.build import open_transport
from filemill.contracts.topics import Topic
from filemill.notification.settings import NotificationSettings
from support import samples

STREAMS = 1_000
EVENTS = 20
GOAL_MB = 150
WAIT_S = 60.0


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with processes.running(*processes.filemill("notification", folder)) as server:
            ours = _measure(server, lambda: _tell(folder))
        with processes.running(*processes.anchor_app("fanout_app")) as server:
            port = server.port
            anchor = _measure(server, lambda: httpx.post(f"http://127.0.0.1:{port}/tell", content=_event()))
    anchor_is = "FastAPI StreamingResponse, an unbounded asyncio.Queue a reader, nothing stored"
    return [
        {
            "id": "S1", "work": f"{STREAMS:,} live streams open: resident memory of the service", "anchor_is": anchor_is,
            "ours": ours[0], "anchor": anchor[0], "ratio": round(ours[0] / anchor[0], 2), "unit": "MB",
            "goal": f"<= {GOAL_MB} MB", "met": ours[0] <= GOAL_MB,
        },
        {
            "id": "S1-cpu", "work": f"one event to {STREAMS:,} streams: processor time a stream", "anchor_is": anchor_is,
            "ours": ours[1], "anchor": anchor[1], "ratio": round(ours[1] / anchor[1], 2), "unit": "us",
            "goal": "ratio <= 2", "met": ours[1] <= 2 * anchor[1],
        },
    ]  # fmt: skip


def _measure(server: processes.Server, tell: Callable[[], object]) -> tuple[float, float]:
    """(MB resident with every stream open and used, us of processor time for an event and stream)."""
    pid = server.process.pid
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(_stream(server.port)) for _ in range(STREAMS)]
        _hear(streams, b"connected")
        tell()
        _hear(streams, b"data:")
        before_s = _cpu_s(pid)
        for _ in range(EVENTS):
            tell()
            _hear(streams, b"data:")
        cpu_us = (_cpu_s(pid) - before_s) / EVENTS / STREAMS * 1e6
        return _rss_mb(pid), round(cpu_us, 1)


@contextlib.contextmanager
def _stream(port: int) -> Any:
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
        connection.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        yield connection


def _hear(streams: list[socket.socket], word: bytes) -> None:
    """Read from every stream until it has said this word."""
    until_s = time.monotonic() + WAIT_S
    for stream in streams:
        said = b""
        while word not in said:
            assert time.monotonic() < until_s, "not every stream heard of it"
            said += stream.recv(65536)
            assert said, "a stream ended"


def _tell(folder: Path) -> None:
    async def publish() -> None:
        transport = await open_transport(NotificationSettings(data_dir=folder))
        await transport.publish([samples.event(Topic.UPLOADED, samples.uploaded(new_id(), owner_id="local"))])
        await transport.close()

    asyncio.run(publish())


def _event() -> bytes:
    return samples.event(Topic.UPLOADED, samples.uploaded(new_id())).model_dump_json(exclude_none=True).encode()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return round(int(found[1]) * 1024 / 1e6, 1)


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
