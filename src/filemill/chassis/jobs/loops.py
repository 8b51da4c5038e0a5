"""Run one set of loops as a process: telemetry, schema, event loop, signals. Local workers are calls of `run_loops`.

Not for: services, which answer requests (`web.process`); a worker that loaded a web server would carry 17 MB for nothing.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from typing import TypeVar

import uvloop

from filemill.chassis.database.migrate import migrate
from filemill.chassis.settings import ServiceSettings
from filemill.chassis.telemetry import exposition, tracing
from filemill.chassis.telemetry.start import start_telemetry

Settings = TypeVar("Settings", bound=ServiceSettings)


def run_loops(
    settings: Settings,
    work: Callable[[Settings, Callable[[], None]], Awaitable[None]],
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Run `work` until SIGTERM or SIGINT cancels it; it calls its second argument once it is ready."""
    start_telemetry(settings, f"{settings.service}-worker")
    migrate(settings)
    exposition.serve(settings.metrics_host or settings.host, settings.worker_metrics_port)

    async def main() -> None:
        task = asyncio.ensure_future(work(settings, lambda: on_ready("working") if on_ready else None))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    try:
        uvloop.run(main())
    finally:
        tracing.flush()
