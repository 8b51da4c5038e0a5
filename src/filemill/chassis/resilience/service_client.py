"""HTTP from one service to another: total timeout, breaker, the request's ids handed on. No retry: the caller degrades.

A 404 is an answer (None). Anything else but 2xx is `Unavailable`, and so is a timeout or a refused connection.
"""

from typing import Any

import httpx

from filemill.chassis.errors import Unavailable
from filemill.chassis.resilience.breaker import Breaker
from filemill.chassis.telemetry import request_context

OPEN_S = 5.0
"""Services of one installation come back in seconds; a minute of refusals would be longer than their restart."""


class ServiceClient:
    """Asks one service."""

    def __init__(self, name: str, base_url: str, *, timeout_s: float = 0.5) -> None:
        self.breaker = Breaker(name, open_s=OPEN_S)
        self._name = name
        self._client = httpx.AsyncClient(base_url=base_url, timeout=timeout_s, limits=httpx.Limits(max_connections=50))

    async def get_json(self, path: str) -> Any | None:
        """The JSON at `path`; None for 404. Raises `Unavailable` (a retry helps once the service is back)."""
        context = request_context.current()
        headers = {"X-Request-ID": context.request_id, "traceparent": context.traceparent} if context else {}
        async with self.breaker.call():
            try:
                response = await self._client.get(path, headers=headers)
            except httpx.HTTPError as error:
                raise Unavailable(f"The {self._name} service does not answer.") from error
            if response.status_code == 404:
                return None
            if response.is_error:
                raise Unavailable(f"The {self._name} service answered {response.status_code}.")
            return response.json()

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()
