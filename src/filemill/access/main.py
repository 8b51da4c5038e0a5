"""The access service, wired: its keys and logins, the sessions that all services share, the key it signs identities with."""

from collections.abc import Callable

from starlette.types import ASGIApp

from filemill.access import consumers
from filemill.access.endpoints import Endpoints
from filemill.access.erasing import Closing
from filemill.access.erasure_endpoints import ErasureEndpoints
from filemill.access.keys import KeyRing
from filemill.access.login_endpoints import LoginEndpoints
from filemill.access.logins import Logins
from filemill.access.oidc import Oidc, OidcSettings
from filemill.access.settings import AccessSettings
from filemill.access.signing_in import PURPOSE, SigningIn
from filemill.access.verifying import Verifier
from filemill.access.whole import Whole
from filemill.chassis.background import Background
from filemill.chassis.database.build import build_database
from filemill.chassis.identity.service_assertions import ServiceAssertions
from filemill.chassis.identity.tokens import IdentitySigner
from filemill.chassis.messaging.build import open_transport
from filemill.chassis.messaging.consumer import Consumer
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.sealing import Seal
from filemill.chassis.sessions.build import build_sessions
from filemill.chassis.settings import load
from filemill.chassis.signing_keys import signing_keys
from filemill.chassis.web.app import build_app
from filemill.chassis.web.health import Dependency, HealthState
from filemill.chassis.web.measures import Measures
from filemill.chassis.web.process import run_service
from filemill.chassis.web.upload_tokens import UploadTokens


async def build(settings: AccessSettings) -> ASGIApp:
    """The app. Without a Redis that is set, sessions fail and keys go on; with `FILEMILL_AUTH=none` nothing needs either."""
    database = build_database(settings)
    sessions = await build_sessions(settings)
    secrets = signing_keys(settings)
    oidc = Oidc(_issuer(settings)) if "oidc" in settings.auth_kinds else None
    signing_in = SigningIn(oidc.login, Seal(secrets, PURPOSE)) if oidc else None
    verifier = None
    if settings.asks_for_credentials:
        assertions = ServiceAssertions(settings.service, secrets)
        signer = IdentitySigner.from_settings(settings)
        verifier = Verifier(database, sessions, signer, assertions, settings.auth_kinds, oidc)
    dependencies = {
        "database": Dependency(database.check, needed=settings.asks_for_credentials),
        "sessions": Dependency(sessions.check, needed=False),
    }
    if oidc is not None:
        dependencies["issuer"] = Dependency(oidc.check, needed=False)
    transport = await open_transport(settings)
    dependencies["broker"] = Dependency(transport.check, needed=False)
    background = Background()
    background.add("relay", Relay(database, transport).run)
    background.add("erasures", Consumer(consumers.QUEUE, transport, database, consumers.HANDLERS).run)
    background.add("closing", Closing(database, sessions).run)
    logins, whole = Logins(database, sessions), Whole(settings)
    endpoints = Endpoints(settings, UploadTokens(secrets), KeyRing(database), logins, verifier, signing_in)
    routers = [
        endpoints.router(),
        LoginEndpoints(settings, logins, signing_in).router(),
        whole.router(),
        ErasureEndpoints(database, settings).router(),
    ]

    async def stop() -> None:
        await whole.close()
        if oidc is not None:
            await oidc.close()
        await sessions.close()
        await transport.close()
        await database.close()

    state = HealthState("access", dependencies, background, transport, Measures("access", database, transport))
    app = build_app(state, routers, summary="Says who is calling.", stop=stop, direct=endpoints.direct())
    if verifier is not None:
        app.authenticate(verifier)
    return app


def _issuer(settings: AccessSettings) -> OidcSettings:
    """Raises `StartError`."""
    secret = settings.oidc_client_secret
    return OidcSettings(
        settings.oidc_issuer or "", settings.oidc_audience or "", settings.oidc_client_id or "",
        secret.get_secret_value() if secret else None, settings.oidc_owner_claim, settings.oidc_admin_claim,
        settings.oidc_admin_value, settings.oidc_skew_s, settings.oidc_ca_file,
    )  # fmt: skip


def run(on_ready: Callable[[str], None] | None = None) -> None:
    """Run until asked to stop."""
    run_service(load(AccessSettings), build, on_ready)
