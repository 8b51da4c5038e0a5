"""A thousand live streams held open through each edge: heard, resumed after a restart, within memory, nobody else shut out."""

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from filemill.chassis.ids import new_id
from filemill.contracts.topics import Topic
from support import samples
from support.mill import wait_for
from support.notification_process import NotificationProcess
from support.servers import nginx
from support.servers.nginx import EdgeNginx
from support.servers.plugin import Servers
from support.servers.ports import free_ports

STREAMS, TOGETHER = 1_000, 50
PATIENCE_S = 120.0
EDGE_MOST_BYTES = 60_000_000
"""What 1,000 streams may cost the edge's processes beyond what they had; both ends of each are its own."""


@pytest.fixture(autouse=True)
def _many_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * STREAMS)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[NotificationProcess]:
    process = NotificationProcess(tmp_path / "data", FILEMILL_GRACE_S="30").start()
    yield process
    process.end()


@contextmanager
def local_gateway(service: NotificationProcess, folder: Path) -> Iterator[tuple[int, int]]:
    (port,) = free_ports(1)
    base = {name: value for name, value in os.environ.items() if not name.startswith("FILEMILL_")}
    mine = {
        "FILEMILL_DATA_DIR": str(folder / "gateway"), "FILEMILL_GATEWAY_PORT": str(port),
        "FILEMILL_GATEWAY_UPSTREAMS": f"notification=127.0.0.1:{service.port}",
    }  # fmt: skip
    with (folder / "gateway.out").open("wb") as out:
        command = [sys.executable, "-c", "from filemill.gateway.main import run; run()"]
        process = subprocess.Popen(command, env=base | mine, stdout=out, stderr=out)
    try:
        wait_for(lambda: answers(port), "the gateway", 60)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def real_nginx(service: NotificationProcess, servers: Servers) -> Iterator[tuple[int, int]]:
    if not nginx.PROGRAM.exists():
        servers.missing("NGINX is not installed (Debian: nginx-light)")
    edge = EdgeNginx({"notification": (f"127.0.0.1:{service.port}",)}, asks_for_credentials=False)
    edge.start()
    try:
        yield edge.port, edge.pid
    finally:
        edge.stop()


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/livez", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def opened(port: int, place: str = "") -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    head = f"Last-Event-ID: {place}\r\n" if place else ""
    sock.sendall(f"GET /api/notifications/events HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
    return sock


class Crowd:
    """Open streams and what each has said. They come fifty at a time: readers spread, as their `retry:` tells them to."""

    def __init__(self, stack: ExitStack, port: int, place: str = "") -> None:
        self.said: dict[socket.socket, bytes] = {}
        for _ in range(STREAMS // TOGETHER):
            fresh = [stack.enter_context(closing(opened(port, place))) for _ in range(TOGETHER)]
            self.said |= dict.fromkeys(fresh, b"")
            self.hear(b"\r\n\r\n", fresh)
            # An edge that had no turn for a second on a busy machine says 503, retryable: its reader asks again.
            for stream in [one for one in fresh if self.said[one].startswith(b"HTTP/1.1 503")]:
                del self.said[stream]
                fresh.remove(stream)
                fresh.append(again := stack.enter_context(closing(opened(port, place))))
                self.said[again] = b""
            self.hear(b": connected", fresh)

    def hear(self, word: bytes, streams: Iterable[socket.socket] | None = None) -> None:
        """Read each until it has said this word."""
        until_s = time.monotonic() + PATIENCE_S
        for stream in streams or self.said:
            while word not in self.said[stream]:
                assert time.monotonic() < until_s, "not every stream heard of it"
                data = stream.recv(65536)
                assert data, self.said[stream]
                self.said[stream] += data


def resident_bytes(pid: int) -> int:
    one = psutil.Process(pid)
    return sum(process.memory_info().rss for process in [one, *one.children(recursive=True)])


@pytest.mark.servers
@pytest.mark.parametrize("kind", ["local", "nginx"])
def test_streams_when_a_thousand_are_open_at_an_edge_then_all_hear_and_come_back_with_their_place(
    service: NotificationProcess, servers: Servers, tmp_path: Path, kind: str
) -> None:
    """Each hears each event; other calls go on; after a restart each goes on after its place."""

    def tell(name: str) -> None:
        service.tell([samples.event(Topic.UPLOADED, samples.uploaded(new_id(), owner_id="local", title=name))])

    with ExitStack() as stack:
        edge = local_gateway(service, tmp_path) if kind == "local" else real_nginx(service, servers)
        port, pid = stack.enter_context(edge)
        httpx.get(f"http://127.0.0.1:{port}/api/notifications/webhooks", timeout=30).raise_for_status()
        before_bytes = resident_bytes(pid)
        crowd = Crowd(stack, port)
        tell("first")
        crowd.hear(b'"first"')
        grown = resident_bytes(pid) - before_bytes
        print(f"{kind}: {grown / 1e6:.1f} MB for {STREAMS} streams")
        assert grown < EDGE_MOST_BYTES, f"{grown} bytes for {STREAMS} streams"
        assert service.metric("filemill_live_streams_open") == STREAMS
        assert httpx.get(f"http://127.0.0.1:{port}/api/notifications/webhooks", timeout=60).status_code == 200

        service.end()
        crowd.hear(b": this instance is leaving")
        for stream in crowd.said:
            stream.close()
        service.start()
        tell("second")
        place = next(iter(crowd.said.values())).rpartition(b"id: ")[2].split(b"\n")[0].decode()
        again = Crowd(stack, port, place)
        again.hear(b'"second"')
        assert not any(b'"first"' in said for said in again.said.values())
