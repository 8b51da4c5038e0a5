"""A login of a person by the issuer's page: authorization code with PKCE (S256), state and nonce.

Who calls keeps the `Started` login on the server, bound to the browser, for as long as it may take, and uses it once.
Sources: OpenID Connect Core 3.1, RFC 7636, RFC 9207, RFC 9700. On failure: `Unauthenticated`, begin anew; `Unavailable`.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode, urlsplit

from filemill.access.oidc_http import IssuerHttp
from filemill.access.oidc_provider import Provider
from filemill.access.oidc_tokens import TOKEN_MOST_BYTES, Identity, Tokens
from filemill.chassis.errors import Unauthenticated

CODE_MOST_CHARACTERS = 2000
_RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True)
class Started:
    """A login under way. `url` is where the browser goes; the rest stays here."""

    url: str
    state: str
    nonce: str
    verifier: str
    redirect_uri: str


class Login:
    """Logins at one issuer. Without a `client_secret` the client is a public one, which PKCE is made for."""

    def __init__(
        self,
        client_id: str,
        client_secret: str | None,
        issuer: str,
        provider: Provider,
        http: IssuerHttp,
        tokens: Tokens,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._issuer = issuer
        self._provider = provider
        self._http = http
        self._tokens = tokens

    async def begin(self, redirect_uri: str, scope: str = "openid") -> Started:
        """Raises `Unavailable`."""
        endpoints = await self._provider.endpoints()
        state, nonce, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(endpoints.authorization).query else "?"
        return Started(f"{endpoints.authorization}{joint}{urlencode(asked)}", state, nonce, verifier, redirect_uri)

    async def complete(self, started: Started, *, state: str, code: str, issuer: str | None = None) -> Identity:
        """Who has logged in, by what the browser came back with. Raises `Unauthenticated`, `Unavailable`."""
        if not hmac.compare_digest(state.encode(), started.state.encode()):
            raise Unauthenticated("This answer belongs to another login; begin anew.")
        endpoints = await self._provider.endpoints()
        if issuer != self._issuer and (issuer is not None or endpoints.names_itself):
            raise Unauthenticated("This answer is another issuer's; begin anew.")
        if not 0 < len(code) <= CODE_MOST_CHARACTERS:
            raise Unauthenticated("The issuer gave no code; begin anew.")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": started.redirect_uri,
            "code_verifier": started.verifier,
        }
        auth = None
        if self._client_secret is None:
            form["client_id"] = self._client_id
        else:
            auth = (quote_plus(self._client_id), quote_plus(self._client_secret))  # RFC 6749, 2.3.1
        said = await self._http.post(endpoints.token, form, auth)
        token = said.body.get("id_token")
        if said.status != 200 or not isinstance(token, str) or len(token) > TOKEN_MOST_BYTES:
            raise Unauthenticated("The issuer does not take this code; begin anew.")
        return await self._tokens.id_token(token, started.nonce)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
