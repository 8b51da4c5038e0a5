"""G8: what large and slow uploads cost in memory: the growth of the service's peak resident set over an upload of 1 GB, of
5 GB, and over 500 slow uploads beside one fast one. Anchor: the same service's growth for 1 GB; it should be flat.
"""

import contextlib
import json
import os
import re
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import processes
from big_bodies import Bodies, check_and_forget

GOAL_MB = 8
SLOW = 500


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = processes.filemill("upload", folder, FILEMILL_DEDUPE="off")
        with processes.running(*command) as server:

            def upload(blocks: int, parallel: int = 1) -> None:
                Bodies(blocks, parallel).put(server.port, "/files?filename={}.bin")
                check_and_forget(folder / "store" / "blobs", None)

            upload(4)
            upload(4)  # warm: imports, threads, the allocator
            one = _growth_mb(server, lambda: upload(64))
            five = _growth_mb(server, lambda: upload(320))
            slow = _growth_mb(server, lambda: _beside_slow(server.port, lambda: upload(64)))
    return [
        _row("G8", "peak memory growth of the service, 5 GB upload", five, one, "the same for 1 GB", GOAL_MB),
        # What 500 connections cost is in it; the goal is that of one big upload all the same.
        _row("G8-slow", f"the same, 1 GB upload beside {SLOW} slow ones", slow, one, "1 GB alone", GOAL_MB),
    ]


def _growth_mb(server: processes.Server, work: Callable[[], None]) -> float:
    """VmHWM after `work` minus VmRSS before; the peak is set back first (proc(5), clear_refs)."""
    pid = server.process.pid
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    before = _status_mb(pid, "VmRSS")
    work()
    return max(0.0, _status_mb(pid, "VmHWM") - before)


def _status_mb(pid: int, name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024 / 1e6


def _beside_slow(port: int, work: Callable[[], None]) -> None:
    """`work` while 500 connections are in the middle of a body of 64 MB."""
    head = b"PUT /files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 67108864\r\n\r\n" + os.urandom(2048)
    with contextlib.ExitStack() as stack:
        for _ in range(SLOW):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(head)
        work()


def _row(id_: str, work: str, ours: float, anchor: float, anchor_is: str, goal_mb: float) -> dict[str, Any]:
    return {
        "id": id_, "work": work, "anchor_is": anchor_is, "ours": round(ours, 1), "anchor": round(anchor, 1),
        "ratio": round(ours / max(anchor, 0.1), 2), "unit": "MB", "goal": f"<= {goal_mb:g} MB", "met": ours <= goal_mb,
    }  # fmt: skip


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
