"""The kept connections to one service, which may have several instances, and how many requests may be under way there at once.

Not for: choosing the service (`routes`). There is no queue: beyond the bound the answer is 503 at once.
On failure: an instance that does not accept is passed over, whatever the request, since nothing was sent; for a second it is
asked last. `connect` raises OSError (TimeoutError is one) when none accepts in time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from filemill.chassis.limits.admission import Admission
from filemill.gateway.addresses import Address, connect
from filemill.gateway.limits import Limits
from filemill.gateway.service import ServiceConnection
from filemill.gateway.stats import GatewayStats

AVOIDED_S = 1.0


class Pool:
    """Connections to one service; the last one used is the first one taken, so idle ones grow old and are closed."""

    def __init__(
        self,
        service: str,
        addresses: Sequence[Address],
        limits: Limits,
        stats: GatewayStats,
        *,
        holds: bool = False,
        on_refused: Callable[[int], None] | None = None,
    ) -> None:
        self.service, self.stats = service, stats
        self.in_flight = 0
        floor = limits.exchanges_per_service if holds else limits.waiting_per_service
        self.admission = Admission(floor=floor, told=on_refused)
        self._limits = limits
        self._spare: list[ServiceConnection] = []
        self._avoided_until_s = dict.fromkeys(addresses, 0.0)  # in the order in which they are asked next

    def enter(self) -> bool:
        """Count one more exchange; False when the service has enough to do."""
        if self.in_flight >= self._limits.exchanges_per_service or not self.admission.admits():
            return False
        self.in_flight += 1
        return True

    def leave(self) -> None:
        self.in_flight -= 1

    def take(self) -> ServiceConnection | None:
        """A kept connection that is still open as far as the event loop knows."""
        while self._spare:
            connection = self._spare.pop()
            if not connection.closed and not connection.transport.is_closing():
                connection.reused = True
                return connection
        return None

    async def connect(self) -> ServiceConnection:
        """A connection to the instance whose turn it is, or to the next that accepts."""
        avoided, loop = self._avoided_until_s, asyncio.get_running_loop()
        turns = sorted(avoided, key=lambda address: avoided[address] > loop.time())
        for address in turns:
            avoided[address] = avoided.pop(address)  # next time the others come first
            try:
                return await self._connect(address)
            except OSError:
                avoided[address] = loop.time() + AVOIDED_S
                if address == turns[-1]:
                    raise
        raise OSError("a service without an address")

    async def _connect(self, address: Address) -> ServiceConnection:
        connection = ServiceConnection(self)
        try:
            async with asyncio.timeout(self._limits.connect_s):
                await connect(address, connection)
        except asyncio.CancelledError:
            connection.abort()  # it may have been opened in the very moment
            raise
        return connection

    def give_back(self, connection: ServiceConnection) -> None:
        if len(self._spare) >= self._limits.spare_per_service:
            return connection.close()
        connection.idle_since_s = asyncio.get_running_loop().time()
        return self._spare.append(connection)

    def forget(self, connection: ServiceConnection) -> None:
        if connection in self._spare:
            self._spare.remove(connection)

    def sweep(self, now_s: float) -> None:
        """Close connections that have been idle for longer than the services keep theirs."""
        while self._spare and now_s - self._spare[0].idle_since_s > self._limits.spare_idle_s:
            self._spare.pop(0).close()

    def close(self) -> None:
        while self._spare:
            self._spare.pop().abort()
