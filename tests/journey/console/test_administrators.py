"""Who sees what of the services where keys are asked for: administrators, with and without files of their own, and others."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, expect

from support.callers import Callers, make_key
from support.console import DESKTOP, PHONE, Visit, keep_picture
from support.mill import Mill

FILES = ("files:read", "files:write", "files:delete")
TABS = ("", "/jobs", "/webhooks", "/storage", "/analytics", "/models", "/keys")


def _signed_in(here: Visit, key: str) -> list[str]:
    """Sign in; returns a list that every refusal from then on is put into."""
    page = here.go("/live")
    page.get_by_label("Access key").fill(key)
    page.get_by_role("button", name="Sign in with key").click()
    expect(page.locator(".livepage")).to_be_visible()
    refused: list[str] = []

    def look(answer: Response) -> None:
        if answer.status >= 400:
            refused.append(f"{answer.status} {answer.url}")

    page.on("response", look)
    return refused


def _every_service_is_well(page: Page) -> None:
    """The gateway, six services and the store, each with its sign; what they lean on is said to administrators."""
    expect(page.locator(".node .s.ok")).to_have_count(8)
    page.locator(".node.access").click()
    expect(page.locator(".side .deps")).to_contain_text(["sessions"])
    expect(page.locator(".node.processing")).to_contain_text("1 worker")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_live_when_an_administrator_with_files_looks_then_services_keys_and_their_own_events_are_there(
    guarded: Mill, visitor: Callable[..., Visit], size: dict[str, int]
) -> None:
    """As on a machine of one's own: nothing is refused, on no page; the events are those of their files."""
    key = make_key(guarded, "chief", "admin", *FILES)["key"]
    here = visitor(guarded, viewport=size)
    refused = _signed_in(here, key)
    page = here.page
    expect(page.locator(".conn")).to_have_text("connected")
    if size == DESKTOP:
        _every_service_is_well(page)
    expect(page.locator(".node.access")).to_contain_text(re.compile(r"\d+ keys? works?.*\d+ sessions? of yours"))
    callers = Callers()
    sent = callers(guarded, key).post("/api/upload/files", files={"file": ("chief.txt", b"a file of the chief")})
    callers.close()
    file_id = sent.raise_for_status().json()["file_id"]
    rows = page.locator(f".evs tr:has(a[href='/files/{file_id}'])")
    expect(rows.filter(has_text="file.processed").first).to_contain_text("chief.txt")
    keep_picture(page, f"live-administrator-{size['width']}")
    for tab in TABS:
        here.go(f"/operations{tab}")
        expect(page.locator("main [aria-busy=true]")).to_have_count(0)
        expect(page.locator("main .problem")).to_have_count(0)
    expect(page.locator("tr[data-key]").filter(has_text="chief").first).to_contain_text("admin")
    keep_picture(page, f"keys-administrator-{size['width']}")
    assert not refused


def test_live_when_the_key_of_an_administrator_opens_no_files_then_the_map_lives_and_nothing_is_asked_in_vain(
    guarded: Mill, visitor: Callable[..., Visit]
) -> None:
    """The key as the guide makes it. No alarm over a connection that nobody lost; pages of files say what they would take."""
    key = make_key(guarded, "root", "admin")["key"]
    here = visitor(guarded)
    refused = _signed_in(here, key)
    page = here.page
    _every_service_is_well(page)
    expect(page.locator(".conn")).to_have_text("no events for this key")
    expect(page.locator(".livepage.stale, .alert.offline")).to_have_count(0)
    keep_picture(page, "live-administrator-without-files")
    for tab in TABS[:-1]:
        here.go(f"/operations{tab}")
        expect(page.locator("main")).to_contain_text("files:read")
    here.go("/operations/keys")
    expect(page.locator("tr[data-key]").filter(has_text="root").first).to_be_visible()
    here.go("/")
    expect(page.locator("main")).to_contain_text("This key opens no files")
    expect(page.get_by_role("button", name="Upload files")).to_have_count(0)
    keep_picture(page, "library-administrator-without-files")
    assert not refused


def test_live_when_the_caller_is_no_administrator_then_it_says_what_is_not_theirs_and_makes_up_no_figures(
    guarded: Mill, visitor: Callable[..., Visit]
) -> None:
    """Which services work, and events of one's own files; no rate and no queue, since a nought would be a claim."""
    here = visitor(guarded)
    refused = _signed_in(here, make_key(guarded, "cora")["key"])
    page = here.page
    expect(page.locator("main .head")).to_contain_text("is for administrators")
    expect(page.locator(".node .s.ok")).to_have_count(7)  # the store's health is said to administrators
    expect(page.locator(".map")).not_to_contain_text("a minute")
    expect(page.locator(".map")).not_to_contain_text("empty")
    expect(page.locator(".conn")).to_have_text("connected")
    keep_picture(page, "live-no-administrator")
    assert not refused
