"""Servers under measurement: start one on a core of its own, wait until it answers, read its CPU time and memory, end it.

Not for: what is measured (the `gNN_*` scripts). Everything listens on loopback; only processes started here are ended.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORES, CLIENT_CORES = ({CORES[0]}, {CORES[1]}) if len(CORES) > 1 else (set(CORES), set(CORES))
START_S = 60.0
STOP_S = 30.0
ANCHORS = Path(__file__).parent / "anchors"


@dataclass(frozen=True)
class Server:
    """A running server and everything it started."""

    process: "subprocess.Popen[Any]"
    port: int

    def tree(self) -> list[psutil.Process]:
        """The process and its descendants that are alive now."""
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def pin(self) -> None:
        """Put it on the server's core, with all it started; what it starts from now on goes there by itself."""
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.cpu_affinity(sorted(SERVER_CORES))

    def cpu_s(self) -> float:
        """User and system time of the whole tree, ended children included."""
        total = 0.0
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
        root = psutil.Process(self.process.pid).cpu_times()
        return float(total + root.children_user + root.children_system)


def free_port() -> int:
    """A port nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def filemill(service: str, data_dir: Path, **environment: str) -> tuple[list[str], dict[str, str], int]:
    """Command, environment and port of one filemill service on a data folder."""
    port = free_port()
    mine = {
        "FILEMILL_DATA_DIR": str(data_dir),
        f"FILEMILL_{service.upper()}_PORT": str(port),
        "FILEMILL_LOG_DIR": str(data_dir / "logs"),
        **environment,
    }
    return [sys.executable, "-m", "filemill.cli", "run", service], {**os.environ, **mine}, port


def anchor_app(name: str, **environment: str) -> tuple[list[str], dict[str, str], int]:
    """Command, environment and port of an anchor: a uvicorn app below `anchors/`, one process, no access log."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", f"{name}:app", "--host", "127.0.0.1", "--port", str(port)]
    more = {"PYTHONPATH": str(ANCHORS), **environment}
    # As long as ours: while the other side has its rounds, this one's connection waits.
    return (
        [*command, "--no-access-log", "--log-level", "warning", "--timeout-keep-alive", "75"],
        {**os.environ, **more},
        port,
    )


@contextlib.contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], port: int, *, pinned: bool = True
) -> Iterator[Server]:
    """Start a server, wait until it takes connections, and end it with all it started."""
    process = subprocess.Popen(
        command,
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=None,
        text=True,
        start_new_session=True,
        preexec_fn=(lambda: os.sched_setaffinity(0, SERVER_CORES)) if pinned else None,
    )
    try:
        wait_until_answers(process, port)
        yield Server(process, port)
    finally:
        stop(process)


def wait_until_answers(process: "subprocess.Popen[str]", port: int) -> None:
    """Return once the port takes connections; raise if the process ended first."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with status {process.returncode} before it answered")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.01)
    raise RuntimeError(f"{process.args!r} did not answer on port {port} within {START_S:g} s")


def stop(process: "subprocess.Popen[str]") -> None:
    """SIGTERM, then SIGKILL to the group it leads."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()


def pss_mb(pids: Sequence[int]) -> float:
    """Proportional set size of these processes in MB: shared pages count once, divided between their users."""
    total_kb = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total_kb += int(line.split()[1])
    return round(total_kb * 1024 / 1e6, 1)


def be_the_client() -> None:
    """Pin this process to the client's core."""
    os.sched_setaffinity(0, CLIENT_CORES)


def be_the_server() -> None:
    """Pin this process to the server's core, for what is measured in process."""
    os.sched_setaffinity(0, SERVER_CORES)


def be_nobody() -> None:
    """Give this process every core again."""
    os.sched_setaffinity(0, CORES)
