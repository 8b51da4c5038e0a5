"""The access service, wired: its keys and logins, the sessions that all services share, the key it signs identities with."""

from collections.abc import Callable

from starlette.types import ASGIApp

from filemill.access.endpoints import Endpoints
from filemill.access.keys import KeyRing
from filemill.access.logins import Logins
from filemill.access.settings import AccessSettings
from filemill.access.verifying import Verifier
from filemill.chassis.database.build import build_database
from filemill.chassis.identity.service_assertions import ServiceAssertions
from filemill.chassis.identity.tokens import IdentitySigner
from filemill.chassis.sessions.build import build_sessions
from filemill.chassis.settings import load
from filemill.chassis.signing_keys import signing_keys
from filemill.chassis.web.app import build_app
from filemill.chassis.web.health import Dependency, HealthState
from filemill.chassis.web.process import run_service
from filemill.chassis.web.upload_tokens import UploadTokens


async def build(settings: AccessSettings) -> ASGIApp:
    """The app. Without a Redis that is set, sessions fail and keys go on; with `FILEMILL_AUTH=none` nothing needs either."""
    database = build_database(settings)
    sessions = await build_sessions(settings)
    secrets = signing_keys(settings)
    verifier = None
    if settings.asks_for_credentials:
        assertions = ServiceAssertions(settings.service, secrets)
        verifier = Verifier(database, sessions, IdentitySigner.from_settings(settings), assertions)
    dependencies = {
        "database": Dependency(database.check, needed=settings.asks_for_credentials),
        "sessions": Dependency(sessions.check, needed=False),
    }
    endpoints = Endpoints(settings, UploadTokens(secrets), KeyRing(database), Logins(database, sessions), verifier)

    async def stop() -> None:
        await sessions.close()
        await database.close()

    app = build_app(
        HealthState("access", dependencies), [endpoints.router()], summary="Says who is calling.", stop=stop
    )
    if verifier is not None:
        app.authenticate(verifier)
    return app


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    run_service(load(AccessSettings), build, on_ready)
