"""How the local gateway asks a service for its `/health`: over its own socket, bounded. What it makes of it: `health_sum`.

Of several instances the first that answers speaks for the service.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from filemill.chassis.web.health_sum import HealthSum
from filemill.gateway.addresses import Address, UnixAddress
from filemill.gateway.heads import ResponseHead, parse_response
from filemill.gateway.limits import KIB, Limits

MAX_ANSWER_BYTES = 256 * KIB
QUESTION = b"GET /health HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n\r\n"


def health_sum(upstreams: Mapping[str, Sequence[Address]], limits: Limits, *, version: str, detail: bool) -> HealthSum:
    """The sum over these services; `detail`: what each leans on is shown, too."""
    known = dict(upstreams)

    async def ask(service: str) -> tuple[int, dict[str, Any]]:
        *others, last = known[service]
        for address in others:
            with contextlib.suppress(OSError, EOFError):
                return await _get_health(address)
        try:
            return await _get_health(last)
        except (EOFError, asyncio.LimitOverrunError) as error:
            raise ValueError("the answer is cut, or too long") from error

    return HealthSum(
        known, ask, version=version, detail=detail, patience_s=limits.health_s, keep_s=limits.health_keep_s
    )


async def _get_health(address: Address) -> tuple[int, dict[str, Any]]:
    if isinstance(address, UnixAddress):
        reader, writer = await asyncio.open_unix_connection(address.path)
    else:
        reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        writer.write(QUESTION)
        head = parse_response(await reader.readuntil(b"\r\n\r\n"))
        said = orjson.loads(await _read_body(reader, head))
    finally:
        writer.transport.abort()
    return head.status, said if isinstance(said, dict) else {}


async def _read_body(reader: asyncio.StreamReader, head: ResponseHead) -> bytes:
    if head.length is not None:
        return await reader.readexactly(min(head.length, MAX_ANSWER_BYTES))
    body = b""
    while not head.body.complete and len(body) < MAX_ANSWER_BYTES and (data := await reader.read(64 * KIB)):
        body += head.body.feed(data) if head.chunked else data
    return body
