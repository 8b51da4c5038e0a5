"""The load: keep-alive HTTP/1.1 over plain sockets, cheap enough that the server is what is measured.

Two shapes: `Connection`, one blocking connection that times each call; `crowd`, many connections at once on one event
loop, each sending its next request when the last answer is whole.
"""

import asyncio
import re
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """Status, body, and the head as it came."""

    status: int
    body: bytes
    head: bytes = b""

    def header(self, name: str) -> str:
        """The value of a header. Raises `KeyError`."""
        for line in self.head.split(b"\r\n")[1:]:
            said, _, value = line.decode("latin-1").partition(":")
            if said.lower() == name:
                return value.strip()
        raise KeyError(name)


class Connection:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, *parts: bytes | memoryview) -> Answer:
        """Send a request given in parts, read the whole answer."""
        for part in parts:
            self._socket.sendall(part)
        return self._read()

    def fetch(self, request: bytes) -> int:
        """Send a request, drop the body of its 200 as it comes; returns how many bytes it had."""
        self._socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        found = _LENGTH.search(head)
        if head[9:12] != b"200" or found is None:
            raise RuntimeError(f"answered {head[:200]!r}")
        received, length, block = len(body), int(found[1]), bytearray(1 << 20)
        while received < length:
            count = self._socket.recv_into(block)
            if not count:
                raise ConnectionError("the server closed the connection")
            received += count
        return received

    def close(self) -> None:
        self._socket.close()

    def _read(self) -> Answer:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        status = int(head[9:12])
        found = _LENGTH.search(head)
        length = int(found[1]) if found else 0
        while len(body) < length:
            body += self._more()
        return Answer(status, body, head)

    def _more(self) -> bytes:
        data = self._socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data


@dataclass
class _Crowd:
    requests: Sequence[bytes]
    total: int
    status: bytes
    sent: int = 0
    done: int = 0
    wrong: int = 0
    ended: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class _Member(asyncio.Protocol):
    def __init__(self, crowd: _Crowd) -> None:
        self._crowd = crowd
        self._buffer = b""
        self._needed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._needed:
            at = self._buffer.find(b"\r\n\r\n")
            if at < 0:
                return
            found = _LENGTH.search(self._buffer[:at])
            self._needed = at + 4 + (int(found[1]) if found else 0)
            if self._buffer[9:12] != self._crowd.status:
                self._crowd.wrong += 1
        if len(self._buffer) >= self._needed:
            self._buffer, self._needed = b"", 0
            self._crowd.done += 1
            if self._crowd.done == self._crowd.total:
                self._crowd.ended.set_result(None)
            self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._crowd.ended.done():
            self._crowd.ended.set_exception(error or ConnectionError("the server closed a connection"))

    def _next(self) -> None:
        crowd = self._crowd
        if crowd.sent < crowd.total:
            self._transport.write(crowd.requests[crowd.sent % len(crowd.requests)])  # type: ignore[attr-defined]
            crowd.sent += 1


def crowd(port: int, requests: Sequence[bytes], total: int, connections: int, status: int = 200) -> float:
    """Send `total` requests over so many connections; returns requests per second. Raises unless each answer is `status`."""

    async def run() -> float:
        loop = asyncio.get_running_loop()
        crowd = _Crowd(requests, total, str(status).encode())
        began_s = time.perf_counter()
        transports = [
            (await loop.create_connection(lambda: _Member(crowd), "127.0.0.1", port))[0] for _ in range(connections)
        ]
        await crowd.ended
        took_s = time.perf_counter() - began_s
        for transport in transports:
            transport.abort()
        if crowd.wrong:
            raise RuntimeError(f"{crowd.wrong} of {total} answers were not {status}")
        return total / took_s

    return uvloop.run(run())


def get(path: str) -> bytes:
    """The bytes of a GET."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n".encode()
