"""Run one service, or one set of loops, as a process: telemetry, schema, sockets, event loop, signals.

Every service's `main.run` is a call of `run_service`, every worker's a call of `run_loops`.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from typing import TypeVar

import uvloop
from starlette.types import ASGIApp

from filemill.chassis.database.migrate import migrate
from filemill.chassis.settings import ServiceSettings
from filemill.chassis.telemetry import logging, tracing
from filemill.chassis.web import server
from filemill.chassis.web.edge import Edge

Settings = TypeVar("Settings", bound=ServiceSettings)
SOCKET_PATH_MOST = 100
"""sun_path holds 108 bytes; longer data folders are reached over TCP only."""


def start_telemetry(settings: ServiceSettings, process: str) -> None:
    """Logs and traces of this process, under its name."""
    logging.configure(process, log_format=settings.log_format, level=settings.log_level, folder=settings.log_dir)
    tracing.configure(process, settings.otlp_endpoint)


def run_service(
    settings: Settings,
    build: Callable[[Settings], Awaitable[ASGIApp]],
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Run until asked to stop. `on_ready` gets the address once requests are answered. Raises `StartError`."""
    start_telemetry(settings, settings.service)
    listener = server.bind(settings.host, settings.port(), settings.service)
    sockets = [listener]
    unix_path = settings.sockets_dir / f"{settings.service}.sock"
    if len(str(unix_path)) <= SOCKET_PATH_MOST:
        sockets.append(server.bind_unix(unix_path))
    migrate(settings)
    host, port = listener.getsockname()[:2]

    async def main() -> None:
        app = await build(settings)
        if isinstance(app, Edge):
            app.trust(settings.allowed_hosts, settings.allowed_origins)
        await server.serve(app, sockets, (lambda: on_ready(f"http://{host}:{port}")) if on_ready else None)

    try:
        uvloop.run(main())
    finally:
        tracing.flush()


def run_loops(
    settings: Settings,
    work: Callable[[Settings, Callable[[], None]], Awaitable[None]],
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Run `work` until SIGTERM or SIGINT cancels it; it calls its second argument once it is ready."""
    start_telemetry(settings, f"{settings.service}-worker")
    migrate(settings)

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
