"""Two tabs of one browser: what is changed in one is seen in the other, and an upload belongs to one of them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from support.console import Visit
from support.mill import Mill

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


def test_uploads_when_a_second_tab_opens_then_none_is_sent_twice_and_it_takes_over_when_the_first_is_closed(
    mill: Mill, visitor: Callable[..., Visit], client: httpx.Client, tmp_path: Path
) -> None:
    """Five files, three at a time: those that wait in the first tab are not taken by the second; each is one file then."""
    names = [f"shared-{number}.bin" for number in range(5)]
    for name in names:
        (tmp_path / name).write_bytes(os.urandom(3_000_000))
    here = visitor(mill)
    page = here.go()
    here.slow_down(60_000)  # so that the second tab opens long before the first file is there
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
