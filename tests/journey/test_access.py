"""Keys and sessions on a real mill: who is let in, for how long, and what happens while nobody can be asked."""

import base64
import json
import time
from collections.abc import Iterator
from email.message import EmailMessage

import httpx
import pytest

from support.callers import Callers, make_key, operate
from support.mill import Mill, wait_for


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A mill that asks for keys."""
    mill = Mill(tmp_path_factory.mktemp("access") / "data", FILEMILL_AUTH="keys")
    try:
        mill.start()
        yield mill
    finally:
        mill.stop()


def _direct(mill: Mill, service: str) -> str:
    return f"http://127.0.0.1:{mill.ports[service]}"


CHEAP = {"upload": "/stats", "metadata": "/files?limit=1", "ai": "/models"}
"""A call of each service that only looks."""


def test_key_when_revoked_then_no_service_takes_it_a_second_later(mill: Mill, client_with: Callers) -> None:
    """Through the gateway and at each service's own door; and what was logged in with it ends with it."""
    made = make_key(mill, "ann")
    looks = [(name, client_with(mill, made["key"], url=_direct(mill, name))) for name in ("upload", "metadata", "ai")]
    looks.append(("gateway", client_with(mill, made["key"], url=mill.url + "/api/upload")))
    browser = client_with(mill, None)
    browser.post("/api/session", json={"key": made["key"]}).raise_for_status()
    paths = {"gateway": "/stats"} | CHEAP
    assert {client.get(paths[name]).status_code for name, client in looks} == {200}
    operate(mill, "keys", "revoke", made["key_id"])
    revoked_s = time.monotonic()
    for name, client in looks:
        wait_for(lambda name=name, client=client: client.get(paths[name]).status_code == 401, f"{name} to refuse it", 5)
        assert time.monotonic() - revoked_s < 2.5, name  # a second, and what a loaded machine takes to ask
    assert browser.get("/api/upload/stats").status_code == 401


def test_key_when_it_expires_then_it_says_so(mill: Mill, client_with: Callers) -> None:
    """An expiry in the past cannot be made; one that comes is told to whoever has the key."""
    admin = client_with(mill, make_key(mill, "root", "admin", "files:read")["key"])
    assert admin.post("/api/access/keys", json={"expires_in_s": 0}).status_code == 400
    made = admin.post("/api/access/keys", json={"owner_id": "eve", "scopes": ["files:read"], "expires_in_s": 60}).json()
    assert client_with(mill, made["key"]).get("/api/session").json()["owner_id"] == "eve"
    shown = admin.get("/api/access/keys", params={"owner": "eve"}).json()["items"][0]
    assert "key" not in shown
    assert shown["shown"] == made["key"][:10]


def test_session_when_logged_in_then_the_cookie_opens_and_changes_need_the_token(
    mill: Mill, client_with: Callers
) -> None:
    """`HttpOnly` and `SameSite`; a call that changes something without the CSRF token is refused by every service."""
    key = make_key(mill, "ann")["key"]
    browser = client_with(mill, None)
    said = browser.post("/api/session", headers={"Authorization": f"Bearer {key}"})
    assert said.status_code == 201
    cookie = said.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert key not in cookie
    token = said.json()["csrf_token"]
    known = browser.get("/api/session").json()
    assert (known["owner_id"], known["auth"], known["csrf_token"], known["files_uploaded"]) == (
        "ann",
        "session",
        token,
        0,
    )
    form = {"files": {"file": ("a.txt", b"by cookie")}}
    assert browser.get("/api/upload/files").status_code == 200
    for headers in ({}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": ""}):
        refused = browser.post("/api/upload/files", headers=headers, **form)
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf-failed")
    made = browser.post("/api/upload/files", headers={"X-CSRF-Token": token}, **form)
    assert made.status_code == 201
    assert made.json()["owner_id"] == "ann"
    assert browser.get("/api/session").json()["files_uploaded"] == 1
    direct = httpx.get(_direct(mill, "metadata") + "/files", cookies=dict(browser.cookies))
    assert direct.status_code == 200


def test_session_when_ended_then_the_cookie_is_nobodys(mill: Mill, client_with: Callers) -> None:
    """By logging out, by a new login in the same browser, from elsewhere; an invented one never was."""
    key = make_key(mill, "ann-3")["key"]
    browser = client_with(mill, None)

    def log_in() -> tuple[str, str]:
        said = browser.post("/api/session", json={"key": key}).raise_for_status().json()
        return browser.cookies["filemill_session"], said["csrf_token"]

    def opens(session_id: str) -> bool:
        return httpx.get(mill.url + "/api/session", headers={"Cookie": f"filemill_session={session_id}"}).is_success

    first, _ = log_in()
    second, token = log_in()
    assert first != second
    assert (opens(first), opens(second)) == (False, True)
    elsewhere = client_with(mill, key)
    [login] = elsewhere.get("/api/access/logins").json()["items"]
    assert elsewhere.delete(f"/api/access/logins/{login['login_id']}").status_code == 204
    assert not opens(second)
    third, token = log_in()
    assert browser.delete("/api/session").status_code == 403  # a foreign page must not log anybody out
    assert browser.delete("/api/session", headers={"X-CSRF-Token": token}).status_code == 204
    assert not opens(third)
    assert not opens("A" * 43)
    fixed = client_with(mill, None)
    fixed.cookies.set("filemill_session", "A" * 43)
    fixed.post("/api/session", json={"key": key})
    assert not opens("A" * 43)  # a session id that somebody else chose is never taken over


def _forged(claims: dict[str, object], header: dict[str, object]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, "AAAA"])


def test_credentials_when_forged_or_odd_then_401_and_never_more(mill: Mill, client_with: Callers) -> None:
    """Through the gateway and at the services; what only the edge may say is not believed from outside."""
    mine = make_key(mill, "ann")["key"]
    claims = {"iss": "filemill-access", "sub": "ann", "scopes": ["admin"], "how": "key", "cid": None, "exp": 2**31}
    tokens = [
        _forged(claims, {"alg": "none", "kid": "x"}),
        _forged(claims, {"alg": "Ed25519", "kid": "x"}),
        _forged(claims, {"alg": "HS256"}),
        "x", "a.b.c", "fm_" + "A" * 43, "fms_x", "fm_", mine + "A", mine[:-1], "A" * 8000, "fms_" + "é" * 10, "%00",
    ]  # fmt: skip
    for token in tokens:
        shown = token.encode("utf-8")
        for url in (
            mill.url + "/api/upload/files",
            _direct(mill, "upload") + "/files",
            _direct(mill, "access") + "/session",
        ):
            said = httpx.get(url, headers={b"Authorization": b"Bearer " + shown})
            assert said.status_code == 401, (url, token, said.text)
            assert said.headers["www-authenticate"].startswith("Bearer")
        assert httpx.get(_direct(mill, "upload") + "/files", headers={b"X-Filemill-Identity": shown}).status_code == 401
        assert httpx.get(mill.url + "/api/upload/files", headers={b"X-Filemill-Identity": shown}).status_code == 401
    for scheme in ("Basic YTpi", "Bearer", "bearer", f"Basic {mine}"):
        assert httpx.get(mill.url + "/api/upload/files", headers={"Authorization": scheme}).status_code == 401, scheme
    # An identity that is good is not taken from outside either: the gateway takes it off, and shows none.
    identity = httpx.get(_direct(mill, "access") + "/verify", headers={"Authorization": f"Bearer {mine}"}).headers
    token = identity["x-filemill-identity"]
    assert httpx.get(_direct(mill, "upload") + "/files", headers={"X-Filemill-Identity": token}).status_code == 200
    assert httpx.get(mill.url + "/api/upload/files", headers={"X-Filemill-Identity": token}).status_code == 401
    assert httpx.get(mill.url + "/api/access/verify", headers={"Authorization": f"Bearer {mine}"}).status_code == 404
    assert httpx.get(mill.url + "/api/upload/files", headers={"Authorization": f"Bearer {mine}"}).status_code == 200


def test_access_when_it_is_killed_then_known_callers_go_on_and_others_wait(mill: Mill, client_with: Callers) -> None:
    """What it said last holds for a minute; whom it never saw gets 503 and not 401; it is back without anybody's help."""
    ann, stranger = client_with(mill, make_key(mill, "ann")["key"]), client_with(mill, make_key(mill, "new")["key"])
    assert ann.get("/api/upload/stats").status_code == 200
    mill.kill("access")
    seen = stranger.get("/api/upload/stats")
    assert ann.get("/api/upload/stats").status_code == 200
    assert seen.status_code in (200, 503)  # 200: it was back that fast
    if seen.status_code == 503:
        assert seen.json()["retryable"]
        assert "retry-after" in seen.headers
    wait_for(lambda: stranger.get("/api/upload/stats").status_code == 200, "access to be back", 30)


def test_services_when_they_work_for_an_owner_then_they_ask_in_their_name(mill: Mill, client_with: Callers) -> None:
    """A mail's attachment is unpacked by processing into a file of the mail's owner; nobody else's."""
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "The report", "a@example.org", "b@example.org"
    mail.set_content("Please see the attachment.")
    mail.add_attachment(b"The attached words.", maintype="text", subtype="plain", filename="words.txt")
    dora = client_with(mill, make_key(mill, "dora")["key"])
    file_id = dora.post("/api/upload/files", files={"file": ("m.eml", mail.as_bytes())}).json()["file_id"]
    wait_for(lambda: dora.get(f"/api/metadata/files/{file_id}").json().get("status") == "processed", "the mail", 60)

    def names() -> set[str]:
        return {file["filename"] for file in dora.get("/api/upload/files").json()["items"]}

    wait_for(lambda: names() == {"m.eml", "words.txt"}, "the attachment to be a file of dora's", 60)
    assert dora.get(f"/api/metadata/files/{file_id}/timeline").status_code == 200


def test_command_line_when_it_has_a_key_then_it_works_and_without_it_says_what_to_set(
    mill: Mill, client_with: Callers
) -> None:
    """`FILEMILL_KEY`, as a person would set it."""
    key = make_key(mill, "cli")["key"]
    mill.environment |= {"FILEMILL_URL": mill.url, "FILEMILL_KEY": key}
    try:
        assert operate(mill, "search", "--json") == ""
        del mill.environment["FILEMILL_KEY"]
        with pytest.raises(Exception, match="exit status"):
            operate(mill, "search")
    finally:
        mill.environment.pop("FILEMILL_KEY", None)


def test_keys_command_when_asked_then_lists_what_there_is(mill: Mill, client_with: Callers) -> None:
    """With what each may do and when it was used, and never the key."""
    made = make_key(mill, "listed", "files:read", expires="30d")
    client_with(mill, made["key"]).get("/api/session")
    shown = operate(mill, "keys", "list", "--owner", "listed")
    assert made["key"] not in shown
    assert made["key_id"] in shown
    assert "ready" in shown
    assert "files:read" in shown
    assert "never used" not in shown
    operate(mill, "keys", "revoke", made["key_id"])
    assert "revoked" in operate(mill, "keys", "list", "--owner", "listed")


def test_health_when_asked_through_the_gateway_then_details_are_for_admins(mill: Mill, client_with: Callers) -> None:
    """What a service leans on is the operator's business."""
    admin = client_with(mill, make_key(mill, "root", "admin")["key"])
    for service in ("upload", "metadata"):
        path = f"/api/{service}/health"
        assert httpx.get(mill.url + path).json()["dependencies"] == {}
        assert "database" in admin.get(path).json()["dependencies"]
    assert "dependencies" not in httpx.get(mill.url + "/health").json()["services"]["upload"]
    assert httpx.get(_direct(mill, "upload") + "/health").json()["dependencies"]
