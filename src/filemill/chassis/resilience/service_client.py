"""HTTP from one service to another: deadline, retries, breaker, the request's ids handed on.

A 404 is an answer (None). Anything else but 2xx is `Unavailable`, and so is a timeout or a refused connection; the caller
degrades. Questions (GET) may be repeated: after no answer at all, 408, 425, 429 and 5xx. All attempts together take at most
`total_s`, and never longer than the caller's own deadline; the breaker sees them as one call. What is handed over (`put`) is
tried once: a body is not read twice here, and who has it tries again later with the same key.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from filemill.chassis import faults
from filemill.chassis.certificates import trusted
from filemill.chassis.errors import Unavailable
from filemill.chassis.identity.service_assertions import ServiceAssertions
from filemill.chassis.identity.tokens import HEADER as IDENTITY_HEADER
from filemill.chassis.resilience import deadline
from filemill.chassis.resilience.breaker import Breaker
from filemill.chassis.resilience.retry import RetryBudget, attempts
from filemill.chassis.settings import ServiceSettings
from filemill.chassis.signing_keys import signing_keys
from filemill.chassis.telemetry import request_context, spans, tracing

CONNECT_S = 0.25
WORTH_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


class Failed(Unavailable):
    """No use could be made of one attempt. `worth`: another one may do better; `answered`: with which status."""

    def __init__(self, detail: str, *, worth: bool, asked_s: float | None = None, answered: int | None = None) -> None:
        super().__init__(detail, retry_after_s=max(1, round(asked_s)) if asked_s is not None else 1)
        self.worth = worth
        self.asked_s = asked_s
        self.answered = answered


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said to something that was handed over: an object, or the problem it has with it."""

    status: int
    body: dict[str, Any]

    @property
    def is_yes(self) -> bool:
        """Whether it took it."""
        return self.status < 300


class ServiceClient:
    """Asks one service."""

    def __init__(
        self, name: str, base_url: str, *, total_s: float = 0.5, assertions: ServiceAssertions | None = None
    ) -> None:
        self._assertions = assertions
        self.breaker = Breaker(name)
        self._name = name
        self._total_s = total_s
        self._budget = RetryBudget(name)
        patience = httpx.Timeout(total_s, connect=min(CONNECT_S, total_s))
        limits = httpx.Limits(max_connections=50)
        self._client = httpx.AsyncClient(base_url=base_url, timeout=patience, limits=limits, verify=trusted())
        if faults.possible():
            faults.ahead(self._client, ("request", "put"), _maybe_lost)

    @classmethod
    def of(cls, settings: ServiceSettings, name: str, *, total_s: float = 0.5) -> "ServiceClient":
        """The client of one service to another. Raises `StartError`."""
        assertions = (
            ServiceAssertions(settings.service, signing_keys(settings)) if settings.asks_for_credentials else None
        )
        return cls(name, settings.base_url(name), total_s=total_s, assertions=assertions)

    async def get_json(self, path: str, *, for_owner: str | None = None) -> Any | None:
        """The JSON at `path`; None for 404. Raises `Unavailable` (a retry helps once the service is back).

        It is asked in the name of whoever asked us; `for_owner` says for whose files where nobody did.
        """
        return await self._question("GET", path, None, for_owner)

    async def ask_json(self, path: str, question: Mapping[str, Any]) -> Any | None:
        """As `get_json` for a question that has a body (POST): it changes nothing, so it may be repeated."""
        return await self._question("POST", path, question, None)

    async def _question(
        self, method: str, path: str, body: Mapping[str, Any] | None, for_owner: str | None
    ) -> Any | None:
        left_s = deadline.left_s(self._total_s)
        with deadline.within(left_s):
            async with self.breaker.call():
                try:
                    async with asyncio.timeout(left_s):
                        async for attempt in attempts(self._budget, _is_worth, _asked_s):
                            with attempt:
                                return await self._ask(method, path, body, for_owner)
                except TimeoutError as error:
                    if left_s < self._total_s:
                        raise deadline.Over from error
                    raise Unavailable(f"The {self._name} service does not answer in time.") from error
        raise AssertionError("attempts() ends with a result or an error")

    async def put(
        self,
        path: str,
        query: Mapping[str, str],
        body: AsyncIterator[bytes],
        size_bytes: int,
        *,
        key: str,
        total_s: float,
        for_owner: str,
    ) -> Answer:
        """Send `size_bytes` of `body` once, as `key` (the same for every try). Raises `Unavailable`; a retry helps later.

        A refusal is an answer: 4xx, but for those that say that another try can change it.
        """
        patience = httpx.Timeout(total_s, connect=CONNECT_S)
        async with self.breaker.call():
            with tracing.span(spans.HTTP_CLIENT, {"http.request.method": "PUT", "peer.service": self._name}) as span:
                headers = self._headers(for_owner) | {"Idempotency-Key": key, "Content-Length": str(size_bytes)}
                headers[deadline.HEADER] = str(int(total_s * 1000))
                try:
                    async with asyncio.timeout(total_s):
                        response = await self._client.put(
                            path, params=query, content=body, headers=headers, timeout=patience
                        )
                except (TimeoutError, httpx.HTTPError) as error:
                    span.fail("no-answer")
                    raise Unavailable(f"The {self._name} service does not answer.") from error
                span.note({"http.response.status_code": response.status_code})
            if response.status_code in WORTH_STATUS or response.is_server_error:
                raise self._not_now(response)
        said = _object(response)
        if said.get("retryable"):
            raise self._not_now(response)
        return Answer(response.status_code, said)

    def _not_now(self, response: httpx.Response) -> Failed:
        asked_s = _seconds(response.headers.get("retry-after"))
        return self._failed(response.status_code, worth=True, asked_s=asked_s)

    def _failed(self, answered: int, *, worth: bool, asked_s: float | None) -> Failed:
        return Failed(f"The {self._name} service answered {answered}.", worth=worth, asked_s=asked_s, answered=answered)

    async def check(self) -> None:
        """For `/health`: raises `Unavailable` while the breaker is open. Asks nothing."""
        if self.breaker.is_open:
            raise Unavailable(f"The {self._name} service does not answer; what needs it is refused for the moment.")

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    def _headers(self, for_owner: str | None) -> dict[str, str]:
        """The ids of the work at hand, and who asks: the caller of this request, else this service for an owner's files."""
        headers, context = request_context.context_headers(), request_context.current()
        if context is not None and context.identity is not None and for_owner is None:
            return headers | {IDENTITY_HEADER: context.identity}
        if self._assertions is not None:
            headers["Authorization"] = f"Bearer {self._assertions.write(for_owner or '')}"
        return headers

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None, for_owner: str | None) -> Any | None:
        with tracing.span(spans.HTTP_CLIENT, {"http.request.method": method, "peer.service": self._name}) as span:
            headers = self._headers(for_owner) | {deadline.HEADER: str(int(deadline.left_s() * 1000))}
            try:
                response = await self._client.request(method, path, headers=headers, json=body)
            except httpx.HTTPError as error:
                span.fail("no-answer")
                raise Failed(f"The {self._name} service does not answer.", worth=True) from error
            span.note({"http.response.status_code": response.status_code})
        if response.status_code == 404:
            return None
        if not response.is_success:
            worth = response.status_code in WORTH_STATUS
            asked_s = _seconds(response.headers.get("retry-after"))
            raise self._failed(response.status_code, worth=worth, asked_s=asked_s)
        return response.json()


async def _maybe_lost(_method: str) -> None:
    if faults.is_on("calls-down"):
        raise httpx.ConnectError("the fault calls-down is on")


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        said = response.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _is_worth(error: Exception) -> bool:
    return isinstance(error, Failed) and error.worth


def _asked_s(error: Exception) -> float | None:
    return error.asked_s if isinstance(error, Failed) else None


def _seconds(retry_after: str | None) -> float | None:
    """`Retry-After` as our services write it; a date is not waited for (RFC 9110, 10.2.3)."""
    return float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
