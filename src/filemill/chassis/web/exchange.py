"""One request and its answer as they pass the edge of a service: what every answer says, what is counted, logged and traced."""

import time
from typing import Any

import structlog
from starlette.types import Message, Receive, Scope, Send

from filemill.chassis.limits.admission import Place
from filemill.chassis.telemetry import metrics, request_context, tracing
from filemill.chassis.web.drain_protocol import ZERO_COPY
from filemill.chassis.web.rates import SAID_KEY as SAID_RATE

PROBES = frozenset({"/livez", "/readyz", "/health", "/metrics"})
QUIET = PROBES | {"/verify"}
"""Asked all the time; only what goes wrong is worth a line. Of `/verify` the request that is asked about has its own."""
_HABITS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"same-origin"),
)
_PRIVATE = (b"cache-control", b"private, no-cache")
"""Where a route says nothing else: it is the caller's, no shared cache keeps it, and a browser asks with the ETag again."""
_log = structlog.get_logger()


class Exchange:
    """One request and its answer, as they pass."""

    def __init__(self, scope: Scope, send: Send, context: request_context.RequestContext) -> None:
        self._scope = scope
        self._send = send
        self.context = context
        self._began_s = time.perf_counter()
        self._status = 0
        self._bytes = 0
        self.finished = False
        self.place: Place | None = None

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on, its head with what every answer says."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self.leave_place(answered=True)
            given = message.get("headers", ())
            message = {**message, "headers": [*given, *self._own_headers()]}
            if not any(name.lower() == b"cache-control" for name, _ in given):
                message["headers"].append(_PRIVATE)
        elif message["type"] == "http.response.body":
            self._bytes += len(message.get("body", b""))
            self.finished = not message.get("more_body", False)
        elif message["type"] == ZERO_COPY:
            self._bytes += message["count"]
            self.finished = not message.get("more_body", False)
        await self._send(message)

    def _own_headers(self) -> list[tuple[bytes, bytes]]:
        own = (b"x-request-id", self.context.request_id.encode("ascii"))
        return [own, *_HABITS, *self._scope.get(SAID_RATE, ())]

    def leave_place(self, *, answered: bool) -> None:
        """He waits no longer, if he was counted."""
        if self.place is not None:
            self.place.leave(answered=answered)

    async def fail(self, response: Any, scope: Scope, receive: Receive) -> None:
        """Answer with this instead; if an answer has begun, end the connection."""
        if self._status:
            raise ConnectionAbortedError("the answer had begun when it failed")  # the server closes the connection
        await response(scope, receive, self.send)

    def describe(self, span: tracing.Span) -> None:
        """What is known only at the end."""
        scope, status = self._scope, self._status
        span.note(
            {
                "http.route": getattr(scope.get("route"), "path", None),
                "http.response.status_code": status or None,
                "filemill.file.id": scope.get("path_params", {}).get("file_id"),
            }
        )
        if status >= 500:
            span.fail(str(status))

    def record(self) -> None:
        """Count it, and write its line."""
        scope, duration_s = self._scope, time.perf_counter() - self._began_s
        route = scope.get("route")
        path = getattr(route, "path", None) or "(none)"
        count, seconds = metrics.of_route(scope["method"], path, self._status)
        count.inc()
        seconds.observe(duration_s, tracing.exemplar())
        if scope["path"] in QUIET and self._status in (200, 204):
            return
        _log.info(
            "http.request.done", method=scope["method"], route=path, status=self._status,
            duration_ms=round(duration_s * 1000, 2), response_bytes=self._bytes, **scope.get("path_params", {}),
        )  # fmt: skip
