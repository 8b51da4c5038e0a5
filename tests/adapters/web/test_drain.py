"""A large body read by a thread from the socket: it survives what clients do, and costs nobody else anything."""

import hashlib
import os
import random
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from filemill.chassis.errors import StorageFull
from filemill.chassis.web.body import Body
from filemill.chassis.web.drain_check import choose_protocol
from filemill.chassis.web.drain_protocol import DRAIN_ABOVE_BYTES, EXTENSION, BodyLoan, DrainProtocol
from filemill.chassis.web.socket_threads import THREADS, BlockTaker
from support.mill import wait_for
from support.web_server import WebServer, Wire, serving

LARGE = 3 * 1024 * 1024 + 77
IDLE_S = 0.4


class Taken:
    """What came of one body."""

    def __init__(self, refuse_at: int | None = None) -> None:
        self.digest = hashlib.sha256()
        self.size = 0
        self.by_thread = 0
        self.ended = ""
        self.refuse_at = refuse_at
        self.blocking = False

    async def write(self, data: bytes) -> None:
        self._add(data)

    def block_taker(self) -> BlockTaker:
        return self._block

    def _block(self, block: memoryview) -> None:
        assert threading.current_thread().name.startswith("socket")
        self.by_thread += len(block)
        self._add(block)

    def _add(self, data: bytes | memoryview) -> None:
        self.digest.update(data)
        self.size += len(data)
        if self.refuse_at is not None and self.size >= self.refuse_at:
            raise StorageFull


class App:
    """Pours each body into a `Taken` and answers with size and hash. `/refuse` raises after 1 MiB."""

    def __init__(self) -> None:
        self.bodies: list[Taken] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for answer in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{answer}.complete"})
            return
        taken = Taken(1024 * 1024 if scope["path"] == "/refuse" else None)
        self.bodies.append(taken)
        status = 200
        try:
            await Body(Request(scope, receive), IDLE_S).pour(taken)
            taken.ended = "whole"
        except (ClientDisconnect, TimeoutError, StorageFull) as error:
            taken.ended, status = type(error).__name__, 507
        loan = scope.get("extensions", {}).get(EXTENSION)
        if isinstance(loan, BodyLoan):
            taken.blocking = os.get_blocking(loan._protocol.transport.get_extra_info("socket").fileno())
        body = f"{taken.size} {taken.digest.hexdigest()}".encode()
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-length", b"%d" % len(body))]}
        )
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def web(app: App, tmp_path: Path) -> Iterator[WebServer]:
    async def build() -> ASGIApp:
        return app

    with serving(build, DrainProtocol, tmp_path / "w") as server:
        yield server
    assert DrainProtocol.threads.has_free


def put(body: bytes, *headers: str, path: str = "/") -> bytes:
    """The head of a request for a body."""
    lines = [f"PUT {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def said_of(body: bytes) -> bytes:
    return f"{len(body)} {hashlib.sha256(body).hexdigest()}".encode()


def busy() -> int:
    """Threads at work."""
    return THREADS - DrainProtocol.threads._free


@pytest.fixture
def body() -> bytes:
    return random.Random(4).randbytes(LARGE)


@pytest.mark.parametrize("unix", [False, True])
def test_pour_when_bodies_follow_each_other_then_each_is_read_by_a_thread(
    web: WebServer, app: App, body: bytes, unix: bool
) -> None:
    """A connection is kept for the next request, on TCP and on a Unix socket; nobody makes the socket block."""
    with web.connect(unix=unix) as connection:
        wire = Wire(connection)
        for size in (LARGE, 2 * DRAIN_ABOVE_BYTES, 10, LARGE - 1):
            connection.sendall(put(body[:size]) + body[:size])
            assert wire.answer().body == said_of(body[:size])
    assert [taken.by_thread > 0 for taken in app.bodies] == [True, True, False, True]
    assert not any(taken.blocking for taken in app.bodies)


def test_pour_when_a_request_is_pipelined_then_the_body_ends_where_it_ends(
    web: WebServer, app: App, body: bytes
) -> None:
    """What follows a body in the same packet is the next request, never its bytes."""
    with web.connect() as connection:
        connection.sendall((put(body) + body) * 2 + put(b"abc") + b"abc")
        wire = Wire(connection)
        assert [wire.answer().body for _ in range(3)] == [said_of(body), said_of(body), said_of(b"abc")]
    assert app.bodies[0].by_thread


def test_pour_when_the_client_waits_for_100_then_it_is_told_once(web: WebServer, app: App, body: bytes) -> None:
    """`Expect: 100-continue` is answered before the thread waits for the body."""
    with web.connect() as connection:
        wire = Wire(connection)
        connection.sendall(put(body, "Expect: 100-continue"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert wire.answer().body == said_of(body)
    assert wire.interim == []


def test_pour_when_part_of_the_body_came_with_the_head_then_it_is_whole(web: WebServer, app: App, body: bytes) -> None:
    """Bytes the loop has read already come first."""
    with web.connect() as connection:
        connection.sendall(put(body) + body[:50_000])
        wait_for(lambda: app.bodies and app.bodies[0].size >= 50_000, "the beginning of the body")
        connection.sendall(body[50_000:])
        assert Wire(connection).answer().body == said_of(body)


def test_pour_when_the_client_pauses_then_the_thread_is_given_back(web: WebServer, app: App, body: bytes) -> None:
    """After 50 ms without a byte the loop waits instead, and the body goes on as if nothing had been."""
    with web.connect() as connection:
        wire = Wire(connection)
        for number in range(2):  # the second request of a connection whose parser had to be made anew
            connection.sendall(put(body) + body[: LARGE // 2])
            wait_for(lambda n=number: len(app.bodies) > n and app.bodies[n].size == LARGE // 2, "half of the body")  # type: ignore[misc]
            wait_for(lambda: not busy(), "the thread to be given back")
            connection.sendall(body[LARGE // 2 :] + put(b"next") + b"next")
            assert wire.answer().body == said_of(body)
            assert wire.answer().body == said_of(b"next")
            app.bodies.pop()


def test_pour_when_the_client_goes_then_what_came_was_taken(web: WebServer, app: App, body: bytes) -> None:
    """A hang-up inside the body is `ClientDisconnect`, after every byte that arrived."""
    for keep, hang_up in ((LARGE // 2, "close"), (LARGE - 1, "close"), (LARGE // 2, "reset"), (300_000, "half")):
        with web.connect() as connection:
            connection.sendall(put(body) + body[:keep])
            wait_for(lambda k=keep: app.bodies and app.bodies[-1].size == k, "what was sent")  # type: ignore[misc]
            if hang_up == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            if hang_up == "half":
                connection.shutdown(socket.SHUT_WR)
                wait_for(lambda: app.bodies[-1].ended, "the end of the request")
        wait_for(lambda: app.bodies[-1].ended, "the end of the request")
        assert app.bodies[-1].ended == "ClientDisconnect"
        assert app.bodies[-1].digest.digest() == hashlib.sha256(body[:keep]).digest()


def test_pour_when_the_client_falls_silent_then_it_times_out(web: WebServer, app: App, body: bytes) -> None:
    """The limit on silence holds for a body that a thread began."""
    with web.connect() as connection:
        connection.sendall(put(body) + body[:1_000_000])
        assert Wire(connection).answer().status == 507
    assert app.bodies[0].ended == "TimeoutError"
    assert app.bodies[0].by_thread


def test_pour_when_the_sink_refuses_then_the_connection_can_be_used_after_the_rest(
    web: WebServer, app: App, body: bytes
) -> None:
    """The answer comes at once; the rest of the body is dropped, and the next request is answered."""
    with web.connect() as connection:
        wire = Wire(connection)
        connection.sendall(put(body, path="/refuse") + body[:2_000_000])
        assert wire.answer().status == 507
        connection.sendall(body[2_000_000:] + put(b"abc") + b"abc")
        assert wire.answer().body == said_of(b"abc")
    assert app.bodies[0].ended == "StorageFull"


def test_pour_when_more_bodies_stand_still_than_there_are_threads_then_a_fast_one_gets_one(
    web: WebServer, app: App, body: bytes
) -> None:
    """Threads are lent to fast sockets only."""
    slow = [web.connect() for _ in range(2 * THREADS)]
    try:
        for connection in slow:
            connection.sendall(put(body) + body[:300_000])
        wait_for(lambda: sum(taken.size == 300_000 for taken in app.bodies) == len(slow), "every slow body to begin")
        wait_for(lambda: not busy(), "every thread to be given back")
        with web.connect() as connection:
            connection.sendall(put(body) + body)
            assert Wire(connection).answer().body == said_of(body)
        assert app.bodies[-1].by_thread
    finally:
        for connection in slow:
            connection.close()


def test_pour_when_the_server_is_asked_to_stop_then_the_body_is_finished(web: WebServer, app: App, body: bytes) -> None:
    """SIGTERM inside a body: it is taken whole and answered, then the connection ends."""
    with web.connect() as connection:
        wire = Wire(connection)
        connection.sendall(put(body) + body[:1_000_000])
        wait_for(lambda: app.bodies and app.bodies[0].size == 1_000_000, "the beginning of the body")
        web.stop()
        (served,) = web.server.server_state.connections
        wait_for(lambda: not served.cycle.keep_alive, "the server to hear it")
        connection.sendall(body[1_000_000:])
        answer = wire.answer()
        assert answer.body == said_of(body)
        assert answer.headers["connection"] == "close"
        assert wire.ended()


def test_pour_when_the_body_is_chunked_then_the_loop_reads_it(web: WebServer, app: App, body: bytes) -> None:
    """No Content-Length, no thread; trailers are no part of the body."""
    with web.connect() as connection:
        chunk = b"%x\r\n%s\r\n" % (len(body), body)
        connection.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.sendall(chunk + b"0\r\nX-Trailer: 1\r\n\r\n")
        assert Wire(connection).answer().body == said_of(body)
    assert not app.bodies[0].by_thread


async def test_choose_protocol_when_it_works_here_then_it_is_ours() -> None:
    """The check at the start passes with the pinned uvicorn."""
    assert await choose_protocol() is DrainProtocol


async def test_choose_protocol_when_uvicorn_has_changed_then_it_is_uvicorns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name inside uvicorn that is gone costs speed, never a start."""
    monkeypatch.delattr("uvicorn.protocols.http.flow_control.FlowControl.pause_reading")
    assert await choose_protocol() is not DrainProtocol
