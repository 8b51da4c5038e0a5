"""How a service leaves: it gives notice, serves on, and loses no request that anybody could have sent it."""

import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from filemill.chassis.web.drain_protocol import DrainProtocol
from filemill.chassis.web.edge import Edge
from filemill.chassis.web.server import Leave
from support.mill import wait_for
from support.web_server import WebServer, Wire, serving

ASK = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
LEAVE = Leave(notice_s=1.5, grace_s=20)


class App:
    """Answers every POST with its body. `said`: what the server told it of its end."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for word in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{word}.complete"})
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await PlainTextResponse(body)(scope, receive, send)


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture(params=[DrainProtocol, HttpToolsProtocol], ids=["ours", "uvicorn's"])
def web(request: pytest.FixtureRequest, app: App, tmp_path: Path) -> Iterator[WebServer]:
    async def build() -> ASGIApp:
        return Edge(app, draining=lambda: app.said.append("drain"), leaving=lambda: app.said.append("leave"))

    with serving(build, request.param, tmp_path, LEAVE) as server:
        yield server


def test_service_when_asked_to_stop_then_it_serves_on_and_each_answer_is_the_last_of_its_connection(
    web: WebServer, app: App
) -> None:
    """Kept connections, new ones and a body that is on its way: all answered, all told not to be used again."""
    with web.connect() as kept, web.connect() as midway, web.connect(unix=True) as by_path:
        for connection in (kept, by_path):
            connection.sendall(ASK + b"abc")
            assert "connection" not in Wire(connection).answer().headers
        midway.sendall(ASK + b"a")
        wait_for(lambda: len(web.server.server_state.tasks) == 1, "the body to be on its way")
        web.stop()
        wait_for(lambda: app.said, "the app to hear that it leaves")
        assert app.said == ["leave"]  # streams go on until the end of the notice
        with web.connect() as fresh:
            for connection, rest in (
                (kept, ASK + b"abc"),
                (fresh, ASK + b"abc"),
                (by_path, ASK + b"abc"),
                (midway, b"bc"),
            ):
                connection.sendall(rest)
                wire = Wire(connection)
                answer = wire.answer()
                assert (answer.status, answer.body, answer.headers["connection"]) == (200, b"abc", "close")
                assert wire.ended()
    wait_for(lambda: app.said[1:], "the end of the notice")
    assert app.said[1] == "drain"


def test_service_when_its_port_closes_then_whoever_was_let_in_is_answered(web: WebServer, app: App) -> None:
    """Connections are opened without a pause, each for one POST that nobody may send twice: answered, or never let in."""
    answered: list[bytes] = []
    cut: list[str] = []
    refused = threading.Event()

    def ask() -> None:
        while not refused.is_set():
            try:
                connection = web.connect()
            except ConnectionRefusedError:
                refused.set()
                return
            with connection:
                try:
                    connection.sendall(ASK + b"abc")
                    answered.append(Wire(connection).answer().body)
                except OSError as error:
                    cut.append(repr(error))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(answered) > 20, "the first answers")
    web.stop()
    wait_for(refused.is_set, "the port to be closed")
    for thread in threads:
        thread.join()
    assert cut == []
    assert set(answered) == {b"abc"}
    assert app.said[0] == "leave"
    with pytest.raises(FileNotFoundError), socket.socket(socket.AF_UNIX) as by_path:
        by_path.connect(str(web.unix_path))


def test_service_when_a_person_stops_it_then_no_notice_is_given(web: WebServer, app: App) -> None:
    """Ctrl-C: whoever waits at a terminal has nobody in front of it who would have to learn of it."""
    web.loop.call_soon_threadsafe(web.server.handle_exit, signal.SIGINT, None)
    wait_for(lambda: "drain" in app.said, "the end", 1.0)
    with pytest.raises(OSError, match="refused"):
        web.connect()
