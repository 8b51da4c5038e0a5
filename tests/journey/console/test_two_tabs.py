"""Two tabs of one browser: what is changed in one is seen in the other, and an upload belongs to one of them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from support.console import Visit
from support.mill import Mill, wait_for

pytestmark = pytest.mark.parametrize("engines", ["embedded"], indirect=True, scope="session")
"""The page is the same on every engine."""
Document = dict[str, Any]


def test_title_when_changed_in_one_tab_then_the_other_shows_it_and_an_older_change_is_refused(
    mill: Mill, visitor: Callable[..., Visit], upload: Callable[..., Document], finished: Callable[[str], Document]
) -> None:
    """Library and file page follow by the live stream; what was edited before it was seen overwrites nothing."""
    file_id = upload("two-tabs.txt", b"seen from both sides")["file_id"]
    finished(file_id)
    here = visitor(mill)
    page = here.go(f"/files/{file_id}")
    there = here.tab()
    library = there.go()
    expect(library.locator(f"main [data-file='{file_id}']")).to_contain_text("two-tabs")
    page.keyboard.press("e")
    page.get_by_label("Title").fill("Changed on one side")
    page.keyboard.press("Enter")
    expect(library.locator(f"main [data-file='{file_id}']").get_by_title("Changed on one side")).to_be_visible()
    there.go(f"/files/{file_id}")
    expect(library.locator("h1 .name")).to_have_attribute("title", "Changed on one side")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(library.get_by_role("button", name="Restore it")).to_be_visible()


def test_version_when_a_new_one_is_uploaded_then_both_tabs_show_it_and_the_first_can_be_had(
    mill: Mill,
    visitor: Callable[..., Visit],
    upload: Callable[..., Document],
    finished: Callable[[str], Document],
    client: httpx.Client,
) -> None:
    """The same id, other bytes; a change against a version that is not the newest any more is refused in words."""
    file_id = upload("contract.txt", b"the first wording")["file_id"]
    finished(file_id)
    here = visitor(mill)
    page = here.go(f"/files/{file_id}?tab=versions")
    there = here.tab()
    other = there.go(f"/files/{file_id}?tab=versions")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a new version").click()
    chooser.value.set_files({"name": "contract.txt", "mimeType": "text/plain", "buffer": b"the second wording, longer"})
    for tab in (page, other):
        expect(tab.locator("header .m").first).to_contain_text("version 2")
        expect(tab.locator(".plainlist li")).to_have_count(2)
    wait_for(lambda: client.get(f"/api/metadata/files/{file_id}").json()["version"] == 2, "the second version")
    assert client.get(f"/api/upload/files/{file_id}/content").content == b"the second wording, longer"
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 1").click()
    assert Path(download.value.path()).read_bytes() == b"the first wording"


def test_version_when_it_takes_long_then_the_tray_shows_how_far_and_it_can_be_broken_off(
    mill: Mill,
    visitor: Callable[..., Visit],
    upload: Callable[..., Document],
    finished: Callable[[str], Document],
    client: httpx.Client,
) -> None:
    """Broken off, the file is as it was; sent again it is ready only when the new version has been read."""
    file_id = upload("film.txt", b"the first cut")["file_id"]
    finished(file_id)
    here = visitor(mill)
    page = here.go(f"/files/{file_id}?tab=versions")
    content = {"name": "film.txt", "mimeType": "text/plain", "buffer": b"the second cut, longer \n" * 60_000}

    def send() -> None:
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Upload a new version").click()
        chooser.value.set_files(content)

    here.slow_down(200_000)
    send()
    row = page.locator(".tray li[data-state=sending]")
    expect(row).to_contain_text("A new version: keep this page open")
    expect(row.locator(".pbar")).not_to_have_attribute("aria-valuenow", "0")
    page.get_by_role("button", name="Break off film.txt").click()
    expect(page.locator(".tray li")).to_have_count(0)
    assert client.get(f"/api/upload/files/{file_id}/versions").json()["items"][0]["version"] == 1

    here.slow_down(50_000_000)
    send()
    expect(page.locator(".tray li[data-state=ready]")).to_have_attribute("data-file", file_id, timeout=60_000)
    assert client.get(f"/api/metadata/files/{file_id}").json()["version"] == 2
    expect(page.locator("header .m").first).to_contain_text("version 2")


def test_version_when_somebody_is_faster_then_it_is_refused_in_words(
    mill: Mill,
    visitor: Callable[..., Visit],
    upload: Callable[..., Document],
    finished: Callable[[str], Document],
    client: httpx.Client,
) -> None:
    """What the other stored stays the newest."""
    file_id = upload("minutes.txt", b"first draft")["file_id"]
    finished(file_id)
    here = visitor(mill)
    page = here.go(f"/files/{file_id}?tab=versions")
    here.slow_down(400_000)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a new version").click()
    chooser.value.set_files({"name": "minutes.txt", "mimeType": "text/plain", "buffer": b"mine, longer \n" * 100_000})
    expect(page.locator(".tray li[data-state=sending] .pbar")).to_have_count(1)
    theirs = client.put(f"/api/upload/files/{file_id}/content", params={"filename": "minutes.txt"}, content=b"theirs")
    assert theirs.status_code == 201, theirs.text
    refused = page.locator(".tray li[data-state=refused]")
    expect(refused).to_contain_text("Somebody stored another version meanwhile")
    assert client.get(f"/api/upload/files/{file_id}/content").content == b"theirs"


def test_version_when_its_answer_is_lost_then_it_is_sent_again_and_is_one_version(
    mill: Mill,
    visitor: Callable[..., Visit],
    upload: Callable[..., Document],
    finished: Callable[[str], Document],
    client: httpx.Client,
) -> None:
    """With the key of the first time: or his own version would be somebody else's who was faster."""
    file_id = upload("letter.txt", b"first draft")["file_id"]
    finished(file_id)
    here = visitor(mill)
    page = here.go(f"/files/{file_id}?tab=versions")
    lost = []

    def lose_one(route: Any) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch())
            route.abort("connectionreset")

    page.route("**/content?*", lose_one)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a new version").click()
    chooser.value.set_files({"name": "letter.txt", "mimeType": "text/plain", "buffer": b"second draft"})
    expect(page.locator(".tray li[data-state=ready]")).to_have_attribute("data-file", file_id, timeout=60_000)
    assert [one.status for one in lost] == [201]
    assert [one["version"] for one in client.get(f"/api/upload/files/{file_id}/versions").json()["items"]] == [2, 1]


def test_uploads_when_a_second_tab_opens_then_none_is_sent_twice_and_it_takes_over_when_the_first_is_closed(
    mill: Mill, visitor: Callable[..., Visit], client: httpx.Client, tmp_path: Path
) -> None:
    """Five files, three at a time: those that wait in the first tab are not taken by the second; each is one file then."""
    names = [f"shared-{number}.bin" for number in range(5)]
    for name in names:
        (tmp_path / name).write_bytes(os.urandom(3_000_000))
    here = visitor(mill)
    page = here.go()
    here.slow_down(300_000)
    here.choose(*(tmp_path / name for name in names))
    expect(page.locator(".tray li[data-state=sending]")).to_have_count(3)
    there = here.tab()
    there.go()
    expect(there.page.locator(".conn, main .card, main .head").first).to_be_visible()
    expect(there.page.locator(".tray li")).to_have_count(0)
    assert not there.pieces
    expect(page.locator(".tray li[data-state=queued]")).to_have_count(2)
    page.close()
    for name in names:
        there.uploaded(name)

    def stored() -> list[str]:
        files = client.get("/api/upload/files", params={"limit": 500}).json()["items"]
        return sorted(file["filename"] for file in files if file["filename"] in names)

    assert stored() == names
