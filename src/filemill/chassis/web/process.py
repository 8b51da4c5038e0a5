"""Run one service as a process: telemetry, schema, sockets, event loop. Every service's `main.run` is a call of `run_service`.

Not for: workers, which serve nothing and load no web server (`jobs.loops`).
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import uvloop
from starlette.types import ASGIApp

from filemill.chassis.database.migrate import migrate
from filemill.chassis.settings import ServiceSettings
from filemill.chassis.telemetry import tracing
from filemill.chassis.telemetry.start import start_telemetry
from filemill.chassis.web import server
from filemill.chassis.web.edge import Edge

Settings = TypeVar("Settings", bound=ServiceSettings)
SOCKET_PATH_MOST = 100
"""sun_path holds 108 bytes; longer data folders are reached over TCP only."""


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
