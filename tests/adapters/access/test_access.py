"""The access service on both sets of engines, in this process: keys, logins, and what is said of each to a service."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from filemill.access import repository
from filemill.access.keys import KeyRing, Wanted, digest_of
from filemill.access.main import build
from filemill.access.settings import AccessSettings
from filemill.chassis.database.build import build_database
from filemill.chassis.database.database import Database
from filemill.chassis.database.migrate import migrate
from filemill.chassis.identity.principal import FILES, GRANTABLE, Scope
from filemill.chassis.identity.tokens import IdentityReader
from filemill.chassis.settings import load
from support.asgi import running

Make = Callable[..., Any]


@pytest.fixture(params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> AccessSettings:
    """An installation that asks for keys, with its schema."""
    engines: dict[str, Any] = {}
    if request.param == "servers":
        engines["database_url"] = request.getfixturevalue("postgresql_server").fresh_database()
        engines["redis_url"] = request.getfixturevalue("redis_server").fresh_url()
    settings = load(AccessSettings, data_dir=tmp_path, auth="keys", **engines)
    migrate(settings)
    return settings


@pytest.fixture
async def database(settings: AccessSettings) -> AsyncIterator[Database]:
    """As the operator's command opens it, beside the service."""
    database = build_database(settings)
    yield database
    await database.close()


@pytest.fixture
async def access(settings: AccessSettings) -> AsyncIterator[httpx.AsyncClient]:
    async with running(await build(settings)) as client:
        yield client


def bearer(key: str, method: str = "GET") -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", "X-Original-Method": method}


async def make(
    database: Database, owner: str = "ann", scopes: frozenset[Scope] = FILES, **more: Any
) -> tuple[str, str]:
    """(key, its id)."""
    made = await KeyRing(database).create(Wanted(owner, scopes, **more))
    return made.key, made.key_id


async def test_verify_when_the_key_works_then_a_service_learns_who_it_is(
    access: httpx.AsyncClient, database: Database
) -> None:
    """From the token alone, with the public key alone; only a hash of the key is kept."""
    key, key_id = await make(database)
    said = await access.get("/verify", headers=bearer(key))
    assert said.status_code == 204
    reader = IdentityReader((await access.get("/identity-keys")).json()["keys"])
    principal, _ = reader.read(said.headers["x-filemill-identity"])
    assert (principal.owner_id, principal.scopes, principal.credential_id) == ("ann", FILES, key_id)
    kept = await database.read(repository.key_by_digest, digest_of(key))
    assert kept is not None
    assert key not in str(dict(kept))
    assert (await access.get("/verify")).headers.get("x-filemill-identity") is None


async def test_verify_when_the_key_is_over_then_401(
    access: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Revoked, expired, never made: only of an expired one it says more than that there is none."""
    gone, key_id = await make(database)
    short, _ = await make(database, expires_in_s=60.0)
    assert (await access.get("/verify", headers=bearer(gone))).status_code == 204
    await KeyRing(database).revoke(key_id, None)
    refused = await access.get("/verify", headers=bearer(gone))
    never = await access.get("/verify", headers=bearer("fm_" + "A" * 43))
    assert (refused.status_code, never.status_code) == (401, 401)
    assert refused.json()["detail"] == never.json()["detail"]
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + 61)
    assert "expired" in (await access.get("/verify", headers=bearer(short))).json()["detail"]


async def test_keys_when_another_owner_asks_then_they_are_not_there(
    access: httpx.AsyncClient, database: Database
) -> None:
    """To see and revoke: one's own; an admin all. Making one is for admins."""
    ann, ann_id = await make(database)
    bob, bob_id = await make(database, "bob")
    admin, _ = await make(database, "root", frozenset(GRANTABLE))
    mine = (await access.get("/keys", headers=bearer(ann))).json()["items"]
    assert [(one["key_id"], one["owner_id"]) for one in mine] == [(ann_id, "ann")]
    assert len((await access.get("/keys", headers=bearer(admin))).json()["items"]) == 3
    theirs = await access.get("/keys", params={"owner": "bob"}, headers=bearer(ann))
    assert [one["owner_id"] for one in theirs.json()["items"]] == ["ann"]
    assert (await access.delete(f"/keys/{bob_id}", headers=bearer(ann))).status_code == 404
    assert (await access.post("/keys", json={}, headers=bearer(ann))).status_code == 403
    made = await access.post("/keys", json={"owner_id": "eve", "scopes": ["files:read"]}, headers=bearer(admin))
    assert made.status_code == 201
    eve = made.json()["key"]
    assert (await access.get("/session", headers=bearer(eve))).json()["scopes"] == ["files:read"]
    assert (await access.delete(f"/keys/{ann_id}", headers=bearer(eve))).status_code == 403
    assert (await access.delete(f"/keys/{bob_id}", headers=bearer(admin))).status_code == 204
    assert (await access.get("/session", headers=bearer(bob))).status_code == 401
    for body in ({"owner_id": "a b"}, {"scopes": []}, {"scopes": ["service"]}, {"name": "x" * 101}, {"scope": "admin"}):
        assert (await access.post("/keys", json=body, headers=bearer(admin))).status_code == 400, body


async def test_keys_when_there_are_thousands_then_pages_hold_each_once_and_one_is_found_at_once(
    access: httpx.AsyncClient, database: Database
) -> None:
    """By its hash, whatever their number; and there is an end to how many one owner may have."""
    admin, _ = await make(database, "root", frozenset(GRANTABLE))
    rows = [{"key_id": f"01890000-0000-7000-8000-{number:012x}", "digest": digest_of(str(number)), "shown": "fm_x",
             "owner_id": "many", "name": "", "scopes": "files:read", "created_at": 0.0, "expires_at": None,
             "last_used_at": None, "revoked_at": None} for number in range(9_999)]  # fmt: skip

    def fill(tx: Any) -> None:
        for row in rows:
            repository.add_key(tx, row)

    await database.write("test.keys", fill)
    last, _ = await make(database, "many")
    assert (await access.get("/session", headers=bearer(last))).status_code == 200
    full = await access.post("/keys", json={"owner_id": "many"}, headers=bearer(admin))
    assert (full.status_code, full.json()["code"]) == (409, "too-many-keys")
    seen: list[str] = []
    cursor = None
    while True:
        asked = {"owner": "many", "limit": "500"} | ({"cursor": cursor} if cursor else {})
        page = (await access.get("/keys", params=asked, headers=bearer(admin))).json()
        seen += [one["key_id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 10_000
    assert seen == sorted(seen, reverse=True)


async def test_login_when_its_key_ends_then_the_session_ends(access: httpx.AsyncClient, database: Database) -> None:
    """A session lends the rights of the key it was made with, and no more."""
    key, key_id = await make(database, scopes=frozenset({Scope.READ}))
    said = await access.post("/session", json={"key": key})
    assert (said.status_code, said.json()["scopes"]) == (201, ["files:read"])
    cookie = {"Cookie": f"filemill_session={said.cookies['filemill_session']}"}
    access.cookies.clear()
    assert (await access.get("/session", headers=cookie)).json()["auth"] == "session"
    assert (await access.get("/logins", headers=cookie)).json()["items"][0]["current"] is True
    refused = await access.post("/upload-tokens", json={}, headers=cookie | {"X-CSRF-Token": said.json()["csrf_token"]})
    assert refused.status_code == 403
    await KeyRing(database).revoke(key_id, "ann")
    assert (await access.get("/session", headers=cookie)).status_code == 401


async def test_login_when_twelve_hours_are_over_then_it_ends_however_much_it_was_used(
    access: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The absolute end is access's own; the idle one is the shared store's."""
    key, _ = await make(database)
    cookie = {
        "Cookie": f"filemill_session={(await access.post('/session', json={'key': key})).cookies['filemill_session']}"
    }
    access.cookies.clear()
    assert (await access.get("/session", headers=cookie)).status_code == 200
    now_s = time.time()
    monkeypatch.setattr(repository, "USED_EVERY_S", 0.0)
    monkeypatch.setattr(time, "time", lambda: now_s + 12 * 3600 + 1)
    assert (await access.get("/session", headers=cookie)).status_code == 401


async def test_login_when_two_cookies_come_then_none_is_taken(access: httpx.AsyncClient, database: Database) -> None:
    """A page of a neighbour's sub-domain can set a second one: which is ours cannot be told."""
    key, _ = await make(database)
    session_id = (await access.post("/session", json={"key": key})).cookies["filemill_session"]
    access.cookies.clear()
    twice = {"Cookie": f"filemill_session={'A' * 43}; filemill_session={session_id}"}
    assert (await access.get("/session", headers=twice)).status_code == 401
    other = {"Cookie": f"theme=dark; filemill_session={session_id}; x"}
    assert (await access.get("/session", headers=other)).status_code == 200


async def test_key_when_many_use_it_at_once_then_its_last_use_is_written_once(
    access: httpx.AsyncClient, database: Database
) -> None:
    """Looking at a key must not become a write for each call."""
    key, _ = await make(database)
    assert {said.status_code for said in await asyncio.gather(
        *[access.get("/verify", headers=bearer(key)) for _ in range(50)])} == {204}  # fmt: skip
    shown = (await access.get("/keys", headers=bearer(key))).json()["items"][0]
    assert shown["last_used_at"] is not None


async def test_address_when_asked_by_another_method_then_every_one_it_takes_is_named(access: httpx.AsyncClient) -> None:
    """Whichever routes they are of."""
    refused = await access.patch("/keys")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, POST")
