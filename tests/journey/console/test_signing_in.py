"""The console where credentials are asked for: in with a key, out again, and a session that ends in the middle of an upload."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from support import oidc_provider
from support.callers import Callers, make_key
from support.console import Visit
from support.mill import Mill, wait_for

SIZE_BYTES = 24_000_000


def test_sign_in_when_the_key_is_wrong_then_it_says_so_and_with_a_good_one_the_library_opens(
    guarded: Mill, visitor: Callable[..., Visit]
) -> None:
    """The cookie cannot be read by scripts; signing out ends the session."""
    key = make_key(guarded, "ann")["key"]
    here = visitor(guarded)
    page = here.go()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Access key").fill("fm_" + "x" * 40)
    page.get_by_role("button", name="Sign in with key").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Access key").fill(key)
    page.get_by_role("button", name="Sign in with key").click()
    expect(page.locator(".rail .me")).to_contain_text("ann")
    assert page.evaluate("document.cookie") == ""
    here.choose({"name": "hers.txt", "mimeType": "text/plain", "buffer": b"a file of ann"})
    file_id = here.uploaded("hers.txt")
    callers = Callers()
    assert callers(guarded, key).get(f"/api/upload/files/{file_id}").json()["owner_id"] == "ann"
    callers.close()
    page.goto(f"{here.url}/operations/keys")
    expect(page.locator("main")).to_contain_text("this page")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate("fetch('/api/upload/files').then((answer) => answer.status)") == 401


def test_session_when_it_ends_in_the_middle_of_an_upload_then_the_upload_waits_and_goes_on_after_signing_in(
    guarded: Mill, visitor: Callable[..., Visit], tmp_path: Path
) -> None:
    """The page stays; the dialog lies over it; what was sent is not sent again."""
    key = make_key(guarded, "ben")["key"]
    here = visitor(guarded)
    page = here.go()
    page.get_by_label("Access key").fill(key)
    page.get_by_role("button", name="Sign in with key").click()
    expect(page.locator(".rail .me")).to_contain_text("ben")
    path = tmp_path / "midway.bin"
    path.write_bytes(os.urandom(SIZE_BYTES))
    here.slow_down(3_000_000)
    here.choose(path)
    wait_for(lambda: here.sent() >= 0.2, "a fifth to be sent", 60)
    callers = Callers()
    ben = callers(guarded, key)
    for login in ben.get("/api/access/logins").json()["items"]:
        assert ben.delete(f"/api/access/logins/{login['login_id']}").status_code == 204
    callers.close()
    over = page.locator("dialog")
    expect(over).to_contain_text("1 file")
    expect(page.locator(".tray li[data-state=held]")).to_have_count(1)
    before = len(here.pieces)
    here.slow_down(0)
    over.get_by_label("Access key").fill(key)
    over.get_by_role("button", name="Sign in with key").click()
    here.uploaded("midway.bin")
    expect(over).to_have_count(0)
    assert here.pieces[before] > 0


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real provider of OpenID Connect."""
    with oidc_provider.providing(tmp_path_factory.mktemp("provider") / "provider.out") as url:
        yield url


def test_single_sign_on_when_a_person_logs_in_at_the_issuer_then_they_are_back_where_they_were(
    provider: str, visitor: Callable[..., Visit], tmp_path: Path
) -> None:
    """To the issuer's page and back by the browser alone; the name is theirs, files are theirs, signing out ends it."""
    settings = {
        "ISSUER": provider,
        "AUDIENCE": "filemill-api",
        "CLIENT_ID": oidc_provider.CLIENT,
        "CLIENT_SECRET": "a secret",
    }
    mill = Mill(
        tmp_path / "data", FILEMILL_AUTH="oidc", **{f"FILEMILL_OIDC_{name}": one for name, one in settings.items()}
    )
    url = f"http://localhost:{mill.ports['gateway']}"
    mill.environment["FILEMILL_PUBLIC_URL"] = url
    try:
        mill.start()
        here = visitor(mill, url, also=(provider,))
        page = here.go("/operations/storage")
        page.get_by_role("link", name="Continue with single sign-on").click()
        page.wait_for_url(f"{provider}/**")
        page.locator("input[name=sub]").fill("ada@example.org")
        page.locator("form").first.evaluate("(form) => form.requestSubmit()")
        page.wait_for_url(f"{url}/operations/storage")
        expect(page.locator(".rail .me")).to_contain_text("ada@example.org")
        here.choose({"name": "hers.txt", "mimeType": "text/plain", "buffer": b"a file of ada"})
        file_id = here.uploaded("hers.txt")
        owner = page.evaluate("(path) => fetch(path).then((answer) => answer.json())", f"/api/upload/files/{file_id}")
        assert owner["owner_id"] == "ada@example.org"
        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert page.evaluate("fetch('/api/upload/files').then((answer) => answer.status)") == 401
    finally:
        assert mill.stop() == 0, mill.said()
