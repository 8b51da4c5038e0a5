"""A login at a provider that nobody here wrote, in a process of its own: discovery, keys, PKCE, code, id token."""

import httpx
import pytest

from filemill.access.oidc import Oidc, OidcSettings
from filemill.chassis.errors import Unauthenticated
from support.oidc_provider import BACK, CLIENT, log_in


async def test_login_when_a_person_logs_in_at_a_real_provider_then_it_says_who(provider: str) -> None:
    """The whole way, by HTTP; a code is worth nothing the second time, or to another login."""
    oidc = Oidc(OidcSettings(provider, "filemill-api", CLIENT, client_secret="a secret : of ours"))
    try:
        started = await oidc.login.begin(BACK, "openid email")
        back = log_in(started.url, "ada@example.org")
        assert back["state"] == started.state
        found = await oidc.login.complete(started, state=back["state"], code=back["code"], issuer=back.get("iss"))
        assert (found.subject, found.owner_id) == ("ada@example.org", "ada@example.org")
        with pytest.raises(Unauthenticated):
            await oidc.login.complete(started, state=back["state"], code=back["code"])
        other = await oidc.login.begin(BACK)
        again = log_in(other.url, "eve@example.org")
        with pytest.raises(Unauthenticated):  # a code of one login in the answer to another: the nonce gives it away
            await oidc.login.complete(started, state=started.state, code=again["code"])
    finally:
        await oidc.close()


async def test_access_when_the_token_is_a_real_id_token_then_it_is_believed_by_login_and_refused_by_the_api(
    provider: str,
) -> None:
    """The provider's own signature is good; what the token is for decides."""
    oidc = Oidc(OidcSettings(provider, CLIENT, CLIENT))
    try:
        started = await oidc.login.begin(BACK)
        back = log_in(started.url, "bob")
        endpoint = (await oidc._provider.endpoints()).token
        form = {
            "grant_type": "authorization_code", "code": back["code"], "redirect_uri": BACK, "client_id": CLIENT,
            "code_verifier": started.verifier,
        }  # fmt: skip
        async with httpx.AsyncClient(timeout=20) as client:
            said = (await client.post(endpoint, data=form, auth=(CLIENT, "x"))).json()
        assert (await oidc._tokens.id_token(said["id_token"], started.nonce)).owner_id == "bob"
        with pytest.raises(Unauthenticated, match="id token"):
            await oidc.access(said["id_token"])
        with pytest.raises(Unauthenticated):
            await oidc.access(said["access_token"])  # this provider's are opaque: no JWT
        elsewhere = Oidc(OidcSettings(provider, "another-api", "another-client"))
        with pytest.raises(Unauthenticated):
            await elsewhere._tokens.id_token(said["id_token"], started.nonce)
        await elsewhere.close()
    finally:
        await oidc.close()
