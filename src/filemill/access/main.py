"""The access service, wired. It owns no data yet: keys and sessions come with `FILEMILL_AUTH` other than `none`."""

from collections.abc import Callable

from starlette.types import ASGIApp

from filemill.access.endpoints import Endpoints
from filemill.access.settings import AccessSettings
from filemill.chassis.sessions.build import build_sessions
from filemill.chassis.settings import load
from filemill.chassis.signing_keys import signing_keys
from filemill.chassis.web.app import build_app
from filemill.chassis.web.health import Dependency, HealthState
from filemill.chassis.web.process import run_service
from filemill.chassis.web.upload_tokens import UploadTokens


async def build(settings: AccessSettings) -> ASGIApp:
    """The app. With `FILEMILL_AUTH=none` it needs no sessions, so a Redis that is away only degrades its health."""
    sessions = await build_sessions(settings)
    state = HealthState("access", {"sessions": Dependency(sessions.check, needed=False)})
    endpoints = Endpoints(settings, UploadTokens(signing_keys(settings)))
    return build_app(state, [endpoints.router()], summary="Says who is calling.", stop=sessions.close)


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    run_service(load(AccessSettings), build, on_ready)
