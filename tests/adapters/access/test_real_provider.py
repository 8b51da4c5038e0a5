"""A login at a provider that nobody here wrote, in a process of its own: discovery, keys, PKCE, code, id token."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from filemill.access.oidc import Oidc, OidcSettings
from filemill.chassis.errors import Unauthenticated
from support.mill import wait_for
from support.servers.ports import free_ports

BACK = "http://localhost:8080/api/session/callback"
CLIENT = "filemill-web"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`oidc-provider-mock` from PyPI: Flask and Authlib, with users whoever asks for."""
    (port,) = free_ports(1)
    output: Path = tmp_path_factory.mktemp("provider") / "out"
    with output.open("wb") as out:
        command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce"]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    url = f"http://localhost:{port}"

    def answers() -> bool:
        assert process.poll() is None, output.read_text(errors="replace")
        try:
            return httpx.get(f"{url}/.well-known/openid-configuration", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    wait_for(answers, "the provider to answer", 60)
    yield url
    process.terminate()
    process.wait(10)


def log_in(url: str, subject: str) -> dict[str, str]:
    """What a person does at the provider's page, and what the browser comes back with."""
    with httpx.Client(timeout=20) as browser:
        page = browser.get(url)
        assert page.status_code == 200
        assert re.search("<form", page.text)
        answer = browser.post(url, data={"sub": subject})
    assert answer.status_code in (302, 303), answer.text
    back = urlsplit(answer.headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
    return {name: values[0] for name, values in parse_qs(back.query).items()}


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
