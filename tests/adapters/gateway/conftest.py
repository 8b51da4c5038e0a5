"""A gateway on a real port in a thread of its own, and two kinds of service behind it.

`puppet` is a bare socket whose every byte the test decides; `service` is uvicorn with a small real application.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import uvloop

from filemill.gateway.addresses import Address, TcpAddress, UnixAddress
from filemill.gateway.proxy import Gateway
from filemill.gateway.routes import build_routes

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
    """Start gateways; they are stopped after the test."""
    with ExitStack() as stack:

        def start_one(upstreams: dict[str, Address], *, routes: Any = None, **options: Any) -> RunningGateway:
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
                gateway = Gateway(routes or build_routes(), upstreams, on_access=events.append, **options)
                await gateway.start("127.0.0.1", 0)
                return gateway

            gateway = asyncio.run_coroutine_threadsafe(build(), loop).result(WAIT_S)
            running = RunningGateway(gateway, loop, events)
            stack.callback(running.stop, 0.0)
            return running

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
    if request.param == "unix":
        listener = socket.socket(socket.AF_UNIX)
        address: Address = UnixAddress(str(tmp_path / "service.sock"))
        listener.bind(str(address))
    else:
        listener = socket.create_server(("127.0.0.1", 0))
        address = TcpAddress("127.0.0.1", listener.getsockname()[1])
    config = uvicorn.Config(app, http="httptools", loop="uvloop", ws="none", lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    wait_until(lambda: server.started, "uvicorn to start")
    yield address
    server.should_exit = True
    thread.join(WAIT_S)
    listener.close()
