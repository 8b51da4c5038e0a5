"""What all connections of the edge share: the table, the pools, the limits, the counters.

Not for: sockets and start-up (`proxy`). Everything here runs on the event loop's thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from filemill.chassis.web.health_sum import HealthSum
from filemill.gateway.addresses import Address
from filemill.gateway.callers import Callers
from filemill.gateway.limits import Limits
from filemill.gateway.page import Page
from filemill.gateway.pool import Pool
from filemill.gateway.records import Record
from filemill.gateway.routes import Route
from filemill.gateway.splice import Mover
from filemill.gateway.stats import GatewayStats

if TYPE_CHECKING:
    from filemill.gateway.client import ClientConnection

AccessCallback = Callable[[dict[str, object]], None]
SpanCallback = Callable[[Record, float], None]


class Edge:
    """The shared state of one gateway."""

    def __init__(
        self,
        routes: Sequence[Route],
        upstreams: Mapping[str, Sequence[Address]],
        *,
        page: Page,
        health: HealthSum,
        mover: Mover,
        limits: Limits,
        stats: GatewayStats,
        allowed_hosts: Collection[str] | None,
        on_access: AccessCallback | None,
        trace_sample_ratio: float,
        callers: Callers | None = None,
        on_span: SpanCallback | None = None,
    ) -> None:
        self.on_span = on_span
        self.routes, self.page, self.health, self.mover = tuple(routes), page, health, mover
        self.callers = callers
        self.limits, self.stats, self.trace_sample_ratio = limits, stats, trace_sample_ratio
        self.allowed_hosts = None if allowed_hosts is None else frozenset(host.lower() for host in allowed_hosts)
        holds = {route.service for route in routes if route.holds}
        self.pools = {
            name: Pool(
                name, addresses, limits, stats, holds=name in holds, on_refused=partial(self._tell_refused, name)
            )
            for name, addresses in upstreams.items()
        }
        self.clients: set[ClientConnection] = set()
        self.empty = asyncio.Event()  # no client is connected
        self.empty.set()
        self.stopping = False
        self._on_access = on_access
        self._tasks: set[asyncio.Task[None]] = set()

    def entered(self, client: ClientConnection) -> None:
        self.clients.add(client)
        self.stats.open_connections = len(self.clients)
        self.empty.clear()

    def left(self, client: ClientConnection) -> None:
        self.clients.discard(client)
        self.stats.open_connections = len(self.clients)
        if not self.clients:
            self.empty.set()

    def host_is_allowed(self, host: bytes) -> bool:
        """Compare the Host header's name, without its port, with the allowed ones."""
        if self.allowed_hosts is None:
            return True
        text = host.decode("ascii").lower()
        name = text[: text.index("]") + 1] if text.startswith("[") else text.partition(":")[0]
        return name in self.allowed_hosts

    def finished(self, record: Record) -> None:
        """Count and report one request."""
        duration_s = time.perf_counter() - record.started_s
        self.stats.finished(record.service, record.status, duration_s)
        self.stats.bytes_from_clients += record.bytes_in
        self.stats.bytes_to_clients += record.bytes_out
        if record.outcome == "full":
            return  # a line and a span for each would cost more than the refusal: `_tell_refused` sums them up
        if self._on_access is not None:
            self._on_access(record.event(duration_s))
        if self.on_span is not None:
            self.on_span(record, duration_s)

    def _tell_refused(self, service: str, requests: int) -> None:
        self.stats.service_failures[service, "full"] += requests
        if self._on_access is not None:
            self._on_access({"event": "gateway.requests.refused", "upstream": service, "requests": requests})

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` and keep it referenced until it is done (the loop itself would not)."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def tick(self, now_s: float) -> None:
        """Look at every deadline and close what has been idle for too long."""
        for client in [client for client in self.clients if client.deadline_s <= now_s]:
            client.expired()
        for pool in self.pools.values():
            pool.sweep(now_s)

    async def settle(self) -> None:
        """Wait until no task of a connection runs any more."""
        while self._tasks:
            await asyncio.wait(list(self._tasks))
