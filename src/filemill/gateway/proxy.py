"""The local gateway: one port in front of all services, when no NGINX is there.

Not for: TLS, WebSocket, rate limits, who may do what (that the services say). Choosing settings, logs and metrics is
`main`'s work; this takes plain arguments.
On failure: a port that is taken raises OSError from `start`; everything later is answered to the client.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from filemill.chassis.limits.admission import Admission
from filemill.gateway.addresses import Address
from filemill.gateway.callers import Callers
from filemill.gateway.client import ClientConnection
from filemill.gateway.edge import AccessCallback, Edge, SpanCallback
from filemill.gateway.health import health_sum
from filemill.gateway.limits import Limits
from filemill.gateway.page import Page
from filemill.gateway.routes import Route
from filemill.gateway.splice import Mover
from filemill.gateway.stats import GatewayStats

BACKLOG = 2048
PAGE_DIR = Path(__file__).parent / "page"
"""The plain page, part of the source."""
CONSOLE_DIR = Path(__file__).parent / "ui"
"""The web console, there once it was built from `web/` (`make console`) or came with the wheel."""


def best_page(console: Path = CONSOLE_DIR) -> Path:
    """The folder of the console, or of the plain page where nothing was built."""
    return console if (console / "index.html").is_file() else PAGE_DIR


class Gateway:
    """Starts and stops the edge; `stats` and `on_access` are how the outside watches it."""

    def __init__(
        self,
        routes: Sequence[Route],
        upstreams: Mapping[str, Sequence[Address]],
        *,
        page_dir: Path = PAGE_DIR,
        allowed_hosts: Collection[str] | None = None,
        on_access: AccessCallback | None = None,
        limits: Limits | None = None,
        version: str = "",
        health_detail: bool = True,
        trace_sample_ratio: float = 1.0,
        mover: Mover | None = None,
        callers: Callers | None = None,
        on_span: SpanCallback | None = None,
    ) -> None:
        self.stats = GatewayStats()
        self._limits = limits or Limits()
        self._edge = Edge(
            routes,
            upstreams,
            page=Page(page_dir),
            health=health_sum(upstreams, self._limits, version=version, detail=health_detail),
            mover=mover or Mover(),
            limits=self._limits,
            stats=self.stats,
            allowed_hosts=allowed_hosts,
            on_access=on_access,
            trace_sample_ratio=trace_sample_ratio,
            callers=callers,
            on_span=on_span,
        )
        self._server: asyncio.Server | None = None
        self._ticker: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port in use; tells which one the system chose when 0 was asked for."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def waiting(self) -> dict[str, Admission]:
        """Of each service, how many requests wait for its answers, and how many may."""
        return {name: pool.admission for name, pool in self._edge.pools.items()}

    async def start(self, host: str, port: int) -> None:
        """Listen; raises OSError when the port is taken or the address is not ours."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: ClientConnection(self._edge), host, port, backlog=BACKLOG)
        self._ticker = asyncio.create_task(self._tick())

    async def stop(self, grace_s: float) -> None:
        """Accept nothing new, let what runs finish for at most `grace_s` seconds, then close everything."""
        edge = self._edge
        edge.stopping = True
        if self._server is not None:
            self._server.close()
        for client in list(edge.clients):
            client.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(edge.empty.wait(), grace_s)
        for client in list(edge.clients):
            client.abort()
        for pool in edge.pools.values():
            pool.close()
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        await edge.settle()
        edge.mover.close()
        if edge.callers is not None:
            await edge.callers.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._limits.tick_s)
            self._edge.tick(asyncio.get_running_loop().time())
