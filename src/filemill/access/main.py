"""The access service, wired. It owns no data yet: keys and sessions come with `FILEMILL_AUTH` other than `none`."""

from collections.abc import Callable

from starlette.types import ASGIApp

from filemill.access.endpoints import build_router
from filemill.access.settings import AccessSettings
from filemill.chassis.settings import load
from filemill.chassis.web.app import build_app
from filemill.chassis.web.health import HealthState
from filemill.chassis.web.process import run_service


async def build(_settings: AccessSettings) -> ASGIApp:
    """The app."""

    async def nothing() -> None:
        return

    state = HealthState("access")
    return build_app(state, [build_router()], summary="Says who is calling.", stop=nothing)


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    run_service(load(AccessSettings), build, on_ready)
