"""Calls to the issuer: bounded in time and size, no redirects, no proxy of the environment, JSON objects only.

The issuer is the operator's choice and may be in a private network, so its addresses are not judged (`chassis.outbound` is for
addresses that users name). On failure: `Unavailable`, a retry may help; a refusal (4xx) of the token endpoint is an answer.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from filemill.chassis.errors import StartError, Unavailable
from filemill.chassis.settings import LOOPBACK_HOSTS

CONNECT_S = 3.0
TOTAL_S = 5.0
BODY_MOST_BYTES = 256 * 1024
"""Key sets of large issuers have some ten kilobytes."""
_AWAY = "The issuer of logins does not answer as it should; try again in a moment."


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: an object, and its status."""

    status: int
    body: dict[str, Any]


class IssuerHttp:
    """A client of one issuer. `ca_file`: certificates (PEM) that are trusted instead of the public ones."""

    def __init__(self, ca_file: Path | None = None) -> None:
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(TOTAL_S, connect=CONNECT_S),
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=1),
            follow_redirects=False,
            trust_env=False,
            verify=_trusted(ca_file),
        )

    async def get(self, url: str) -> dict[str, Any]:
        """The object at an address. Raises `Unavailable` for everything else."""
        said = await self._ask(self._client.build_request("GET", url, headers={"Accept": "application/json"}))
        if said.status != 200:
            raise Unavailable(_AWAY)
        return said.body

    async def post(self, url: str, form: Mapping[str, str], auth: tuple[str, str] | None) -> Said:
        """What a form is answered with. Raises `Unavailable` where no use can be made of it."""
        request = self._client.build_request("POST", url, data=dict(form), headers={"Accept": "application/json"})
        if auth is not None:
            request = next(httpx.BasicAuth(*auth).auth_flow(request))
        said = await self._ask(request)
        if said.status != 200 and not 400 <= said.status < 500:
            raise Unavailable(_AWAY)
        return said

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def _ask(self, request: httpx.Request) -> Said:
        try:
            async with asyncio.timeout(TOTAL_S):
                response = await self._client.send(request, stream=True)
                try:
                    body = bytearray()
                    async for block in response.aiter_bytes():
                        body += block
                        if len(body) > BODY_MOST_BYTES:
                            raise Unavailable(_AWAY)
                finally:
                    await response.aclose()
            found = orjson.loads(body)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise Unavailable(_AWAY) from error
        if not isinstance(found, dict):
            raise Unavailable(_AWAY)
        return Said(response.status_code, found)


def is_safe(url: Any) -> bool:
    """Whether tokens and keys may go over this address: HTTPS, or this machine."""
    if not isinstance(url, str) or len(url) > 2000:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    )


def _trusted(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca_file)) if ca_file else httpx.create_ssl_context(trust_env=False)
    except (OSError, ssl.SSLError) as error:
        raise StartError(f"FILEMILL_OIDC_CA_FILE: {ca_file} cannot be used: {error}") from error
