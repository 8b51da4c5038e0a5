"""OpenID Connect: access tokens of an issuer the operator named are believed, and people log in at its page.

Whoever wires it makes one `Oidc` for the process, asks `access` about each bearer token, and `login` for the web page. Not for:
keys and sessions of our own. On failure: `Unauthenticated` (a retry is useless) or `Unavailable` (the issuer is away).
"""

from dataclasses import dataclass
from pathlib import Path

from filemill.access.oidc_http import IssuerHttp, is_safe
from filemill.access.oidc_login import Login
from filemill.access.oidc_provider import Provider
from filemill.access.oidc_tokens import SKEW_MOST_S, Identity, Rules, Tokens
from filemill.chassis.errors import StartError


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """What is needed of an issuer. `issuer` is exactly what its tokens say in `iss`; `audience` what they say in `aud`.

    `owner_claim` names a claim that its users cannot choose: with one that they can (`preferred_username`, `email`), a user
    who takes another's name owns the other's files.
    """

    issuer: str
    audience: str
    client_id: str
    client_secret: str | None = None
    owner_claim: str = "sub"
    admin_claim: str | None = None
    admin_value: str | None = None
    skew_s: int = SKEW_MOST_S
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if not is_safe(self.issuer):
            raise StartError("FILEMILL_OIDC_ISSUER is the https:// address that the tokens of the issuer say in `iss`")
        if not self.audience or not self.client_id or not self.owner_claim:
            raise StartError(
                "FILEMILL_OIDC_AUDIENCE and FILEMILL_OIDC_CLIENT_ID name what the issuer knows this mill as"
            )
        if not 0 <= self.skew_s <= SKEW_MOST_S:
            raise StartError(f"FILEMILL_OIDC_SKEW_S is from 0 to {SKEW_MOST_S}")
        if bool(self.admin_claim) != bool(self.admin_value):
            raise StartError("FILEMILL_OIDC_ADMIN_CLAIM and FILEMILL_OIDC_ADMIN_VALUE are set together")


class Oidc:
    """One issuer. Calls nobody before it is asked something."""

    def __init__(self, settings: OidcSettings) -> None:
        self._http = IssuerHttp(settings.ca_file)
        provider = Provider(settings.issuer, self._http)
        rules = Rules(
            settings.issuer, settings.audience, settings.client_id, settings.owner_claim, settings.admin_claim,
            settings.admin_value, settings.skew_s,
        )  # fmt: skip
        self._tokens = Tokens(rules, provider)
        self._provider = provider
        self.login = Login(
            settings.client_id, settings.client_secret, settings.issuer, provider, self._http, self._tokens
        )

    async def access(self, token: str) -> Identity:
        """Who a bearer token is about. Raises `Unauthenticated`, `Unavailable`."""
        return await self._tokens.access(token)

    async def check(self) -> None:
        """For `/health`: raises `Unavailable` if the issuer has never answered, and does not now."""
        await self._provider.endpoints()

    async def close(self) -> None:
        """Close its connections."""
        self._provider.close()
        await self._http.close()
