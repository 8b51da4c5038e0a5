"""One request and its answer, relayed between a client and a service, in both directions at once.

Not for: reading request heads (`client`), the bodies (`request_body`, `response_body`), what the edge answers itself.
On failure: before the answer began, 503 `service-unavailable`; after it, the client's connection is broken off, so a
short body can never pass as a whole one. A client that leaves takes its service connection with it. A kept connection
that dies before any byte of the answer is tried once more on a fresh one, if the request may be sent twice.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from filemill.chassis.telemetry.request_context import RequestContext, within
from filemill.chassis.web.authentication import Shown
from filemill.gateway import answers, forwarding
from filemill.gateway.callers import Callers
from filemill.gateway.heads import RequestHead, ResponseHead
from filemill.gateway.peer import ANSWER_CAME_EARLY, NOT_CONNECTED_YET, OTHER_SIDE_FULL
from filemill.gateway.pool import Pool
from filemill.gateway.records import Record
from filemill.gateway.request_body import RequestBody
from filemill.gateway.response_body import ResponseBody
from filemill.gateway.routes import Route
from filemill.gateway.service import ServiceConnection

if TYPE_CHECKING:
    from filemill.gateway.client import ClientConnection

# Safe to send twice (RFC 9110 section 9.2.2); a POST only when it carries an Idempotency-Key.
IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"})


class Exchange:
    """Lives from a parsed request head to the last byte of the answer."""

    def __init__(self, client: ClientConnection, head: RequestHead, route: Route, pool: Pool, record: Record) -> None:
        self.client, self.head, self.route, self.record = client, head, route, record
        self.edge = client.edge
        self.service: ServiceConnection | None = None
        self.over = False
        self._request = RequestBody(self)
        self._response: ResponseBody | None = None
        self._pool = pool
        self._place = pool.admission.place()
        self._keep = False  # the client's connection stays open after the answer
        self._service_keeps = False
        self._path = b""
        self._caller: str | None = None  # the identity token that goes on in the place of credentials
        self._connecting: asyncio.Task[None] | None = None
        self._early: tuple[ResponseHead, bytes] | None = None

    @property
    def request_done(self) -> bool:
        return self._request.done

    @property
    def streaming(self) -> bool:
        """True while an answer without end goes out."""
        return self.route.streaming and self._response is not None

    def begin(self, path: bytes) -> None:
        """Send the request to the service; `path` is what it sees, with the query.

        Who calls is asked before a byte of the body is read on.
        """
        self._path = path
        if self.request_done or (self.head.length or math.inf) <= self.edge.limits.small_body_bytes:
            self._place.take()
        callers = self.edge.callers if self.route.asks else None
        shown = callers.shown(self.head) if callers is not None else None
        if callers is None or shown is None:
            return self._send()
        self._caller = callers.at_hand(shown)
        if self._caller is not None:
            return self._send()
        self.client.hold(NOT_CONNECTED_YET)
        self._connecting = self.spawn(self._asked(callers, shown))
        return None

    async def _asked(self, callers: Callers, shown: Shown) -> None:
        identity = self.record.identity
        with within(RequestContext(identity.request_id, identity.traceparent)):
            self._caller = await callers.ask(shown)
        self._connecting = None
        self._send()

    def _send(self) -> None:
        service = self._pool.take()
        if service is not None:
            self._attach(service)
        else:
            self._connect()

    def _connect(self) -> None:
        self.client.hold(NOT_CONNECTED_YET)
        self._connecting = self.spawn(self._connected())

    async def _connected(self) -> None:
        try:
            service = await self._pool.connect()
        except OSError:  # refused, no such socket, or not accepted in time
            self._fail("not-connected", f"The service {self.route.service} is not reachable.")
        else:
            self._attach(service)

    def _attach(self, service: ServiceConnection) -> None:
        self.service = service
        service.begin(self)
        head = forwarding.request_head(
            self.head, self._path, self.route, self.record.client, self.record.identity, self._caller
        )
        if self.client.full:
            service.hold(OTHER_SIDE_FULL)
        self.touch(self.route.response_head_s if self.request_done else self.route.idle_s)
        self.client.release(NOT_CONNECTED_YET)
        self._request.start(head)

    # --- what arrives ---

    def request_body(self, data: bytes) -> None:
        self._request.feed(data)

    def request_complete(self) -> None:
        """From here on the service's time runs."""
        if self._response is None:
            self._place.take()
            self.touch(self.route.response_head_s)

    def interim(self, head: ResponseHead) -> None:
        """100 Continue and its kind pass; the real answer follows."""
        if self.head.version != "1.0":
            self.client.write(b"HTTP/1.1 %d %b\r\n\r\n" % (head.status, answers.REASONS.get(head.status, b"Interim")))

    def response_head(self, head: ResponseHead, rest: bytes) -> None:
        """The head of the real answer, and what came with it."""
        if self._request.lending.active and self.service is not None:
            # The thread may have sent the last byte already: only its result says whether the body is complete.
            self._early = (head, rest)
            self.service.hold(ANSWER_CAME_EARLY)
            return self._request.lending.cancel()
        self.record.status = head.status
        # A service that refuses by itself has done nothing: were that counted, it would be sent the more, the more it refuses.
        self._place.leave(answered=head.status != HTTPStatus.SERVICE_UNAVAILABLE)
        self._response = response = ResponseBody(self, head)
        self._keep = self.client.may_keep(self.head) and self.request_done
        self._service_keeps = not (head.wants_close or response.to_the_end)
        out = forwarding.response_head(
            head,
            self.record.identity.request_id,
            length=None if head.status == 204 else head.length,
            chunked=response.chunked_out,
            keep=self._keep,
        )
        self.touch_answer()
        return response.start(out, rest)

    def request_moved(self) -> None:
        """The thread has given the request's body back: now its place is known, an answer that waited can go on."""
        early, self._early = self._early, None
        if early is not None and self.service is not None:
            service = self.service
            self.response_head(*early)
            service.release(ANSWER_CAME_EARLY)

    def response_body(self, data: bytes) -> None:
        assert self._response is not None
        self._response.feed(data)

    # --- what ends it ---

    def finish(self, *, reusable: bool) -> None:
        """The answer is complete; `reusable` is False when more came than the answer."""
        self._end(reusable=reusable and self.request_done and self._service_keeps)
        self.client.exchange_over(keep=self._keep, body_read=self.request_done)

    def service_lost(self, service: ServiceConnection, *, clean: bool) -> None:
        """The service's connection ended while it carried this exchange."""
        if self.over:
            return None
        self.service = None
        if self._response is not None:
            if clean and self._response.to_the_end:
                return self._response.end(reusable=False)
            return self.break_off("cut-off")
        if service.reused and not service.answered and self._may_repeat():
            self.record.retried = True
            self.edge.stats.retries[self.route.service] += 1
            return self._connect()
        return self._fail("no-answer", f"The service {self.route.service} ended the connection without an answer.")

    def _may_repeat(self) -> bool:
        safe = self.head.method in IDEMPOTENT or bool(self.head.values(b"idempotency-key"))
        return safe and not self.head.has_body and not self.record.retried

    def client_lost(self) -> None:
        """The client went: its service connection goes too, so nothing half-sent is taken for whole."""
        if not self.over:
            self.record.outcome = "client-gone"
            self._end(reusable=False)

    def expired(self) -> None:
        """The deadline passed without progress."""
        if self._request.lending.active or (self._response is not None and self._response.lending.active):
            return self.touch(self.route.idle_s)  # the thread watches the pace itself
        if self.client.progressed() or (self.service is not None and self.service.progressed()):
            return self.touch(self.route.idle_s)  # slow, but not standing still
        if self._response is not None:
            return self.break_off("stalled")
        client_is_late = not self.request_done and self.service is not None and not self.service.full
        if client_is_late and not self.head.values(b"expect") and not self._request.lending.target_broke:
            return self.refuse(answers.bad_request("The request's body did not arrive in time.", 408))
        return self._fail("timeout", f"The service {self.route.service} did not answer in time.")

    def refuse(self, problem: answers.Problem, *, outcome: str = "refused") -> None:
        """Answer instead of the service; if its answer has begun, break off."""
        if self._response is not None:
            return self.break_off("refused-late")
        self.record.outcome = outcome
        self._end(reusable=False, counted=False)
        return self.client.answer_problem(problem, self.head, self.record, body_read=self.request_done)

    def break_off(self, reason: str) -> None:
        """The answer cannot be completed: the client must see that it is cut."""
        self.edge.stats.service_failures[self.route.service, reason] += 1
        self.record.outcome = "service-failed"
        self._end(reusable=False)
        self.client.reset()

    def _fail(self, reason: str, detail: str) -> None:
        self.edge.stats.service_failures[self.route.service, reason] += 1
        self.refuse(answers.service_unavailable(detail), outcome="service-failed")

    def _end(self, *, reusable: bool, counted: bool = True) -> None:
        self.over = True
        self._place.leave(answered=False)
        self._request.lending.cancel()
        if self._response is not None:
            self._response.lending.cancel()
        if self._connecting is not None and self._connecting is not asyncio.current_task():
            self._connecting.cancel()
        service, self.service = self.service, None
        if service is not None:
            service.detach(reusable=reusable)
        self._pool.leave()
        if counted:
            self.edge.finished(self.record)

    # --- for the bodies ---

    def touch(self, seconds: float | None) -> None:
        """There was progress: the next must come within `seconds`; None for no limit."""
        self.client.set_deadline(seconds)

    def touch_answer(self) -> None:
        self.touch(None if self.route.streaming else self.route.idle_s)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self.edge.spawn(work)
