"""The health of the whole: every service is asked for its own `/health` at once, and the answers are summed.

`ok`: every service said 200. `degraded`: at least one did and at least one did not; still 200, because what works is
served and a load balancer must not take the edge away from it. `down`: none did; 503.
The local gateway asks over its sockets; behind NGINX `access` asks over HTTP. Both answer the same.
On failure: a service that is down, slow or talks nonsense is `down` in the sum, nothing is raised.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any

Said = tuple[int, dict[str, Any]]
Ask = Callable[[str], Awaitable[Said]]
"""The status and body of one service's `/health`. Raises `OSError` if it is away, `ValueError` if it talks nonsense."""


class HealthSum:
    """Asks, sums, and shares one sum between callers for `keep_s`, so that polling cannot multiply."""

    def __init__(
        self, services: Collection[str], ask: Ask, *, version: str, detail: bool, patience_s: float, keep_s: float
    ) -> None:
        self._names, self._ask_service = sorted(services), ask
        self._version, self._detail = version, detail
        self._patience_s, self._keep_s = patience_s, keep_s
        self._asked: asyncio.Task[Said] | None = None
        self._asked_at_s = 0.0

    async def ask(self) -> Said:
        """The HTTP status and the body of the sum."""
        now_s = asyncio.get_running_loop().time()
        if self._asked is None or (self._asked.done() and now_s - self._asked_at_s > self._keep_s):
            self._asked, self._asked_at_s = asyncio.create_task(self._sum()), now_s
        return await asyncio.shield(self._asked)

    async def _sum(self) -> Said:
        found = await asyncio.gather(*(self._ask_one(name) for name in self._names))
        working = sum(state["status"] != "down" for state in found)
        all_ok = all(state["status"] == "ok" for state in found)
        status = "ok" if all_ok else "degraded" if working else "down"
        services = dict(zip(self._names, found, strict=True))
        body = {"status": status, "service": "gateway", "version": self._version, "services": services}
        return 503 if status == "down" else 200, body

    async def _ask_one(self, name: str) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._patience_s):
                code, said = await self._ask_service(name)
        except (OSError, ValueError):
            return {"status": "down"}
        state: dict[str, Any] = {"status": "ok" if code == 200 else "down"}
        if code == 200 and said.get("status") not in (None, "ok"):
            state["status"] = "degraded"
        state["version"] = said.get("version")
        if self._detail:
            state |= {name: said[name] for name in ("dependencies", "breakers", "workers") if name in said}
        return state
