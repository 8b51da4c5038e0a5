"""A client's connection: reads request heads, finds out who answers, and keeps order between pipelined requests.

One exchange at a time; what comes early waits here, within a bound.
Not for: relaying (`exchange`).
On failure: what cannot be understood is refused with a problem and the connection ends: after bytes that two parsers
could read differently nothing on it can be trusted. An unread body is thrown away for a moment before closing, or the
client's system would discard the answer together with the connection.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from filemill.gateway import answers, local_answers
from filemill.gateway.answers import Answer, Problem
from filemill.gateway.exchange import Exchange
from filemill.gateway.heads import BARE_LINE_FEED, HeadError, RequestHead, parse_request
from filemill.gateway.identity import identify
from filemill.gateway.peer import PIPELINED_ENOUGH, Peer
from filemill.gateway.records import Record
from filemill.gateway.routes import find_route
from filemill.gateway.targets import TargetError, parse_target

if TYPE_CHECKING:
    from filemill.gateway.edge import Edge

FULL_LINGER_S = 1.0
CONNECTIONS_ABOVE_BOUND = 100  # that may still be told why; beyond, they are closed without a word


class ClientConnection(Peer):
    """One connection from outside."""

    def __init__(self, edge: Edge) -> None:
        super().__init__()
        self.edge = edge
        self.deadline_s = math.inf
        self._buffer = b""
        self._exchange: Exchange | None = None
        self._waiting = False  # for an answer of the edge's own that takes a moment
        self._head_began = False
        self._lingering = False
        self._address = "unknown"

    # --- the connection ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        edge = self.edge
        edge.entered(self)
        peername = transport.get_extra_info("peername")
        self._address = peername[0] if isinstance(peername, tuple) else "local"
        self.set_deadline(edge.limits.client_head_s)
        above = len(edge.clients) - edge.limits.client_connections
        if above > 0:
            edge.stats.refused_connections += 1
            if above > CONNECTIONS_ABOVE_BOUND:
                return self.abort()
            self._refuse(answers.service_unavailable("The gateway holds as many connections as it may."))
            self.set_deadline(FULL_LINGER_S)
        return None

    def lost(self) -> None:
        self.edge.left(self)
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.client_lost()

    def eof_received(self) -> None:
        # Nobody reads an answer half-closed: as other proxies do, a client that ends its side is taken to have left.
        if self._exchange is not None:
            self.abort()

    def other_side(self) -> Peer | None:
        return self._exchange.service if self._exchange else None

    def set_deadline(self, seconds: float | None) -> None:
        self.deadline_s = math.inf if seconds is None else asyncio.get_running_loop().time() + seconds

    def expired(self) -> None:
        """The deadline passed; called by the edge's tick."""
        if self._exchange is None and self.progressed():  # still reading the last answer, slowly
            self.set_deadline(self.edge.limits.client_idle_s)
        elif self._lingering or self.transport.is_closing():
            self.abort()
        elif self._exchange is not None:
            self._exchange.expired()
        elif self._buffer:
            self._refuse(answers.bad_request("The request's head did not arrive in time.", 408))
        else:
            self.close()

    def stop(self) -> None:
        """The gateway stops: an idle connection closes, one with a request closes after its answer."""
        if self._exchange is not None:
            if self._exchange.streaming:
                self.abort()
        elif not (self._waiting or self._lingering):
            self.close()

    # --- reading ---

    def data_received(self, data: bytes) -> None:
        if self._lingering:
            return None
        if self._exchange is not None and not self._exchange.request_done:
            return self._exchange.request_body(data)
        if self._exchange is not None or self._waiting:
            return self.keep_for_later(data)
        if not self._head_began:
            self._head_began = True
            self.set_deadline(self.edge.limits.client_head_s)
        self._buffer += data
        return self._read_head(searched=len(self._buffer) - len(data))

    def keep_for_later(self, data: bytes) -> None:
        """Bytes after the current request; beyond a bound the client is not read any more."""
        self._buffer += data
        if len(self._buffer) > self.edge.limits.head_bytes:
            self.hold(PIPELINED_ENOUGH)

    def take_buffer(self) -> bytes:
        data, self._buffer = self._buffer, b""
        return data

    def _read_head(self, searched: int = 0) -> None:
        if self._exchange is not None or self._waiting or self._lingering or self.closed:
            return None
        if self._buffer[:2] == b"\r\n":
            self._buffer = self._buffer.lstrip(b"\r\n")  # RFC 9112 section 2.2: some clients add an empty line
            searched = 0
        if not self._buffer or self._buffer == b"\r":
            return None
        end = self._buffer.find(b"\r\n\r\n", max(0, searched - 3)) + 4
        if end > self.edge.limits.head_bytes or (end < 4 and len(self._buffer) > self.edge.limits.head_bytes):
            return self._refuse(
                answers.bad_request(f"The request's head is longer than {self.edge.limits.head_bytes:,} bytes.", 431)
            )
        if end < 4:
            hopeless = not self._buffer[:1].isupper() or BARE_LINE_FEED.search(self._buffer, max(0, searched - 1))
            return self._refuse(answers.bad_request("This is not HTTP/1.1.")) if hopeless else None
        raw, self._buffer = self._buffer[:end], self._buffer[end:]
        try:
            head = parse_request(raw, self.edge.limits.header_count)
        except HeadError as error:
            return self._refuse(answers.bad_request(error.detail, error.status))
        return self._serve(head)

    # --- answering ---

    def _serve(self, head: RequestHead) -> None:
        """Find out who answers: the edge itself, a service, or nobody."""
        record = self._record(head)
        edge = self.edge
        try:
            target = parse_target(head.url)
        except TargetError as error:
            return self.answer_problem(answers.bad_request(str(error)), head, record, close=True)
        record.path = target.path
        if target.authority is not None and target.authority != head.host:
            problem = answers.bad_request("The request target names another host than the Host header.")
            return self.answer_problem(problem, head, record, close=True)
        if not edge.host_is_allowed(head.host):
            problem = answers.bad_request("This gateway does not answer under that host name.", 421)
            return self.answer_problem(problem, head, record, close=True)
        route = find_route(edge.routes, target.path)
        if route is None:
            return local_answers.answer(self, head, target, record)
        if not target.raw_path.startswith(route.strip.encode()):  # the service would get another path than was routed
            problem = answers.bad_request("The first part of the path may not be percent-encoded.")
            return self.answer_problem(problem, head, record, close=True)
        record.service, record.route = route.service, route.prefix
        if head.length is not None and head.length > route.max_body_bytes:
            return self.answer_problem(answers.file_too_large(f"{route.max_body_bytes:,}"), head, record)
        pool = edge.pools.get(route.service)
        if pool is None:
            problem = answers.service_unavailable(f"The service {route.service} is not part of this installation.")
            return self.answer_problem(problem, head, record)
        if not pool.enter():
            record.outcome = "full"
            problem = answers.service_full(route.service, pool.admission.retry_after_s)
            return self.answer_problem(problem, head, record, body_read=self._skip_body(head))
        self._exchange = Exchange(self, head, route, pool, record)
        return self._exchange.begin((target.raw_path[len(route.strip) :] or b"/") + target.query)

    def _skip_body(self, head: RequestHead) -> bool:
        """Pass over the body if all of it is here: a client that is refused needs no new connection to come again."""
        if head.has_body and (head.length is None or len(self._buffer) < head.length):
            return False
        self._buffer = self._buffer[head.length or 0 :]
        return True

    def _record(self, head: RequestHead) -> Record:
        identity = identify(head, self.edge.trace_sample_ratio, own_span=self.edge.on_span is not None)
        return Record(identity, self._address, method=head.method.decode("ascii"))

    def wait(self) -> None:
        """An answer of the edge's own is on its way."""
        self._waiting = True
        self.set_deadline(None)

    def may_keep(self, head: RequestHead) -> bool:
        """Whether the connection can carry another request after this one."""
        return not (head.wants_close or head.chunked or self.edge.stopping)

    def answer_problem(
        self, problem: Problem, head: RequestHead, record: Record, *, body_read: bool | None = None, close: bool = False
    ) -> None:
        if record.outcome == "ok":
            record.outcome = "refused"
        answer = problem.answer(record.identity.request_id)
        self.answer(answer, head, record, body_read=body_read, close=close)

    def answer(
        self, answer: Answer, head: RequestHead, record: Record, *, body_read: bool | None = None, close: bool = False
    ) -> None:
        """Send an answer of the edge's own and end the exchange."""
        read = not head.has_body if body_read is None else body_read
        keep = self.may_keep(head) and read and not close
        head_only = head.method == b"HEAD"
        record.status, record.bytes_out = answer.status, 0 if head_only else len(answer.body)
        self.write(answer.encode(record.identity.request_id, keep=keep, head_only=head_only))
        self.edge.finished(record)
        self.exchange_over(keep=keep, body_read=read)

    def exchange_over(self, *, keep: bool, body_read: bool) -> None:
        """The answer is complete: on to the next request, or close."""
        self._exchange, self._waiting = None, False
        self._head_began = False
        if keep and not self.edge.stopping:
            self.release_all()
            self.set_deadline(self.edge.limits.client_head_s if self._buffer else self.edge.limits.client_idle_s)
            if self._buffer:  # not at once: a thousand pipelined requests must not become a thousand stack frames
                asyncio.get_running_loop().call_soon(self._read_head)
        elif body_read and not self._buffer:
            self.set_deadline(self.edge.limits.client_idle_s)  # for what is written but not taken yet
            self.close()
        else:
            self._linger()

    def _refuse(self, problem: Problem) -> None:
        """Refuse what could not even be read as a request."""
        self.answer_problem(problem, head := RequestHead(), self._record(head), body_read=False, close=True)

    def _linger(self) -> None:
        """End our side and throw away what still comes, so that the answer is not lost to a reset (RFC 9112, 9.6)."""
        self._lingering, self._buffer = True, b""
        self.release_all()
        self.set_deadline(self.edge.limits.linger_s)
        if not self.closed and not self.transport.is_closing():
            self.transport.write_eof()
