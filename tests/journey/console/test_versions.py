"""A new version of a file: how far it is, broken off, overtaken, its answer lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from support.console import Visit
from support.mill import Mill, wait_for

pytestmark = pytest.mark.parametrize("engines", ["embedded"], indirect=True, scope="session")
"""The page is the same on every engine."""
Document = dict[str, Any]
Opened = Callable[[str, bytes], tuple[Visit, str]]


@pytest.fixture
def opened(
    mill: Mill, visitor: Callable[..., Visit], upload: Callable[..., Document], finished: Callable[[str], Document]
) -> Opened:
    """A visit to the versions of a new file of this name and content, and its id."""

    def visit(name: str, content: bytes) -> tuple[Visit, str]:
        file_id = upload(name, content)["file_id"]
        finished(file_id)
        here = visitor(mill)
        here.go(f"/files/{file_id}?tab=versions")
        return here, file_id

    return visit


def choose(page: Page, name: str, content: bytes) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a new version").click()
    chooser.value.set_files({"name": name, "mimeType": "text/plain", "buffer": content})


def versions(client: httpx.Client, file_id: str) -> list[int]:
    return [one["version"] for one in client.get(f"/api/upload/files/{file_id}/versions").json()["items"]]


def test_version_when_a_new_one_is_uploaded_then_both_tabs_show_it_and_the_first_can_be_had(
    opened: Opened, client: httpx.Client
) -> None:
    """The same id, other bytes."""
    here, file_id = opened("contract.txt", b"the first wording")
    other = here.tab().go(f"/files/{file_id}?tab=versions")
    choose(here.page, "contract.txt", b"the second wording, longer")
    for tab in (here.page, other):
        expect(tab.locator("header .m").first).to_contain_text("version 2")
        expect(tab.locator(".plainlist li")).to_have_count(2)
    wait_for(lambda: client.get(f"/api/metadata/files/{file_id}").json()["version"] == 2, "the second version")
    assert client.get(f"/api/upload/files/{file_id}/content").content == b"the second wording, longer"
    with here.page.expect_download() as download:
        here.page.get_by_role("link", name="Download 1").click()
    assert Path(download.value.path()).read_bytes() == b"the first wording"


def test_version_when_it_takes_long_then_the_tray_shows_how_far_and_it_can_be_broken_off(
    opened: Opened, client: httpx.Client
) -> None:
    """Broken off, the file is as it was; sent again it is ready only when the new version has been read."""
    here, file_id = opened("film.txt", b"the first cut")
    page, content = here.page, b"the second cut, longer \n" * 60_000
    here.slow_down(200_000)
    choose(page, "film.txt", content)
    row = page.locator(".tray li[data-state=sending]")
    expect(row).to_contain_text("A new version: keep this page open")
    expect(row.locator(".pbar")).not_to_have_attribute("aria-valuenow", "0")
    page.get_by_role("button", name="Break off film.txt").click()
    expect(page.locator(".tray li")).to_have_count(0)
    assert versions(client, file_id) == [1]

    here.slow_down(50_000_000)
    choose(page, "film.txt", content)
    assert here.uploaded("film.txt") == file_id
    assert client.get(f"/api/metadata/files/{file_id}").json()["version"] == 2
    expect(page.locator("header .m").first).to_contain_text("version 2")

    choose(page, "film.txt", b"the third cut")
    expect(page.locator("header .m").first).to_contain_text("version 3")
    expect(page.locator(".tray li")).to_have_count(1)  # the newest stands for the file
    assert here.uploaded("film.txt") == file_id
    assert versions(client, file_id) == [3, 2, 1]


def test_version_when_somebody_is_faster_then_it_is_refused_in_words(opened: Opened, client: httpx.Client) -> None:
    """What the other stored stays the newest; the refusal leads to it, and is gone once a version was stored."""
    here, file_id = opened("minutes.txt", b"first draft")
    here.slow_down(400_000)
    choose(here.page, "minutes.txt", b"mine, longer \n" * 100_000)
    expect(here.page.locator(".tray li[data-state=sending] .pbar")).to_have_count(1)
    theirs = client.put(f"/api/upload/files/{file_id}/content", params={"filename": "minutes.txt"}, content=b"theirs")
    assert theirs.status_code == 201, theirs.text
    refused = here.page.locator(".tray li[data-state=refused]")
    expect(refused).to_contain_text("Somebody stored another version meanwhile")
    expect(refused.get_by_role("link", name="minutes.txt")).to_have_attribute("href", f"/files/{file_id}")
    assert client.get(f"/api/upload/files/{file_id}/content").content == b"theirs"
    expect(here.page.locator("header .m").first).to_contain_text("version 2")
    choose(here.page, "minutes.txt", b"both of ours")
    expect(here.page.locator("header .m").first).to_contain_text("version 3")
    expect(here.page.locator(".tray li")).to_have_count(1)
    assert client.get(f"/api/upload/files/{file_id}/content").content == b"both of ours"


def test_version_when_its_answer_is_lost_then_it_is_sent_again_and_is_one_version(
    opened: Opened, client: httpx.Client
) -> None:
    """With the key of the first time: or his own version would be somebody else's who was faster."""
    here, file_id = opened("letter.txt", b"first draft")
    lost: list[int] = []

    def lose_one(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort("connectionreset")

    here.page.route("**/content?*", lose_one)
    choose(here.page, "letter.txt", b"second draft")
    assert here.uploaded("letter.txt") == file_id
    assert lost == [201]
    assert versions(client, file_id) == [2, 1]
