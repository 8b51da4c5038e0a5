"""One try of one delivery: sign, call, read a little of the answer. Knows no database.

The call goes to the address that was looked at (`chassis.outbound`), follows no redirect, uses no proxy of the environment and
no connection twice: one that was made for a name must not carry what is meant for another. Everything has a bound: looking up
and connecting 5 s each, all of it 15 s, 1 KiB of the answer. On failure: an `Outcome` that says what, never an exception.
"""

import asyncio
import functools
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx
from standardwebhooks import Webhook

from filemill import __version__
from filemill.chassis.clock import now
from filemill.chassis.outbound import RefusedDestination, Resolver
from filemill.notification.deliveries_repository import Outcome
from filemill.notification.schedule import asked_for_s

CONNECT_S = 5.0
TOTAL_S = 15.0
ANSWER_S = 2.0
"""What comes after the head decides nothing, so it is not waited for longer."""
ANSWER_MOST_BYTES = 1024
CONTENT_TYPE = "application/cloudevents+json"
NO_PUBLIC_ADDRESS = "the host name leads to no public address"
"""All that is said about what a name resolves to: whoever makes webhooks must not map our network by asking."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. `event_id` is the receiver's key for what it has seen; each of `secrets` signs.

    `ids`: request id and trace as headers. They are not signed: they are for finding, not for deciding.
    """

    url: str
    event_id: str
    body: bytes
    secrets: Sequence[str]
    ids: Mapping[str, str] = field(default_factory=dict)


class Sender:
    """Calls receivers."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._made: httpx.AsyncClient | None = None

    @property
    def _client(self) -> httpx.AsyncClient:
        """Made by the first try: where nobody has a webhook the certificates of the world are not read."""
        if self._made is None:
            self._made = httpx.AsyncClient(
                timeout=httpx.Timeout(TOTAL_S, connect=CONNECT_S),
                limits=httpx.Limits(max_keepalive_connections=0, max_connections=None),
                trust_env=False,
                follow_redirects=False,
                verify=_trusted(),
            )
        return self._made

    async def send(self, message: Message) -> Outcome:
        """One try."""
        began_s = time.monotonic()
        try:
            async with asyncio.timeout(TOTAL_S):
                return await self._try(message, began_s)
        except TimeoutError:
            return _failed(f"no answer within {TOTAL_S:g} seconds", began_s)
        except RefusedDestination as error:
            return _failed(refusal(error), began_s)
        except httpx.TimeoutException as error:
            what = "no connection" if isinstance(error, httpx.ConnectTimeout) else "no answer"
            return _failed(f"{what} in time", began_s)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return _failed(_reason(error), began_s)

    async def _try(self, message: Message, began_s: float) -> Outcome:
        place = await self._resolver.destination(message.url)
        request = self._client.build_request(
            "POST",
            place.url,
            content=message.body,
            headers={"Host": place.host, **headers(message)},
            extensions={"sni_hostname": place.tls_name},
        )
        response = await self._client.send(request, stream=True)
        try:
            return await _outcome(response, began_s)
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Let go of connections and threads."""
        if self._made is not None:
            await self._made.aclose()
        self._resolver.close()


def headers(message: Message) -> dict[str, str]:
    """The headers of Standard Webhooks 1.0: every secret in force signs, so that a receiver may know either."""
    moment = now()
    text = message.body.decode()
    signatures = [Webhook(secret).sign(message.event_id, moment, text) for secret in message.secrets]
    return {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": f"filemill/{__version__}",
        "Accept-Encoding": "identity",  # nothing of an answer is unpacked
        "webhook-id": message.event_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
        **message.ids,
    }


def refusal(error: RefusedDestination) -> str:
    """Why an address is not called, as its owner may know it."""
    return NO_PUBLIC_ADDRESS if error.of_name else str(error)


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The public certificate authorities, read once."""
    return httpx.create_ssl_context(trust_env=False)


async def _outcome(response: httpx.Response, began_s: float) -> Outcome:
    answer = await _beginning(response)
    status = response.status_code
    error = None
    if 300 <= status < 400:
        error = f"status {status}: redirects are not followed; use the address it leads to"
    elif not 200 <= status < 300:
        error = f"status {status}"
    asked_s = asked_for_s(response.headers.get("retry-after"), now()) if error else None
    return Outcome(status, _ms_since(began_s), answer, error, asked_s)


async def _beginning(response: httpx.Response) -> str | None:
    """The first bytes of an answer as text that any database and terminal takes; what breaks off is shown as it is."""
    found = b""
    try:
        async with asyncio.timeout(ANSWER_S):
            async for block in response.aiter_raw():
                found += block[:ANSWER_MOST_BYTES]
                if len(found) >= ANSWER_MOST_BYTES:
                    break
    except (TimeoutError, httpx.HTTPError):
        pass  # the status was said, and it alone decides
    text = found[:ANSWER_MOST_BYTES].decode(errors="replace")
    return "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text) or None


def _reason(error: Exception) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its certificate is not trusted, or is another host's"
    if isinstance(error, httpx.ConnectError):
        return "it cannot be connected to"
    return "the connection broke off, or what it answers is not HTTP"


def _failed(error: str, began_s: float) -> Outcome:
    return Outcome(None, _ms_since(began_s), None, error)


def _ms_since(began_s: float) -> float:
    return round((time.monotonic() - began_s) * 1000, 1)
