"""uvicorn's HTTP protocol (httptools), which can also lend its socket to a thread, for a large body in or a file out.

In: a request with a large Content-Length carries a `BodyLoan` in its scope. The thread reads the body and never a byte more;
what it leaves, the event loop counts down itself, because the parser does not know what the thread took. Out: the ASGI
extension `http.response.zerocopysend`, with `sendfile`. Only for plain connections: TLS and chunked bodies take uvicorn's way.
It leans on names inside uvicorn, so uvicorn is pinned exactly and `drain_check` tries it at each start.
On failure: `ClientDisconnect` out of a loan; a broken answer ends the connection.
"""

import functools
from typing import Any

import httptools
from starlette.requests import ClientDisconnect
from starlette.types import Message
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from filemill.chassis.telemetry import metrics
from filemill.chassis.web.file_sender import FileSender
from filemill.chassis.web.head_limits import BoundedHeads
from filemill.chassis.web.socket_threads import BlockTaker, End, Loan, SocketThreads, receive

EXTENSION = "filemill.body"
ZERO_COPY = "http.response.zerocopysend"
DRAIN_ABOVE_BYTES = 256 * 1024
REST_ABOVE_BYTES = 128 * 1024
"""A smaller body, or rest of one, costs more to hand over than it saves."""


class DrainProtocol(BoundedHeads):
    """One connection."""

    __slots__ = ("_body",)

    threads = SocketThreads()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._body: BodyLoan | None = None  # of the request parsed last

    def on_headers_complete(self) -> None:
        before = self.cycle
        super().on_headers_complete()
        self._body = None
        cycle = self.cycle
        if cycle is before or self.scheme != "http":
            return
        if self.scope["method"] == "GET":
            self.scope["extensions"] = {ZERO_COPY: {}}
            cycle.send = functools.partial(self._send, cycle)  # type: ignore[method-assign]
        elif (length := _length(self.headers)) > DRAIN_ABOVE_BYTES:
            self._body = BodyLoan(self, cycle, length)
            self.scope["extensions"] = {EXTENSION: self._body}  # type: ignore[dict-item]

    def on_body(self, body: bytes) -> None:
        if self._body is not None:
            self._body.left -= len(body)
        super().on_body(body)

    def data_received(self, data: bytes) -> None:
        body = self._body
        if body is not None and body.counted_here and body.left:
            self._unset_keepalive_if_required()
            mine, data = data[: body.left], data[body.left :]
            body.arrived(mine)
            if not data:
                return
        super().data_received(data)

    def forget_parser(self) -> None:
        """Begin anew after a body whose end the parser has not seen."""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does

    async def _send(self, cycle: RequestResponseCycle, message: Message) -> None:
        if message["type"] == ZERO_COPY:
            await FileSender(self.threads, self.transport, self.flow, cycle).send(message)
        else:
            await RequestResponseCycle.send(cycle, message)  # type: ignore[arg-type]


class BodyLoan:
    """The body of one request, as far as it is still to come: `left` bytes were neither parsed nor read by a thread."""

    __slots__ = ("_cycle", "_protocol", "counted_here", "left")

    def __init__(self, protocol: DrainProtocol, cycle: RequestResponseCycle, length: int) -> None:
        self._protocol = protocol
        self._cycle = cycle
        self.left = length
        self.counted_here = False

    @property
    def worthwhile(self) -> bool:
        """Whether to lend the socket now."""
        return self.left > REST_ABOVE_BYTES and self._protocol.threads.has_free

    async def lend(self, take: BlockTaker) -> bool:
        """Give what has arrived and what comes to `take` in a thread; False if the loop has to go on.

        Raises `ClientDisconnect`; what `take` raises passes.
        """
        protocol, cycle, flow = self._protocol, self._cycle, self._protocol.flow
        transport = protocol.transport
        if cycle.disconnected or transport.is_closing():
            raise ClientDisconnect
        flow.pause_reading()
        if cycle.waiting_for_100_continue:
            transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            cycle.waiting_for_100_continue = False
        held, cycle.body = bytes(cycle.body), bytearray()
        cycle.message_event.clear()
        loan = Loan(transport.get_extra_info("socket").fileno())
        try:
            end = await protocol.threads.run(loan, functools.partial(receive, held=held, count=self.left, take=take))
        finally:
            self.left -= loan.moved
            self.counted_here = self.counted_here or loan.moved > 0
            metrics.BODY_BYTES_DRAINED.inc(loan.moved)
            if not cycle.disconnected and not transport.is_closing():
                if not self.left:
                    self._complete()
                flow.resume_reading()
        if end is End.GONE:
            raise ClientDisconnect
        return end is End.DONE

    def arrived(self, data: bytes) -> None:
        """Bytes of a body that the parser cannot count any more; as uvicorn does with those it can."""
        cycle, self.left = self._cycle, self.left - len(data)
        if not cycle.response_complete:
            cycle.body += data
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self._protocol.flow.pause_reading()
            cycle.message_event.set()
        if not self.left:
            self._complete()

    def _complete(self) -> None:
        if not self._cycle.response_complete:
            self._cycle.more_body = False
            self._cycle.message_event.set()
        if self.counted_here:
            self._protocol.forget_parser()


def _length(headers: list[tuple[bytes, bytes]]) -> int:
    """The Content-Length; 0 where there is none or the connection is to become another. The parser refuses a second one."""
    length = 0
    for name, value in headers:
        if name == b"content-length":
            length = int(value) if value.isdigit() else 0
        elif name in (b"transfer-encoding", b"upgrade"):
            return 0
    return length
