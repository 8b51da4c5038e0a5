"""OpenID Connect through the access service: a person by the page of a real provider, a program by an access token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from filemill.access.main import build
from filemill.access.settings import AccessSettings
from filemill.chassis.database.migrate import migrate
from filemill.chassis.errors import StartError
from filemill.chassis.settings import load
from support.asgi import running
from support.issuer import AUDIENCE, SigningKey, issuing, token
from support.issuer import CLIENT as ISSUERS_CLIENT
from support.oidc_provider import CLIENT, log_in

FROM_GATEWAY = {"Host": "localhost:8080", "X-Forwarded-Prefix": "/api", "X-Forwarded-Proto": "http"}


@asynccontextmanager
async def accessing(folder: Path, issuer: str, **more: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The access service that believes this issuer."""
    told = {
        "auth": "keys,oidc",
        "oidc_issuer": issuer,
        "oidc_audience": AUDIENCE,
        "oidc_client_id": ISSUERS_CLIENT,
    } | more
    settings = load(AccessSettings, data_dir=folder, **told)
    migrate(settings)
    async with running(await build(settings)) as client:
        client.headers.update(FROM_GATEWAY)
        yield client


async def test_person_when_logged_in_at_the_provider_then_has_a_session_and_goes_on_where_it_began(
    provider: str, tmp_path: Path
) -> None:
    """The whole way by the browser's own means: redirects and cookies. It works once, and in this browser only."""
    async with accessing(tmp_path, provider, oidc_client_id=CLIENT, oidc_client_secret="a secret") as browser:
        begun = await browser.get("/session/login", params={"to": "/files?q=mine"})
        assert begun.status_code == 303
        assert "HttpOnly" in begun.headers["set-cookie"]
        kept = browser.cookies["filemill_login"]
        back = log_in(begun.headers["location"], "ada@example.org")
        ended = await browser.get("/session/callback", params=back)
        assert (ended.status_code, ended.headers["location"]) == (303, "/files?q=mine")
        said = (await browser.get("/session")).json()
        assert (said["owner_id"], said["auth"], said["is_admin"]) == ("ada@example.org", "session", False)
        assert said["csrf_token"]
        assert "filemill_login" not in browser.cookies
        again = await browser.get("/session/callback", params=back)
        assert again.status_code == 401
        browser.cookies.clear()
        stolen = await browser.get("/session/callback", params=back, headers={"Cookie": f"filemill_login={kept}"})
        assert stolen.status_code == 401  # the issuer takes a code once
        for to in ("//evil.example", "https://evil.example", "/\\evil.example", "evil", "/\r\nSet-Cookie: a=b"):
            assert (await browser.get("/session/login", params={"to": to})).status_code == 400, to
        refused = await browser.get("/session/callback", params={"error": "access_denied", "state": "x"})
        assert refused.status_code == 401


async def test_page_when_it_posts_the_code_then_it_has_a_session_like_the_callback_gives(
    provider: str, tmp_path: Path
) -> None:
    """For a page that goes on without a redirect: bound to the browser that began, and only once."""
    async with accessing(tmp_path, provider, oidc_client_id=CLIENT, oidc_client_secret="a secret") as browser:
        begun = await browser.get("/session/login")
        kept = browser.cookies["filemill_login"]
        back = dict(log_in(begun.headers["location"], "ada@example.org"))
        browser.cookies.clear()
        assert (await browser.post("/session", json=back)).status_code == 401  # another browser
        own = {"Cookie": f"filemill_login={kept}"}
        assert (await browser.post("/session", json={**back, "state": "guess"}, headers=own)).status_code == 401
        made = await browser.post("/session", json=back, headers=own)
        assert (made.status_code, made.json()["owner_id"], made.json()["auth"]) == (201, "ada@example.org", "session")
        assert made.json()["csrf_token"]
        assert (await browser.get("/session")).json()["owner_id"] == "ada@example.org"
        assert (await browser.post("/session", json=back, headers=own)).status_code == 401  # once
    async with accessing(tmp_path, "https://x.example", auth="keys") as browser:
        assert (await browser.post("/session", json={"code": "a", "state": "b"})).status_code == 401


async def test_program_when_it_has_an_access_token_then_it_is_its_owner_with_what_the_token_allows(
    tmp_path: Path,
) -> None:
    """Scopes of ours count where the token names any; an administrator is one by the claim that the operator named."""
    key = SigningKey.rsa("one")
    with issuing(key) as issuer:
        async with accessing(
            tmp_path, issuer.url, oidc_admin_claim="roles", oidc_admin_value="filemill-admins"
        ) as client:

            async def session(shown: str) -> tuple[int, Any]:
                said = await client.get("/session", headers={"Authorization": f"Bearer {shown}"})
                return said.status_code, said.json()

            status, said = await session(token(key, issuer.claims()))
            assert (status, said["owner_id"], said["auth"]) == (200, "ada", "oidc")
            assert said["scopes"] == ["files:read", "files:write"]
            _, plain = await session(token(key, issuer.claims(scope="openid email")))
            assert plain["scopes"] == ["files:delete", "files:read", "files:write"]
            _, admin = await session(token(key, issuer.claims(roles=["users", "filemill-admins"])))
            assert admin["is_admin"]
            _, claimed = await session(token(key, issuer.claims(scope="admin service files:read")))
            assert claimed["scopes"] == ["files:read"]
            for wrong in ({"exp": 1}, {"aud": "another"}, {"iss": "https://other.example"}, {"sub": None}):
                assert (await session(token(key, issuer.claims(**wrong))))[0] == 401, wrong
            assert (await session(token(SigningKey.rsa("one"), issuer.claims())))[0] == 401
            cookie = await client.post("/session", headers={"Authorization": f"Bearer {token(key, issuer.claims())}"})
            assert (cookie.status_code, cookie.json()["owner_id"]) == (201, "ada")


async def test_keys_when_only_the_issuer_is_believed_then_they_are_not_taken(tmp_path: Path) -> None:
    """`FILEMILL_AUTH=oidc` alone."""
    with issuing(SigningKey.rsa("one")) as issuer:
        async with accessing(tmp_path, issuer.url, auth="oidc") as client:
            said = await client.get("/session", headers={"Authorization": "Bearer fm_" + "A" * 43})
            assert (said.status_code, "keys are not taken" in said.json()["detail"]) == (401, True)
        issuer.silent = False
    async with accessing(tmp_path, issuer.url, auth="oidc") as client:  # the issuer is away
        away = await client.get("/session/login")
        assert (away.status_code, away.json()["retryable"]) == (503, True)


async def test_login_when_no_issuer_is_named_then_there_is_none(tmp_path: Path) -> None:
    """And a start that names OIDC without an issuer says what is missing."""
    async with accessing(tmp_path, "https://x.example", auth="keys") as client:
        assert (await client.get("/session/login")).status_code == 404
    with pytest.raises(StartError, match="FILEMILL_OIDC_ISSUER"):
        load(AccessSettings, data_dir=tmp_path, auth="oidc")
