"""A file sent by a thread with `sendfile`: whole for every reader, and no thread or memory for a slow one."""

import os
import random
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from filemill.chassis.telemetry import metrics
from filemill.chassis.web import file_sender
from filemill.chassis.web.blob_response import BlobResponse, Span
from filemill.chassis.web.drain_protocol import DrainProtocol
from filemill.chassis.web.socket_threads import THREADS
from support.mill import wait_for
from support.web_server import WebServer, Wire, serving

SIZE = 6 * 1024 * 1024 + 13
END = Span(SIZE - 600_000, 600_000)
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class OpenFile:
    """A blob that is a file; `said_bytes` is what its size was."""

    def __init__(self, path: Path, said_bytes: int) -> None:
        self.fd = os.open(path, os.O_RDONLY)
        self.size_bytes = said_bytes
        self.closed = False

    def fileno(self) -> int:
        return self.fd

    async def read(self, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        yield os.pread(self.fd, self.size_bytes if length is None else length, start)

    async def close(self) -> None:
        os.close(self.fd)
        self.closed = True


class App:
    """GET answers with the file; `/parts` with three pieces of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.opened: list[OpenFile] = []
        self.said_bytes = SIZE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for answer in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{answer}.complete"})
            return
        file = OpenFile(self.path, self.said_bytes)
        self.opened.append(file)
        pieces: list[bytes | Span] = [Span(0, self.said_bytes)]
        if scope["path"] == "/parts":
            pieces = [
                b"first",
                Span(5, 10),
                b"second",
                Span(1_000_000, 3_000_000),
                b"third",
                Span(SIZE - 600_000, 600_000),
                b".",
            ]
        length = sum(len(one) if isinstance(one, bytes) else one.length for one in pieces)
        await BlobResponse(file, pieces, 200, {"Content-Length": str(length)})(scope, receive, send)

    def all_closed(self) -> bool:
        return bool(self.opened) and all(file.closed for file in self.opened)


@pytest.fixture(scope="module")
def content() -> bytes:
    return random.Random(5).randbytes(SIZE)


@pytest.fixture
def app(tmp_path: Path, content: bytes) -> App:
    path = tmp_path / "file"
    path.write_bytes(content)
    return App(path)


@pytest.fixture
def web(app: App, tmp_path: Path) -> Iterator[WebServer]:
    async def build() -> ASGIApp:
        return app

    with serving(build, DrainProtocol, tmp_path / "w") as server:
        yield server
    assert app.all_closed()


def busy() -> int:
    """Threads at work."""
    return THREADS - DrainProtocol.threads._free


def by_file() -> float:
    """Bytes that went by `sendfile` so far."""
    return float(metrics.BODY_BYTES_SENT_BY_FILE._value.get())


def slow(web: WebServer) -> socket.socket:
    """A connection with a small window that asks and does not read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
    connection.connect(("127.0.0.1", web.port))
    connection.settimeout(20)
    connection.sendall(GET)
    return connection


@pytest.mark.parametrize("unix", [False, True])
def test_answer_when_requests_follow_each_other_then_each_file_is_whole(
    web: WebServer, content: bytes, unix: bool
) -> None:
    """One connection, one after the other and pipelined; every byte goes by `sendfile`."""
    before = by_file()
    with web.connect(unix=unix) as connection:
        wire = Wire(connection)
        for requests in (1, 2):
            connection.sendall(GET * requests)
            for _ in range(requests):
                assert wire.answer().body == content
    wait_for(lambda: by_file() - before == 3 * SIZE, "every byte to be counted")


def test_answer_when_it_has_several_pieces_then_they_come_in_order(web: WebServer, content: bytes) -> None:
    """Small pieces through the loop, large ones by `sendfile`, none overtakes another."""
    with web.connect() as connection:
        connection.sendall(GET.replace(b" / ", b" /parts "))
        body = Wire(connection).answer().body
    wanted = [b"first", content[5:15], b"second", content[1_000_000:4_000_000], b"third", content[-600_000:], b"."]
    assert body == b"".join(wanted)


def test_answer_when_a_reader_stands_still_then_it_holds_no_thread(web: WebServer, content: bytes) -> None:
    """After 50 ms its thread is given back; when it reads on it gets everything."""
    with slow(web) as connection:
        wait_for(lambda: by_file() and not busy(), "the thread to be given back")
        assert Wire(connection).answer().body == content


def test_answer_when_more_readers_stand_still_than_there_are_threads_then_a_fast_one_is_served(
    web: WebServer, app: App, content: bytes
) -> None:
    """Slow readers wait in the event loop."""
    readers = [slow(web) for _ in range(2 * THREADS)]
    try:
        wait_for(lambda: len(app.opened) == len(readers) and not busy(), "every thread to be given back")
        with web.connect() as connection:
            connection.sendall(GET)
            assert Wire(connection).answer().body == content
        assert Wire(readers[0]).answer().body == content
    finally:
        for connection in readers:
            connection.close()


def test_answer_when_no_thread_is_free_then_the_loop_sends(
    web: WebServer, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunk by chunk, and nothing is missing."""
    monkeypatch.setattr(DrainProtocol.threads, "_free", 0)
    before = by_file()
    with web.connect() as connection:
        connection.sendall(GET)
        assert Wire(connection).answer().body == content
    assert by_file() == before
    monkeypatch.undo()


def test_answer_when_the_client_goes_then_the_file_is_closed(web: WebServer, app: App) -> None:
    """A hang-up in the middle ends the thread, frees the descriptor, and is no error of ours."""
    for reset in (False, True):
        with slow(web) as connection:
            connection.recv(1000)
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        wait_for(app.all_closed, "the file to be closed")
    assert not busy()


def test_answer_when_the_reader_takes_nothing_for_long_then_the_connection_ends(
    web: WebServer, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody holds a file for ever by not reading."""
    monkeypatch.setattr(file_sender, "IDLE_S", 0.3)
    with slow(web):
        wait_for(app.all_closed, "the file to be closed")


def test_answer_when_the_file_is_shorter_than_it_was_then_the_connection_breaks(
    web: WebServer, app: App, content: bytes
) -> None:
    """A reader is never told that a part is the whole."""
    app.said_bytes = SIZE + 100
    with web.connect() as connection:
        connection.sendall(GET)
        with pytest.raises((ConnectionError, ConnectionResetError)):
            Wire(connection).answer()


def test_answer_when_the_server_is_asked_to_stop_then_it_is_finished(web: WebServer, content: bytes) -> None:
    """SIGTERM inside a download: the reader gets everything, then the connection ends."""
    with slow(web) as connection:
        wait_for(lambda: web.server.server_state.connections, "the connection")
        (served,) = web.server.server_state.connections
        wait_for(lambda: served.cycle is not None and served.cycle.response_started, "the answer to begin")
        web.stop()
        wait_for(lambda: not served.cycle.keep_alive, "the server to hear it")
        wire = Wire(connection)
        assert wire.answer().body == content
        assert wire.ended()


def test_answer_when_uvicorns_own_protocol_serves_then_it_is_the_same(app: App, content: bytes, tmp_path: Path) -> None:
    """Without the extension the bytes are streamed."""

    async def build() -> ASGIApp:
        return app

    before = by_file()
    with serving(build, HttpToolsProtocol, tmp_path / "w") as web, web.connect() as connection:
        connection.sendall(GET)
        assert Wire(connection).answer().body == content
    assert by_file() == before
    assert app.all_closed()
