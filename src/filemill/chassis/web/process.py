"""Run one service as a process: telemetry, schema, sockets, event loop. Every service's `main.run` is a call of `run_service`.

Not for: workers, which serve nothing and load no web server (`jobs.loops`).
"""

import errno
from collections.abc import Awaitable, Callable
from typing import TypeVar

import uvloop
from starlette.types import ASGIApp

from filemill.chassis.database.migrate import migrate
from filemill.chassis.limits.build import build_limiter
from filemill.chassis.limits.leases import LeasingLimiter
from filemill.chassis.settings import ServiceSettings
from filemill.chassis.telemetry import tracing
from filemill.chassis.telemetry.start import start_telemetry
from filemill.chassis.web import listeners, server
from filemill.chassis.web.asking_access import AskingAccess
from filemill.chassis.web.edge import Edge
from filemill.chassis.web.proxies import TrustedProxies
from filemill.chassis.web.rates import Limited

Settings = TypeVar("Settings", bound=ServiceSettings)
SOCKET_PATH_MOST = 100
"""sun_path holds 108 bytes; longer data folders are reached over TCP only."""


async def _rates(settings: ServiceSettings) -> Limited | None:
    """What counts callers; None where nobody is asked who they are, or nothing is limited. Raises `StartError`."""
    if not settings.asks_for_credentials or not settings.rate_per_s:
        return None
    return Limited(LeasingLimiter(await build_limiter(settings)), settings.rate_per_s, settings.rate_burst)


def run_service(
    settings: Settings,
    build: Callable[[Settings], Awaitable[ASGIApp]],
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Run until asked to stop. `on_ready` gets the address once requests are answered. Raises `StartError`."""
    start_telemetry(settings, settings.service)
    listener = listeners.bind(settings.host, settings.port(), settings.service)
    sockets = [listener]
    unix_path = settings.sockets_dir / f"{settings.service}.sock"
    if len(str(unix_path)) <= SOCKET_PATH_MOST and (unix_listener := listeners.bind_unix(unix_path)):
        sockets.append(unix_listener)
    migrate(settings)
    host, port = listener.getsockname()[:2]

    async def main() -> None:
        app = await build(settings)
        # `access` recognises callers itself; everybody else asks it.
        asks = settings.asks_for_credentials and settings.service != "access"
        authenticator = AskingAccess(settings.base_url("access")) if asks else None
        rates = await _rates(settings)
        if isinstance(app, Edge):
            app.believe(TrustedProxies(settings.trusted_proxies))
            app.trust(None if settings.asks_for_credentials else settings.allowed_hosts, settings.allowed_origins)
            if authenticator is not None:
                await authenticator.prepare()
                app.authenticate(authenticator)
            if rates is not None:
                app.limit(rates)
        try:
            said = (lambda: on_ready(f"http://{host}:{port}")) if on_ready else None
            await server.serve(app, sockets, said, server.Leave(settings.drain_s, settings.grace_s))
        except OSError as error:
            if (
                error.errno == errno.EADDRINUSE
            ):  # of two that had the port and did not listen, the other was ready first
                raise listeners.taken(settings.service, port) from error
            raise
        finally:
            if authenticator is not None:
                await authenticator.close()
            if rates is not None:
                await rates.close()

    try:
        uvloop.run(main())
    finally:
        tracing.flush()
