"""G15: the whole mill from the command to "all ready", and what it holds in memory when idle.

Anchor: the same services and workers, a process each, started apart at the same moment. Warm: the data folder and the
page cache are there. Memory is the proportional set size of every process, the sandboxes' zygotes included.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import processes
import psutil

ROUNDS = 3
IDLE_S = 4.0
READY_S = 90.0
SERVICES = ("gateway", "access", "upload", "metadata", "ai", "processing", "notification")
WORKERS = ("ai", "processing")
GOAL_S, GOAL_MB = 4.0, 400.0


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(Path(folder))
        _together(environment)  # cold: makes the data folder, fills the page cache
        together, apart = [], []
        for _ in range(ROUNDS):
            together.append(_together(environment))
            apart.append(_apart(environment))
    seconds = {"ours": _median(together, 0), "anchor": _median(apart, 0)}
    memory = {"ours": _median(together, 1), "anchor": _median(apart, 1)}
    anchor_is = "each service and worker started apart"
    return [
        {
            "id": "G15", "work": "warm `filemill up` to all ready", "anchor_is": anchor_is, **seconds,
            "ratio": round(seconds["ours"] / seconds["anchor"], 2), "unit": "s",
            "goal": f"<= {GOAL_S:g} s", "met": seconds["ours"] <= GOAL_S,
        },
        {
            "id": "G15-memory", "work": "memory (PSS) of every process, idle", "anchor_is": anchor_is, **memory,
            "ratio": round(memory["ours"] / memory["anchor"], 2), "unit": "MB",
            "goal": f"<= {GOAL_MB:g} MB", "met": memory["ours"] <= GOAL_MB,
        },
    ]  # fmt: skip


def _median(rounds: list[tuple[float, float]], which: int) -> float:
    return round(statistics.median(one[which] for one in rounds), 1)


def _environment(folder: Path) -> dict[str, str]:
    ports = {f"FILEMILL_{name.upper()}_PORT": str(processes.free_port()) for name in SERVICES}
    return {**os.environ, **ports, "FILEMILL_DATA_DIR": str(folder / "data"), "FILEMILL_LOG_FORMAT": "json"}


def _together(environment: dict[str, str]) -> tuple[float, float]:
    began_s = time.perf_counter()
    command = [sys.executable, "-m", "filemill.cli", "up"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True) as mill:
        try:
            _until_said(mill, "all ready")
            took_s = time.perf_counter() - began_s
            time.sleep(IDLE_S)
            return took_s, _memory_mb([mill])
        finally:
            processes.stop(mill)


def _apart(environment: dict[str, str]) -> tuple[float, float]:
    began_s = time.perf_counter()
    base = [sys.executable, "-m", "filemill.cli", "run"]
    commands = [[*base, name] for name in SERVICES] + [[*base, name, "--worker"] for name in WORKERS]
    with contextlib.ExitStack() as stack:
        started = []
        for command in commands:
            one = subprocess.Popen(
                command,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
            stack.callback(processes.stop, one)
            started.append(one)
        for one in started:
            _until_said(one, "ready")
        took_s = time.perf_counter() - began_s
        time.sleep(IDLE_S)
        return took_s, _memory_mb(started)


def _until_said(process: "subprocess.Popen[str]", words: str) -> None:
    """Read the process's lines up to one that holds `words`. It ends itself or us: READY_S bounds nothing but a hang."""
    assert process.stdout is not None
    until_s = time.monotonic() + READY_S
    for line in process.stdout:
        if words in line:
            return
        if time.monotonic() > until_s:
            break
    raise RuntimeError(f"{process.args!r} was not ready")


def _memory_mb(roots: "list[subprocess.Popen[str]]") -> float:
    pids = set()
    for root in roots:
        process = psutil.Process(root.pid)
        pids |= {process.pid, *(child.pid for child in process.children(recursive=True))}
    return processes.pss_mb(sorted(pids))


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
