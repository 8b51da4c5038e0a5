"""The loops that run beside the web server: relay, consumers, sweepers.

Recovery is a loop that always runs: one that fails is logged, counted and started again after a growing pause, for ever.
`stop` cancels all and waits for them. A loop that has been failing for a while shows in `/health` through `failing`.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from filemill.chassis.errors import Unavailable
from filemill.chassis.telemetry import metrics

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0

_log = structlog.get_logger()


class Background:
    """A named set of loops of one process."""

    def __init__(self) -> None:
        self._bodies: dict[str, Callable[[], Awaitable[None]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.failing: dict[str, str] = {}

    def add(self, name: str, body: Callable[[], Awaitable[None]]) -> None:
        """Register a loop. `body` runs until cancelled; returning counts as a failure."""
        self._bodies[name] = body

    def start(self) -> None:
        """Start every loop on the running event loop."""
        self._tasks = [asyncio.create_task(self._keep(name, body), name=name) for name, body in self._bodies.items()]

    async def stop(self) -> None:
        """Cancel every loop and wait until each has let go of what it held."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _keep(self, name: str, body: Callable[[], Awaitable[None]]) -> None:
        pause_s = FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            try:
                await body()
                problem = "ended without being asked"
            except Unavailable as error:
                problem = error.detail  # an outage that is known and will pass: one line, no stack
                _log.warning("background.loop.waits", loop=name, problem=problem)
            except Exception as error:  # noqa: BLE001 - a loop must survive whatever its body meets; it is counted and said
                problem = f"{type(error).__name__}: {error}"
                _log.exception("background.loop.failed", loop=name)
            metrics.LOOP_FAILURES.labels(loop=name).inc()
            self.failing[name] = problem
            pause_s = FIRST_PAUSE_S if loop.time() - began_s > LONGEST_PAUSE_S else min(pause_s * 2, LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)
            self.failing.pop(name, None)
