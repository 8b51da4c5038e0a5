"""Recognise callers by asking `access`, at most once a second for the same credentials, and by the edge's identity tokens.

What `access` said holds for a second, so that a key that is revoked stops working everywhere within it. While `access` is away,
what it said last holds as long as the identity token it said it with (a minute at most); other callers get 503.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from filemill.chassis.certificates import trusted
from filemill.chassis.clock import unix_s
from filemill.chassis.errors import FilemillError, Forbidden, Unauthenticated, Unavailable
from filemill.chassis.identity.principal import Principal
from filemill.chassis.identity.tokens import HEADER as IDENTITY_HEADER
from filemill.chassis.identity.tokens import IdentityReader
from filemill.chassis.resilience.breaker import Breaker
from filemill.chassis.telemetry import spans, tracing
from filemill.chassis.telemetry.request_context import context_headers
from filemill.chassis.web.authentication import (
    COOKIE,
    CSRF_HEADER,
    METHOD_HEADER,
    NOTHING,
    Shown,
)

FRESH_S = 0.8
"""Below the second within which a revocation works everywhere."""
KEPT_MOST = 10_000
CONNECT_S = 0.25
TOTAL_S = 2.0
KEYS_EVERY_S = 5.0
"""Tokens with unknown keys are cheap to send: they must not become as many questions."""


class CsrfFailed(Forbidden):
    code, title = "csrf-failed", "This call needs the session's CSRF token"


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Principal | FilemillError
    fresh_until_s: float
    ends_at: float


class AskingAccess:
    """See `authentication.Authenticator`. `base_url`: where `access` answers."""

    def __init__(self, base_url: str) -> None:
        patience = httpx.Timeout(TOTAL_S, connect=CONNECT_S)
        limits = httpx.Limits(max_connections=20)
        self._client = httpx.AsyncClient(base_url=base_url, timeout=patience, limits=limits, verify=trusted())
        self._breaker = Breaker("access")
        self._reader = IdentityReader([])
        self._keys_asked_s = float("-inf")
        self._kept: dict[Shown, _Kept] = {}
        self._asking: dict[Shown, asyncio.Task[Principal]] = {}

    async def principal(self, shown: Shown) -> Principal | None:
        """See `Authenticator.principal`."""
        if shown == NOTHING:
            return None
        kept = self._kept.get(shown)
        if kept is not None and time.monotonic() < kept.fresh_until_s:
            if isinstance(kept.answer, FilemillError):
                raise _again(kept.answer)
            return kept.answer
        # Those who come with the same credentials meanwhile wait for the same answer.
        task = self._asking.get(shown)
        if task is None:
            task = self._asking[shown] = asyncio.create_task(self._find_out(shown), name="ask-access")
            task.add_done_callback(lambda done: self._ended(shown, done))
        return await asyncio.shield(task)

    def at_hand(self, shown: Shown) -> Principal | None:
        """The caller, if `access` said so a moment ago; None: `principal` has to ask, or to refuse."""
        kept = self._kept.get(shown)
        if kept is None or time.monotonic() >= kept.fresh_until_s or isinstance(kept.answer, FilemillError):
            return None
        return kept.answer

    async def prepare(self) -> None:
        """Ask for the keys before the first caller comes, who would wait for it; if `access` is away, that one asks."""
        with contextlib.suppress(Unavailable):
            await self._ask_for_keys()

    async def close(self) -> None:
        """See `Authenticator.close`."""
        await self._client.aclose()

    def _ended(self, shown: Shown, task: "asyncio.Task[Principal]") -> None:
        self._asking.pop(shown, None)
        if not task.cancelled():
            task.exception()  # whoever asked may have gone: then nobody else looks at it

    async def _find_out(self, shown: Shown) -> Principal:
        before = self._kept.get(shown)
        try:
            principal, ends_at, fresh_s = await (self._of_token(shown.identity) if shown.identity else self._ask(shown))
        except (Unauthenticated, Forbidden) as error:
            self._keep(shown, _Kept(error, time.monotonic() + FRESH_S, 0.0))
            raise
        except Unavailable:
            if before is not None and isinstance(before.answer, Principal) and unix_s() < before.ends_at:
                return before.answer
            raise
        self._keep(shown, _Kept(principal, time.monotonic() + fresh_s, ends_at))
        return principal

    def _keep(self, shown: Shown, kept: _Kept) -> None:
        self._kept.pop(shown, None)
        if len(self._kept) >= KEPT_MOST:
            del self._kept[next(iter(self._kept))]  # the one that was asked about longest ago
        self._kept[shown] = kept

    async def _of_token(self, token: str) -> tuple[Principal, float, float]:
        if not self._reader.knows(token):
            await self._ask_for_keys()
        principal, ends_at = self._reader.read(token)
        return principal, ends_at, ends_at - unix_s()

    async def _ask(self, shown: Shown) -> tuple[Principal, float, float]:
        headers = {METHOD_HEADER: "POST" if shown.changes else "GET"}
        if shown.bearer is not None:
            headers["Authorization"] = f"Bearer {shown.bearer}"
        if shown.session_id is not None:
            headers["Cookie"] = f"{COOKIE}={shown.session_id}"
        if shown.csrf_token is not None:
            headers[CSRF_HEADER] = shown.csrf_token
        response = await self._call("/verify", headers)
        if response.status_code == 403:
            raise CsrfFailed(_detail(response))
        if response.status_code == 401:
            raise Unauthenticated(_detail(response))
        token = response.headers.get(IDENTITY_HEADER)
        if not response.is_success or token is None:
            raise Unavailable("The access service gave no answer that says who you are.")
        principal, ends_at, _ = await self._of_token(token)
        return principal, ends_at, FRESH_S

    async def _ask_for_keys(self) -> None:
        if time.monotonic() - self._keys_asked_s < KEYS_EVERY_S:
            return
        response = await self._call("/identity-keys", {})
        if not response.is_success:
            raise Unavailable("The access service does not say by which keys its word is known.")
        self._reader = IdentityReader(response.json()["keys"])
        self._keys_asked_s = time.monotonic()

    async def _call(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        async with self._breaker.call():
            try:
                async with asyncio.timeout(TOTAL_S):
                    response = await self._get(path, headers)
            except (TimeoutError, httpx.HTTPError) as error:
                raise Unavailable("The access service does not answer; nobody can be recognised.") from error
            if response.is_server_error:
                raise Unavailable("The access service cannot answer; nobody can be recognised.")
            return response

    async def _get(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        with tracing.span(spans.HTTP_CLIENT, {"http.request.method": "GET", "peer.service": "access"}) as span:
            sent = {**headers, **context_headers()}
            try:
                response = await self._client.get(path, headers=sent)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.ConnectError, httpx.ConnectTimeout):
                # A kept connection that `access` had closed, or an instance that is just going: a restart of it must not cost
                # a caller anything, and the next try may meet another instance.
                response = await self._client.get(path, headers=sent)
            span.note({"http.response.status_code": response.status_code})
            return response


def _detail(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return "These credentials are not good."


def _again(error: FilemillError) -> FilemillError:
    """The same refusal for another request: one exception object must not gather the traces of many."""
    return type(error)(error.detail)
