"""A real mill in real processes on ports of its own: start it, use it, kill parts of it, stop it, read its data."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from support.engines import EmbeddedEngines, Engines
from support.servers.ports import free_ports

SERVICES = ("gateway", "access", "upload", "metadata", "ai", "processing", "notification")
START_S = 60.0

T = TypeVar("T")


def wait_for(condition: Callable[[], T], what: str, timeout_s: float = 30.0, every_s: float = 0.02) -> T:
    """The first truthy value of `condition`; fails with `what` when the time is over."""
    until_s = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < until_s, f"waited {timeout_s:g} s in vain for: {what}"
        time.sleep(every_s)


class Mill:
    """One `filemill up` with its data folder."""

    def __init__(self, data_dir: Path, engines: Engines | None = None, **environment: str) -> None:
        self.data_dir = data_dir
        self.engines = engines or EmbeddedEngines(data_dir)
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
        ports = {f"FILEMILL_{name.upper()}_PORT": str(port) for name, port in self.ports.items()}
        base = {name: value for name, value in os.environ.items() if not name.startswith("FILEMILL_")}
        self.environment = (
            base
            | ports
            | {"FILEMILL_DATA_DIR": str(data_dir), "XDG_STATE_HOME": str(data_dir.with_suffix(".state"))}
            | self.engines.environment()
            | environment
        )
        self.url = f"http://127.0.0.1:{self.ports['gateway']}"
        self.output = data_dir.with_suffix(".out")
        self.arguments: tuple[str, ...] = ()
        """Further words behind `filemill up`."""
        self._process: subprocess.Popen[bytes] | None = None
        self.peers: list[Mill] = []
        """Further instances on the same engines; they start and stop with this one."""

    def start(self) -> "Mill":
        """Start it and wait until every process is ready, then its peers."""
        self.begin()
        wait_for(self.is_ready, f"the mill to be ready; it said: {self.said()}", START_S)
        for peer in self.peers:
            peer.start()
        return self

    @property
    def urls(self) -> list[str]:
        """The gateways of every instance."""
        return [self.url, *(peer.url for peer in self.peers)]

    def begin(self) -> None:
        """Start it without waiting."""
        with self.output.open("ab") as out:
            command = [sys.executable, "-m", "filemill.cli", "up", *self.arguments]
            self._process = subprocess.Popen(
                command, env=self.environment, stdout=out, stderr=out, start_new_session=True
            )

    def run_to_end(self) -> int:
        """Start it and wait for its end, for a start that cannot succeed; returns the exit status."""
        self.begin()
        try:
            assert self._process is not None
            return self._process.wait(60)
        finally:
            self.stop()

    def processes(self) -> list[int]:
        """Every living process that was started for this mill, by its data folder in their environment."""
        mark = f"FILEMILL_DATA_DIR={self.data_dir}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue  # it ended meanwhile, or is not ours to look at
        return found

    def is_ready(self) -> bool:
        """Whether every process has said so; fails if the runner ended."""
        assert self._process is not None
        assert self._process.poll() is None, f"the mill ended: {self.said()}"
        return "all ready" in self.said()

    def said(self) -> str:
        """What the runner printed."""
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""

    def units(self) -> dict[str, dict[str, Any]]:
        """Each process of the mill with pid and state."""
        units: dict[str, dict[str, Any]] = json.loads((self.data_dir / "run" / "pids.json").read_text())["units"]
        return units

    def kill(self, unit: str) -> int:
        """SIGKILL one process; returns its pid."""
        pid: int = self.units()[unit]["pid"]
        os.kill(pid, signal.SIGKILL)
        return pid

    def all_running(self) -> bool:
        """Whether every process of every instance is up."""
        here = all(unit["state"] == "ready" for unit in self.units().values())
        return here and all(peer.all_running() for peer in self.peers)

    def stop(self) -> int:
        """Ctrl-C; returns the exit status."""
        for peer in self.peers:
            peer.stop()
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(60)
        finally:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def end_all(self) -> None:
        """Leave nothing behind, whatever state it is in."""
        if self._process is not None and self._process.poll() is None:
            self.stop()

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """An HTTP client of the gateway."""
        with httpx.Client(base_url=self.url, timeout=30.0) as client:
            yield client

    def rows(self, service: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look into a service's database from outside. Raises `NotThereYet`."""
        return self.engines.rows(service, query, *values)

    def logs(self) -> Iterator[dict[str, Any]]:
        """Every log line of every process that is JSON."""
        for path in sorted((self.data_dir / "logs").glob("*.log*")):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                if line.startswith("{"):
                    yield json.loads(line)
