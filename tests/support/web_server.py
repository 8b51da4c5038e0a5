"""A server on real sockets in this process: uvloop in a thread, with the HTTP protocol the test chooses."""

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvloop
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from filemill.chassis.web import listeners, server
from support.mill import wait_for

READ_S = 20.0


@dataclass(slots=True)
class WebServer:
    """Runs in its thread until the context ends."""

    port: int
    unix_path: Path
    server: server.Server
    loop: asyncio.AbstractEventLoop

    def connect(self, *, unix: bool = False) -> socket.socket:
        """A connection that sends at once what it is given."""
        if unix:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(self.unix_path))
        else:
            connection = socket.create_connection(("127.0.0.1", self.port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(READ_S)
        return connection

    def stop(self) -> None:
        """As SIGTERM does: finish what is in flight, take nothing new."""
        self.loop.call_soon_threadsafe(setattr, self.server, "should_exit", True)


@contextmanager
def serving(
    build: Callable[[], Awaitable[ASGIApp]],
    protocol: type[HttpToolsProtocol],
    folder: Path,
    leave: server.Leave | None = None,
) -> Iterator[WebServer]:
    """Serve what `build` makes, on a TCP port and a Unix socket."""
    folder.mkdir(parents=True, exist_ok=True)
    listener = listeners.bind("127.0.0.1", 0, "test")
    unix_path = folder / "s"
    unix_listener = listeners.bind_unix(unix_path)
    assert unix_listener is not None
    begun: list[WebServer] = []
    ended: list[BaseException] = []

    async def main() -> None:
        running = server.make_server(await build(), protocol, leave)
        begun.append(WebServer(listener.getsockname()[1], unix_path, running, asyncio.get_running_loop()))
        await running.serve(sockets=[listener, unix_listener])

    def run() -> None:
        try:
            uvloop.run(main())
        except BaseException as error:  # shown to the test below
            ended.append(error)

    thread = threading.Thread(target=run, name="web server")
    thread.start()
    try:
        wait_for(lambda: ended or (begun and begun[0].server.started), "the server to start")
        if ended:
            raise ended[0]
        yield begun[0]
    finally:
        if begun and thread.is_alive():
            begun[0].stop()
        thread.join(READ_S)
        assert not thread.is_alive(), "the server did not stop"


@dataclass(slots=True)
class Answer:
    """One answer, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    def json(self) -> object:
        return json.loads(self.body)


@dataclass(slots=True)
class Wire:
    """Reads answers from a connection, one after the other."""

    connection: socket.socket
    rest: bytes = b""
    interim: list[int] = field(default_factory=list)

    def answer(self, *, has_body: bool = True) -> Answer:
        """The next final answer; statuses 1xx before it are noted in `interim`."""
        while True:
            while b"\r\n\r\n" not in self.rest:
                self._more()
            head, _, self.rest = self.rest.partition(b"\r\n\r\n")
            status_line, *lines = head.decode("latin-1").split("\r\n")
            status = int(status_line.split(" ")[1])
            if status >= 200:
                break
            self.interim.append(status)
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", "0")) if has_body else 0
        while len(self.rest) < length:
            self._more()
        body, self.rest = self.rest[:length], self.rest[length:]
        return Answer(status, headers, body)

    def ended(self) -> bool:
        """Whether the server has closed the connection."""
        try:
            return not self.rest and not self.connection.recv(1)
        except ConnectionResetError:
            return True

    def _more(self) -> None:
        data = self.connection.recv(1024 * 1024)
        if not data:
            raise ConnectionError(f"the server closed the connection after {self.rest[:200]!r}")
        self.rest += data
