"""Serve an app with uvicorn on listeners that are there already, until SIGTERM or SIGINT; then leave without losing a request.

Leaving (decision 41): first notice is given. `/readyz` says 503 and every answer `Connection: close`, while everything that
comes is served, so that whoever sends requests here can learn of it. Then the listeners are shut, what was under way
finishes within the grace, streams end, loops stop. SIGINT is a person who waits, and a second signal too: no notice then.
"""

import asyncio
import gc
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from types import FrameType

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.lifespan.on import LifespanSendMessage
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from filemill.chassis.errors import StartError
from filemill.chassis.web.drain_check import choose_protocol
from filemill.chassis.web.edge import Edge
from filemill.chassis.web.listeners import BACKLOG, shut

SHUT_S = 0.2
"""From shutting the listeners to closing them: what the kernel has accepted is taken, and its handshakes come to an end."""
FIRST_REQUEST_S = 0.5
"""A connection taken in the last moment may wait for its request for so long; nobody opens one to think."""
_CLOSE = (b"connection", b"close")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Leave:
    """How long leaving may take, in seconds: `notice_s` of serving on, then `grace_s` for what is under way."""

    notice_s: float = 0.0
    grace_s: float = 20.0


class Server(uvicorn.Server):
    """uvicorn with our settings and our way of leaving."""

    def __init__(self, config: uvicorn.Config, leave: Leave) -> None:
        super().__init__(config)
        self._leave = leave
        self._at_once = False
        self._gone_at_s: float | None = None
        self._why_not = "the service could not start"

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal. Only the first SIGTERM leaves time for notice."""
        self._at_once = self._at_once or sig == signal.SIGINT or self.should_exit
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Each 0.1 s: whether to stop serving now, which is not yet when it was asked for."""
        if not await super().on_tick(counter):
            return False
        now_s = asyncio.get_running_loop().time()
        if self._gone_at_s is None:
            self._gone_at_s = now_s + self._leave.notice_s
            self._give_notice()
        state = self.server_state
        if _CLOSE not in state.default_headers:  # uvicorn makes them anew each second
            state.default_headers = [*state.default_headers, _CLOSE]
        return self._at_once or now_s >= self._gone_at_s

    def _give_notice(self) -> None:
        if isinstance(self.config.app, Edge):
            self.config.app.leave()
        for connection in self.server_state.connections:
            cycle = getattr(connection, "cycle", None)
            # One whose answer has begun has not said that it is the last: it may carry one more request, which will.
            if cycle is not None and not cycle.response_started:
                cycle.keep_alive = False
        _log.info("server.leaving", notice_s=self._leave.notice_s, connections=len(self.server_state.connections))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the app, and only then listen.

        Raises `OSError` where another listens on the port meanwhile, `StartError` where the app cannot start: uvicorn would
        end the process with a status and no word.
        """
        start_app, send = self.lifespan.startup, self.lifespan.send

        async def overhear(message: LifespanSendMessage) -> None:
            if message["type"] == "lifespan.startup.failed":
                self._why_not = _error_of(message["message"]) or self._why_not
            await send(message)

        async def then_listen() -> None:
            await start_app()
            if self.lifespan.should_exit:
                raise StartError(f"{self._why_not}; its log says more")
            for listener in sockets or []:
                listener.listen(BACKLOG)  # uvloop would listen, too, and tells nobody that it could not

        self.lifespan.startup, self.lifespan.send = then_listen, overhear
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nothing more, finish what is under way, end the app."""
        app = self.config.app
        if self._leave.notice_s and not self._at_once:
            for listener in sockets or []:
                shut(listener)
            await asyncio.sleep(SHUT_S)
            for server in self.servers:
                server.close()
            await asyncio.sleep(FIRST_REQUEST_S)
        if isinstance(app, Edge):
            app.drain()
        await super().shutdown(sockets)
        # uvicorn would raise them again, and SIGTERM ends a process in that line: traces and clients would stay open.
        self._captured_signals.clear()


def _error_of(traceback: str) -> str:
    """The first line of the error itself: what follows the last frame, which is indented. Empty for a group of errors."""
    lines = list(takewhile(lambda line: not line.startswith(" "), reversed(traceback.splitlines())))
    return lines[-1] if lines else ""


def make_server(app: ASGIApp, protocol: type[HttpToolsProtocol], leave: Leave | None = None) -> Server:
    """A server that is not running yet."""
    leave = leave or Leave()
    config = uvicorn.Config(
        app,
        http=protocol,
        loop="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=leave.grace_s,  # type: ignore[arg-type]
    )
    return Server(config, leave)


async def serve(
    app: ASGIApp, sockets: list[socket.socket], on_ready: Callable[[], None] | None = None, leave: Leave | None = None
) -> None:
    """Run until a signal asks to stop; then leave. Raises `StartError` where the app cannot start."""
    server = make_server(app, await choose_protocol(), leave)
    serving = asyncio.create_task(server.serve(sockets=sockets))
    while not server.started and not serving.done():  # noqa: ASYNC110
        await asyncio.sleep(0.005)  # uvicorn has no event for it
    if server.started:
        gc.collect()
        gc.freeze()  # what is here now stays: the collector would walk all of it again and again in the midst of requests
        if on_ready is not None:
            on_ready()
    await serving
