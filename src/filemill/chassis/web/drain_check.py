"""Chooses the HTTP protocol of a server: ours, which lends its socket to threads, once it has shown that it works.

It leans on names inside uvicorn. So at each start a body, a pipelined request and a file go through it over a socket pair, in
milliseconds. On failure: one log line, and uvicorn's own protocol serves; results are the same, large bodies cost more.
"""

import asyncio
import hashlib
import os
import socket
import tempfile

import structlog
import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from filemill.chassis.web.body import Body
from filemill.chassis.web.drain_protocol import ZERO_COPY, DrainProtocol
from filemill.chassis.web.socket_threads import BlockTaker

CHECK_S = 5.0
BODY_BYTES = 1024 * 1024

_log = structlog.get_logger()


async def choose_protocol() -> type[HttpToolsProtocol]:
    """Our protocol, or uvicorn's."""
    try:
        async with asyncio.timeout(CHECK_S):
            await _try(DrainProtocol)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it: the other protocol serves
        _log.warning("web.drain.off", uvicorn=uvicorn.__version__, error=repr(error))
        return HttpToolsProtocol
    return DrainProtocol


class _Digest:
    """Hashes a body; only a thread may give it the end of it."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.by_thread = False

    async def write(self, data: bytes) -> None:
        self.hash.update(data)

    def block_taker(self) -> BlockTaker:
        return self._take

    def _take(self, block: memoryview) -> None:
        self.by_thread = True
        self.hash.update(block)


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["method"] == "GET":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        with tempfile.TemporaryFile() as file:
            file.write(b"file")
            file.flush()
            await send({"type": ZERO_COPY, "file": file, "offset": 0, "count": 4})
        return
    digest = _Digest()
    await Body(Request(scope, receive), CHECK_S).pour(digest)
    answer = digest.hash.digest() + bytes([digest.by_thread])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(answer))]})
    await send({"type": "http.response.body", "body": answer})


async def _try(protocol: type[HttpToolsProtocol], app: ASGIApp = _app) -> None:
    config = uvicorn.Config(app, http=protocol, loop="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    loop, state = asyncio.get_running_loop(), ServerState()
    inside, outside = socket.socketpair()
    outside.setblocking(False)
    with outside:
        transport, _ = await loop.connect_accepted_socket(lambda: protocol(config, state, {}, loop), inside)
        try:
            body = os.urandom(BODY_BYTES)
            head = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
            await loop.sock_sendall(outside, head + body + b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            said = b""
            while data := await loop.sock_recv(outside, 65536):
                said += data
        finally:
            transport.abort()
    if hashlib.sha256(body).digest() + b"\x01" not in said:
        raise RuntimeError("a body did not come through whole")
    if said.count(b"HTTP/1.1 200") != 2 or not said.endswith(b"\r\n\r\nfile"):
        raise RuntimeError("the request after a body was not answered")
