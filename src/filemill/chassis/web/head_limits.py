"""uvicorn's HTTP protocol (httptools) with bounds on what is not body: how large it may be, how long a head may take to come.

Clients that send a head byte by byte, or a head, chunk framing or trailers without end, cost a descriptor each until their
time or measure is full, nothing more. Trailers are no headers here: they are dropped.
On failure: 408, 431, or 400 for what is no HTTP, as problem+json, and the connection ends.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from filemill.chassis.errors import BadRequest, FilemillError
from filemill.chassis.telemetry import request_context
from filemill.chassis.web.problems import problem_response
from filemill.contracts.problems import PROBLEM_MEDIA_TYPE

HEAD_MOST_BYTES = 64 * 1024
"""Twice what common servers take; the gateway's bound is smaller. Counted from the second read of a head on."""
FRAMING_FACTOR = 8
"""Bytes of framing that a byte of a chunked body may cost: a chunk of one byte costs five."""
HEAD_S = 30.0
LINGER_S = 2.0
"""What a refused client still sends is read and dropped for so long: closing at once could reset our answer away."""


class HeadTooLarge(BadRequest):
    code, status, title = "head-too-large", 431, "The head of the request is larger than this service takes"


class HeadTooSlow(BadRequest):
    code, status, title, retryable = "head-too-slow", 408, "The head of the request did not come in time", True


class BoundedHeads(HttpToolsProtocol):
    """One connection. What comes before the first head, and between the parts of one, is timed and counted."""

    # In slots, beside uvicorn's attributes: a dictionary of more than 30 is not shared and costs a kilobyte a connection.
    __slots__ = ("_began_now", "_body_bytes", "_framing_bytes", "_head_timer", "_in_head", "_refusal")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._began_now = False  # with the bytes at hand: where in them is not known
        self._framing_bytes = 0
        self._body_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._refusal: FilemillError | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = self._began_now = True
        self._framing_bytes = self._body_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._unwatch()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._say_refusal()

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            return  # what follows what is no HTTP means nothing
        self._began_now, before_bytes = False, self._body_bytes
        super().data_received(data)
        if not self._began_now:
            self._framing_bytes += len(data) - (self._body_bytes - before_bytes)
            if self._framing_bytes > HEAD_MOST_BYTES + FRAMING_FACTOR * self._body_bytes:
                self._refuse(HeadTooLarge(f"Head, chunk framing and trailers may have {HEAD_MOST_BYTES} bytes."))
        if self._in_head and self._head_timer is None and not self.transport.is_closing():
            self._watch()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is refused as everything else is (uvicorn writes a line of text)."""
        self._refuse(BadRequest(msg))

    def _watch(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self._too_slow)

    def _unwatch(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        self._head_timer = None
        if self._in_head and not self.transport.is_closing():
            self._refuse(HeadTooSlow(f"A head may take {HEAD_S:g} s."))

    def _refuse(self, error: FilemillError) -> None:
        self._unwatch()
        self._refusal = error
        self._say_refusal()

    def _say_refusal(self) -> None:
        """Answer and close, after the answers to requests that came whole before it."""
        error, cycle = self._refusal, self.cycle
        if error is None or self.transport.is_closing():
            return
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                return
            if cycle.response_started:
                self.transport.close()  # nobody could tell the two answers apart
                return
            cycle.disconnected = True
            cycle.message_event.set()
        context = request_context.begin()
        with request_context.within(context):
            problem = bytes(problem_response(error).body)
        head = [
            f"HTTP/1.1 {error.status} {error.title}", f"content-type: {PROBLEM_MEDIA_TYPE}",
            f"content-length: {len(problem)}", f"x-request-id: {context.request_id}",
            "x-content-type-options: nosniff", "connection: close",
        ]  # fmt: skip
        self.transport.write("\r\n".join([*head, "", ""]).encode() + problem)
        self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(LINGER_S, self.transport.close)
