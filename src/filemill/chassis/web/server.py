"""Serve an app with uvicorn on a TCP port and, for the local gateway, on a Unix socket, until SIGTERM or SIGINT.

The sockets are bound here, before anything else starts, so that a taken port is one clear line (`StartError`).
"""

import asyncio
import errno
import gc
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from filemill.chassis.durable_folder import make_durable
from filemill.chassis.errors import StartError
from filemill.chassis.web.drain_check import choose_protocol
from filemill.chassis.web.edge import Edge

BACKLOG = 2048
GRACE_S = 20
"""How long requests in flight may take to finish after SIGTERM."""


def bind(host: str, port: int, service: str) -> socket.socket:
    """A listening TCP socket. Raises `StartError` that names a taken port and how to choose another."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            variable = f"FILEMILL_{service.upper()}_PORT"
            raise StartError(f"{service}: port {port} is taken; stop what uses it, or set {variable}") from error
        raise StartError(f"{service}: cannot listen on {host}:{port}: {error.strerror}") from error
    listener.listen(BACKLOG)
    listener.set_inheritable(False)
    return listener


def bind_unix(path: Path) -> socket.socket:
    """A listening Unix socket that only this user can reach; a leftover of a dead process is replaced."""
    make_durable(path.parent, mode=0o700)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(BACKLOG)
    return listener


class Server(uvicorn.Server):
    """uvicorn with our settings. Tells the app to drain before waiting for what is in flight."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app = self.config.app
        if isinstance(app, Edge):
            app.drain()
        await super().shutdown(sockets)


def make_server(app: ASGIApp, protocol: type[HttpToolsProtocol]) -> Server:
    """A server that is not running yet."""
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
        timeout_graceful_shutdown=GRACE_S,
    )
    return Server(config)


async def serve(app: ASGIApp, sockets: list[socket.socket], on_ready: Callable[[], None] | None = None) -> None:
    """Run until a signal asks to stop; then finish what is in flight."""
    server = make_server(app, await choose_protocol())
    serving = asyncio.create_task(server.serve(sockets=sockets))
    while not server.started and not serving.done():  # noqa: ASYNC110
        await asyncio.sleep(0.005)  # uvicorn has no event for it
    if server.started:
        gc.collect()
        gc.freeze()  # what is here now stays: the collector would walk all of it again and again in the midst of requests
        if on_ready is not None:
            on_ready()
    await serving
    if not server.started:
        raise StartError("the service could not start; its log says why")
