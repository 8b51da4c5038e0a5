"""The health of the whole: every service is asked for its own `/health` at once, and the answers are summed.

`ok`: every service said 200. `degraded`: at least one did and at least one did not; still 200, because what works is
served and a load balancer must not take the edge away from it. `down`: none did; 503.
Not for: probes of the edge itself (`/livez`, `/readyz`), which ask nobody.
On failure: a service that is down, slow or talks nonsense is `down` in the sum, nothing is raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson

from filemill.gateway.addresses import Address, UnixAddress
from filemill.gateway.bodies import BodyError
from filemill.gateway.heads import HeadError, ResponseHead, parse_response
from filemill.gateway.limits import KIB, Limits

MAX_ANSWER_BYTES = 256 * KIB
QUESTION = b"GET /health HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n\r\n"


class HealthSum:
    """Asks, sums, and shares one sum between callers for half a second."""

    def __init__(self, upstreams: Mapping[str, Address], limits: Limits, *, version: str, detail: bool) -> None:
        self._upstreams, self._limits, self._version, self._detail = dict(upstreams), limits, version, detail
        self._asked: asyncio.Task[tuple[int, dict[str, Any]]] | None = None
        self._asked_at_s = 0.0

    async def ask(self) -> tuple[int, dict[str, Any]]:
        """The HTTP status and the body of `/health`."""
        now_s = asyncio.get_running_loop().time()
        if self._asked is None or (self._asked.done() and now_s - self._asked_at_s > self._limits.health_keep_s):
            self._asked, self._asked_at_s = asyncio.create_task(self._sum()), now_s
        return await asyncio.shield(self._asked)

    async def _sum(self) -> tuple[int, dict[str, Any]]:
        names = sorted(self._upstreams)
        found = await asyncio.gather(*(self._ask_one(self._upstreams[name]) for name in names))
        working = sum(state["status"] != "down" for state in found)
        all_ok = all(state["status"] == "ok" for state in found)
        status = "ok" if all_ok else "degraded" if working else "down"
        body = {
            "status": status,
            "service": "gateway",
            "version": self._version,
            "services": dict(zip(names, found, strict=True)),
        }
        return 503 if status == "down" else 200, body

    async def _ask_one(self, address: Address) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._limits.health_s):
                code, said = await _get_health(address)
        except (OSError, EOFError, HeadError, BodyError, ValueError, asyncio.LimitOverrunError):
            return {"status": "down"}
        state: dict[str, Any] = {"status": "ok" if code == 200 else "down"}
        if code == 200 and said.get("status") not in (None, "ok"):
            state["status"] = "degraded"
        state["version"] = said.get("version")
        if self._detail:
            state["dependencies"] = said.get("dependencies", {})
        return state


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
