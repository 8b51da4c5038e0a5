"""Both edges on real ports, the local gateway in a thread of its own and NGINX, and two kinds of service behind them.

`puppet` is a bare socket whose every byte the test decides; `service` is uvicorn with a small real application.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import uvloop

from filemill.gateway.addresses import Address, TcpAddress, UnixAddress
from filemill.gateway.proxy import Gateway
from filemill.gateway.routes import build_routes
from support.servers import nginx
from support.servers.nginx import EdgeNginx
from support.servers.plugin import Servers

WAIT_S = 10.0


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Poll until `condition` holds; the only clock in these tests."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"gave up waiting for: {what}"
        time.sleep(0.005)


@dataclass
class RunningGateway:
    """A gateway and the loop it runs on."""

    gateway: Gateway
    loop: asyncio.AbstractEventLoop
    events: list[dict[str, Any]] = field(default_factory=list)
    stopped: bool = False

    @property
    def port(self) -> int:
        return self.gateway.port

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_S)

    def stop(self, grace_s: float = 5.0) -> None:
        if not self.stopped:
            self.stopped = True
            asyncio.run_coroutine_threadsafe(self.gateway.stop(grace_s), self.loop).result(WAIT_S + grace_s)

    def say(self, data: bytes) -> bytes:
        """Send raw bytes on a fresh connection and return everything until the gateway closes."""
        with closing(self.connect()) as sock:
            sock.sendall(data)
            return read_all(sock)


class Puppet:
    """A service made of one listening socket; the test accepts, reads and writes by hand."""

    def __init__(self, address: Address) -> None:
        self.address = address
        if isinstance(address, UnixAddress):
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(address.path)
            self.listener.listen(64)
        else:
            self.listener = socket.create_server((address.host, address.port))
            self.address = TcpAddress("127.0.0.1", self.listener.getsockname()[1])
        self.listener.settimeout(WAIT_S)
        self._open: list[socket.socket] = []

    def accept(self) -> socket.socket:
        sock, _ = self.listener.accept()
        sock.settimeout(WAIT_S)
        self._open.append(sock)
        return sock

    def was_contacted(self) -> bool:
        """True when a connection waits to be accepted."""
        self.listener.setblocking(False)
        try:
            self._open.append(self.listener.accept()[0])
        except BlockingIOError:
            return False
        finally:
            self.listener.settimeout(WAIT_S)
        return True

    def accept_waiting(self) -> socket.socket:
        """The connection that `was_contacted` found."""
        return self._open[-1]

    def close(self) -> None:
        for sock in [self.listener, *self._open]:
            sock.close()


def read_head(sock: socket.socket) -> bytes:
    """Read up to and with the empty line, one byte at a time, so that nothing behind it is taken."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        assert byte, f"connection ended inside the head: {head!r}"
        head += byte
    return head


def read_answer(sock: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """One answer with a Content-Length: status, headers in lower case, body."""
    lines = read_head(sock).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
    return int(lines[0].split()[1]), headers, read_exactly(sock, int(headers.get("content-length", 0)))


def read_exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        assert piece, f"connection ended after {len(data)} of {count} bytes"
        data += piece
    return data


def read_all(sock: socket.socket) -> bytes:
    data = b""
    while piece := sock.recv(65536):
        data += piece
    return data


@pytest.fixture(params=["uvloop", "asyncio"])
def loop_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def start(loop_kind: str) -> Iterator[Callable[..., RunningGateway]]:
    """Start local gateways; they are stopped after the test."""
    with _local(loop_kind) as start_one:
        yield start_one


@contextmanager
def _local(loop_kind: str) -> Iterator[Callable[..., RunningGateway]]:
    with ExitStack() as stack:

        def start_one(
            upstreams: dict[str, Address | tuple[Address, ...]], *, routes: Any = None, **options: Any
        ) -> RunningGateway:
            loop = uvloop.new_event_loop() if loop_kind == "uvloop" else asyncio.new_event_loop()
            thread = threading.Thread(target=loop.run_forever, daemon=True)
            thread.start()

            def end_loop() -> None:
                loop.call_soon_threadsafe(loop.stop)
                thread.join(WAIT_S)
                loop.close()

            stack.callback(end_loop)
            events: list[dict[str, Any]] = []

            async def build() -> Gateway:
                places = {name: one if isinstance(one, tuple) else (one,) for name, one in upstreams.items()}
                gateway = Gateway(routes or build_routes(), places, on_access=events.append, **options)
                await gateway.start("127.0.0.1", 0)
                return gateway

            gateway = asyncio.run_coroutine_threadsafe(build(), loop).result(WAIT_S)
            running = RunningGateway(gateway, loop, events)
            stack.callback(running.stop, 0.0)
            return running

        yield start_one


@dataclass
class RunningNginx:
    """An NGINX with the configuration we render, with what tests of both edges use of a `RunningGateway`."""

    server: EdgeNginx

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def events(self) -> list[dict[str, Any]]:
        """Its access log."""
        path = self.server.folder / "access.log"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    connect = RunningGateway.connect
    say = RunningGateway.say


@pytest.fixture(params=["uvloop", "asyncio", pytest.param("nginx", marks=pytest.mark.servers)])
def edge_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def start_nginx(servers: Servers) -> Iterator[Callable[..., RunningNginx]]:
    """Start NGINX as the edge, without limits."""
    with _nginx(servers) as start_one:
        yield start_one


@contextmanager
def _nginx(servers: Servers) -> Iterator[Callable[..., RunningNginx]]:
    """As for the local gateway: with `allowed_hosts` nobody is asked for credentials."""
    if not nginx.PROGRAM.exists():
        servers.missing("NGINX is not installed (Debian: nginx-light)")
    with ExitStack() as stack:

        def start_one(
            upstreams: dict[str, Address | tuple[Address, ...]],
            *,
            routes: Any = None,
            allowed_hosts: Any = None,
            **options: Any,
        ) -> RunningNginx:
            places = {
                name: tuple(str(one) for one in (found if isinstance(found, tuple) else (found,)))
                for name, found in upstreams.items()
            }
            chosen = {"rate_per_s": 0, "asks_for_credentials": allowed_hosts is None} | options
            if any(one.startswith("/") for found in places.values() for one in found):
                # A socket in a test's folder is its owner's alone.
                chosen |= {"user": None} | ({"run_as": "root"} if os.geteuid() == 0 else {})
            server = EdgeNginx(places, routes, **chosen)
            stack.callback(server.stop)
            server.start()
            return RunningNginx(server)

        yield start_one


@pytest.fixture
def start_any(edge_kind: str, servers: Servers) -> Iterator[Callable[..., RunningGateway | RunningNginx]]:
    """Start one edge or the other; `edge_kind` says which."""
    with _nginx(servers) if edge_kind == "nginx" else _local(edge_kind) as start_one:
        yield start_one


@pytest.fixture
def puppet() -> Iterator[Puppet]:
    with closing(Puppet(TcpAddress("127.0.0.1", 0))) as puppet:
        yield puppet


@pytest.fixture
def unix_puppet(tmp_path: Path) -> Iterator[Puppet]:
    with closing(Puppet(UnixAddress(str(tmp_path / "s.sock")))) as puppet:
        yield puppet


async def app(scope: Any, receive: Any, send: Any) -> None:
    """What the real service does: echo a digest, send many bytes, stream, answer bare."""
    assert scope["type"] == "http"
    path, status = scope["path"], 200
    headers = [(b"content-type", b"application/json")]
    body = b"{}"
    if path == "/digest":
        digest, count, more = hashlib.sha256(), 0, True
        while more:
            message = await receive()
            digest.update(message.get("body", b""))
            count, more = count + len(message.get("body", b"")), message.get("more_body", False)
        body = f"{digest.hexdigest()} {count}".encode()
    elif path.startswith("/bytes/"):
        size = int(path.rsplit("/", 1)[1])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        block = bytes(range(256)) * 1024
        for start_at in range(0, size, len(block)):
            await send({"type": "http.response.body", "body": block[: size - start_at], "more_body": True})
        return await send({"type": "http.response.body"})
    elif path == "/chunks":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(100):
            await send({"type": "http.response.body", "body": b"%03d;" % number * 50, "more_body": True})
        return await send({"type": "http.response.body"})
    elif path == "/health":
        body = b'{"status":"ok","service":"x","version":"1.2","dependencies":{"database":"ok"}}'
    elif path in ("/204", "/304"):
        status, body, headers = int(path[1:]), b"", []
    elif path == "/headers":
        body = b"\n".join(name + b": " + value for name, value in scope["headers"])
        body = body + b"\npath: " + scope["raw_path"] + b"?" + scope["query_string"]
    if status == 200:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    return await send({"type": "http.response.body", "body": body})


@pytest.fixture(params=["tcp", "unix"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Address]:
    """uvicorn with `app`, on a TCP port and on a Unix socket."""
    with _service(str(request.param), tmp_path) as address:
        yield address


@pytest.fixture
def tcp_service(tmp_path: Path) -> Iterator[Address]:
    """The same on a TCP port only: NGINX in the tests may not look into the folder of a socket."""
    with _service("tcp", tmp_path) as address:
        yield address


class Instance:
    """uvicorn with `app` in a thread, on one address; it can be stopped, as SIGTERM does, and started again there."""

    def __init__(self, socket_path: Path | None = None) -> None:
        self.address: Address = TcpAddress("127.0.0.1", 0) if socket_path is None else UnixAddress(str(socket_path))

    def start(self) -> None:
        if isinstance(self.address, UnixAddress):
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(self.address))
        else:
            self._listener = socket.create_server((self.address.host, self.address.port))
            self.address = TcpAddress("127.0.0.1", self._listener.getsockname()[1])
        config = uvicorn.Config(app, http="httptools", loop="uvloop", ws="none", lifespan="off", log_level="error")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],), daemon=True)
        self._thread.start()
        wait_until(lambda: self._server.started, "uvicorn to start")

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(WAIT_S)
        self._listener.close()


@contextmanager
def _service(kind: str, tmp_path: Path) -> Iterator[Address]:
    instance = Instance(tmp_path / "service.sock" if kind == "unix" else None)
    instance.start()
    yield instance.address
    instance.stop()
