"""The edge of every request: its ids, its log line, its metrics, the cap on its body. Plain ASGI, so streams stay streams."""

import re
from collections.abc import Callable, Collection, Sequence
from functools import partial

import structlog
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from filemill.chassis.errors import BadRequest, FilemillError, Forbidden, TooLarge, Unavailable
from filemill.chassis.limits.admission import FLOOR, SMALL_BODY_BYTES, Admission
from filemill.chassis.resilience import deadline
from filemill.chassis.telemetry import metrics, request_context, spans, tracing
from filemill.chassis.web.authentication import SCOPE_KEY as AUTHENTICATOR
from filemill.chassis.web.authentication import Authenticator, Everybody
from filemill.chassis.web.caller import SCOPE_KEY
from filemill.chassis.web.cors import with_cors
from filemill.chassis.web.drain_protocol import EXTENSION
from filemill.chassis.web.exchange import PROBES, QUIET, Exchange
from filemill.chassis.web.held_back import HeldBack
from filemill.chassis.web.problems import problem_response, unexpected
from filemill.chassis.web.proxies import TrustedProxies
from filemill.chassis.web.rates import HOLD_KEY, Rates, Unlimited
from filemill.chassis.web.rates import SCOPE_KEY as RATES
from filemill.chassis.web.upload_tokens import UploadTokens

BODY_MOST_BYTES = 1024 * 1024
"""Every body that is not a file: JSON and forms of our own API."""
_SEGMENT = re.compile(r"\{[a-z_]+\}")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_log = structlog.get_logger()


class Misdirected(BadRequest):
    status, title = 421, "This service does not answer under that host name"


class Full(Unavailable):
    code, title = "service-unavailable", "This service has as many requests as it can answer soon"


class BodyTooLarge(TooLarge):
    code, title = "body-too-large", "The body is larger than this call takes"


class Edge:
    """Wraps an app. `streaming` are (method, path) pairs whose bodies the app bounds itself; `{…}` is one segment."""

    def __init__(
        self,
        app: ASGIApp,
        streaming: Collection[tuple[str, str]] = (),
        draining: Callable[[], None] | None = None,
        upload_tokens: UploadTokens | None = None,
        routes: Sequence[APIRoute] = (),
        leaving: Callable[[], None] | None = None,
    ) -> None:
        self._app = app
        self.routes = routes
        """What the app answers, for whoever documents or checks it."""
        self._upload_tokens = upload_tokens
        self._streaming = [(method, re.compile(_SEGMENT.sub("[^/]+", path))) for method, path in streaming]
        self._draining = draining
        self._leaving = leaving
        self._entry: ASGIApp = self._serve
        self._authenticator: Authenticator = Everybody()
        self._rates: Rates = Unlimited()
        self._held_back = HeldBack()
        self._admission: Admission | None = None
        self._hosts: frozenset[str] | None = None
        self._origins: frozenset[str] = frozenset()
        self._proxies = TrustedProxies("")

    @property
    def authenticator(self) -> Authenticator:
        """What recognises callers; everybody is the local user until `authenticate` says otherwise."""
        return self._authenticator

    def authenticate(self, authenticator: Authenticator) -> None:
        """Recognise callers by this."""
        self._authenticator = authenticator

    def limit(self, rates: Rates) -> None:
        """Count callers by this."""
        self._rates = rates

    def bound(self, waiting: int = FLOOR) -> None:
        """Refuse who comes while too many wait for their answers; `waiting` may at any time (`limits.admission`)."""
        self._admission = Admission(floor=waiting, told=_tell_refused)

    def believe(self, proxies: TrustedProxies) -> None:
        """Take the word of these on where a request came from."""
        self._proxies = proxies

    def trust(self, hosts: frozenset[str] | None, origins: frozenset[str] = frozenset()) -> None:
        """Answer under these host names only, and let pages of these origins (`https://app.example`) call from a browser.

        None: under any name, since credentials are asked for.
        """
        self._hosts, self._origins = hosts, origins
        if origins:
            self._entry = with_cors(self._serve, origins)

    def leave(self) -> None:
        """The process was asked to stop: it goes on serving for a moment, but nobody should send more here."""
        if self._leaving is not None:
            self._leaving()

    def drain(self) -> None:
        """Nothing more is taken: end what would never end by itself."""
        if self._draining is not None:
            self._draining()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._entry(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        scope["client"] = self._proxies.client(scope.get("client"), headers)
        context = request_context.begin(
            _text(headers, b"x-request-id"), _text(headers, b"traceparent"), _text(headers, b"tracestate")
        )
        exchange = Exchange(scope, send, context)
        refusal = None
        if scope["path"] not in QUIET:
            refusal = self._held_back.refusal(headers) or self._no_place(headers, exchange)
        if refusal is not None:
            with request_context.within(context):
                await exchange.fail(problem_response(refusal), scope, receive)
            return
        try:
            await self._take(scope, headers, receive, exchange)
        finally:
            exchange.leave_place(answered=False)

    async def _take(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, exchange: Exchange) -> None:
        asked = deadline.as_asked(_text(headers, deadline.HEADER.lower().encode()))
        with request_context.within(exchange.context), asked, metrics.REQUESTS_IN_FLIGHT.track_inprogress():
            if scope["path"] in PROBES:
                await self._answer(scope, headers, receive, exchange)
                exchange.record()
            else:
                with tracing.span(spans.HTTP_SERVER, {"http.request.method": scope["method"]}) as span:
                    await self._answer(scope, headers, receive, exchange)
                    exchange.record()
                    exchange.describe(span)

    def _no_place(self, headers: dict[bytes, bytes], exchange: Exchange) -> FilemillError | None:
        """Refuse, or count him. Who says how long he waits (our own services do) is not kept longer anyway."""
        if self._admission is None or deadline.HEADER.lower().encode() in headers:
            return None
        if not self._admission.admits():
            after_s = self._admission.retry_after_s
            return Full(f"Too many wait here for their answers; come again in {after_s} s.", retry_after_s=after_s)
        if b"transfer-encoding" not in headers and int(headers.get(b"content-length", 0)) <= SMALL_BODY_BYTES:
            exchange.place = self._admission.place()
            exchange.place.take()
        return None

    def _streams(self, method: str, path: str) -> bool:
        return any(method == its and pattern.fullmatch(path) for its, pattern in self._streaming)

    async def _answer(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, exchange: Exchange) -> None:
        try:
            self._check_origin(scope["method"], headers)
            scope[SCOPE_KEY], scope[AUTHENTICATOR] = self._upload_tokens, self._authenticator
            scope[RATES], scope[HOLD_KEY] = self._rates, partial(self._held_back.hold, headers)
            if not self._streams(scope["method"], scope["path"]):
                receive = _bounded(headers, receive)
                scope.get("extensions", {}).pop(EXTENSION, None)  # a thread would read past the count
            await self._app(scope, receive, exchange.send)
        except FilemillError as error:
            await exchange.fail(problem_response(error), scope, receive)
        except Exception as error:  # noqa: BLE001 - the last one who can answer: it is logged and becomes a 500
            if exchange.finished:
                return  # Starlette raises again what `problems` has answered and logged
            await exchange.fail(unexpected(error), scope, receive)

    def _check_origin(self, method: str, headers: dict[bytes, bytes]) -> None:
        """Where nobody is asked for credentials, pages of other sites must not reach us through a user's browser.

        By a name of theirs that points here (DNS rebinding), or by a form that posts across sites (Fetch Metadata).
        """
        if self._hosts is None:
            return
        host = headers.get(b"host", b"").decode("latin-1").lower()
        name = host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]
        if name and name not in self._hosts:
            raise Misdirected("Use the name or address the service was started with.")
        cross_site = headers.get(b"sec-fetch-site") == b"cross-site"
        if cross_site and method not in _SAFE_METHODS and _text(headers, b"origin") not in self._origins:
            raise Forbidden("A page of another site may not change anything here.")


def _tell_refused(requests: int) -> None:
    metrics.REQUESTS_REFUSED.inc(requests)
    _log.warning("http.requests.refused", requests=requests)


def _bounded(headers: dict[bytes, bytes], receive: Receive) -> Receive:
    length = headers.get(b"content-length")
    if length is not None and int(length) > BODY_MOST_BYTES:
        raise BodyTooLarge(f"This call takes at most {BODY_MOST_BYTES} bytes.")
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > BODY_MOST_BYTES:
            raise BodyTooLarge(f"This call takes at most {BODY_MOST_BYTES} bytes.")
        return message

    return counted


def _text(headers: dict[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return value.decode("latin-1") if value is not None else None
