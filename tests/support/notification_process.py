"""The notification service as a process of its own, and how a test puts events before it."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from filemill.chassis.messaging.build import open_transport
from filemill.contracts.envelope import Event
from filemill.notification.settings import NotificationSettings
from support.mill import wait_for
from support.servers.ports import free_ports

_RUN = "from filemill.notification.main import run; run()"


class NotificationProcess:
    """One instance with a data folder of its own. `environment` chooses its engines."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        base = {name: value for name, value in os.environ.items() if not name.startswith("FILEMILL_")}
        own = {
            "FILEMILL_DATA_DIR": str(data_dir),
            "FILEMILL_NOTIFICATION_PORT": str(self.port),
            "FILEMILL_DRAIN_S": "0",
        }
        self._environment = base | own | environment
        self._process: subprocess.Popen[bytes] | None = None
        self.output = data_dir.with_suffix(".out")

    def start(self) -> "NotificationProcess":
        """Start it and wait until it is ready."""
        with self.output.open("ab") as out:
            command = [sys.executable, "-c", _RUN]
            self._process = subprocess.Popen(command, env=self._environment, stdout=out, stderr=out)
        wait_for(self._is_ready, "notification to be ready", 60)
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it and wait."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(how)
        self._process.wait(60)

    def tell(self, events: Sequence[Event]) -> None:
        """Put events into its queue, as the relay of another service does."""

        async def publish() -> None:
            transport = await open_transport(NotificationSettings(data_dir=self.data_dir))
            await transport.publish(events)
            await transport.close()

        asyncio.run(publish())

    def rss_bytes(self) -> int:
        """Resident memory of the process."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        for line in httpx.get(f"{self.url}/metrics", timeout=10).text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.split()[1])
        return 0.0

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.output.read_text(errors="replace")
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


def open_stream(process: NotificationProcess, query: str = "", last: str | None = None) -> socket.socket:
    """A live stream on a bare socket, whose head was read: what it sends is read by whoever wants to."""
    connection = socket.create_connection(("127.0.0.1", process.port), timeout=30)
    place = f"Last-Event-ID: {last}\r\n" if last else ""
    connection.sendall(f"GET /events{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n{place}\r\n".encode())
    return connection


@contextmanager
def stream_lines(process: NotificationProcess, **more: str) -> Iterator[Iterator[tuple[str, str]]]:
    """The (place, type) of each message of a stream."""
    headers = {"Last-Event-ID": more["last"]} if "last" in more else {}
    with httpx.stream("GET", f"{process.url}/events", params=more.get("query"), headers=headers, timeout=30) as answer:
        assert answer.status_code == 200

        def messages() -> Iterator[tuple[str, str]]:
            place = ""
            for line in answer.iter_lines():
                if line.startswith("id: "):
                    place = line[4:]
                elif line.startswith("event: "):
                    yield place, line[7:]

        yield messages()
