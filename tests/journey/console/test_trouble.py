"""What goes wrong, and how the page says so and goes on: a file that fails, a network that is gone, a clock that is wrong."""

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from support.console import Visit
from support.mill import Mill, wait_for

TEST_DATA = Path(__file__).parents[3] / "test_data"
Document = dict[str, Any]


def _ready(mill: Mill, file_id: str) -> bool:
    with mill.client() as client:
        file = client.get(f"/api/metadata/files/{file_id}").json()
        return bool(file["status"] == "processed" and file["analysis"] != "pending")


def _skip_pauses(mill: Mill) -> None:
    """As if the time between two tries were over."""
    with closing(sqlite3.connect(mill.data_dir / "databases" / "processing.db", timeout=30)) as database, database:
        database.execute("UPDATE jobs SET due_at = 0 WHERE state = 'queued'")


def test_failure_when_it_can_be_mended_then_the_page_says_why_and_its_button_helps(
    own_mill: Mill, visitor: Callable[..., Visit], standing_still: Callable[..., Any]
) -> None:
    """The bytes are away: the file says so in words, Operations groups it, and after they are back one press makes it ready."""
    here = visitor(own_mill)
    page = here.go()
    with standing_still(own_mill, "processing"):
        here.choose(TEST_DATA / "sample.jpg")
        file_id = here.uploaded("sample.jpg", "reading")
        blob, away = _blob(own_mill, file_id), own_mill.data_dir / "away"
        blob.rename(away)
        here.go(f"/files/{file_id}")
    _failed(own_mill, file_id)
    expect(page.locator(".fhead .st")).to_contain_text("The stored bytes of this file are missing.")
    expect(page.locator("[data-why]")).to_contain_text("missing")
    expect(page.locator(".rail .count")).to_have_text("1")
    with page.expect_response(re.compile("/api/processing/jobs/.*/retry")):
        page.get_by_role("button", name="Read it again").click()
    _failed(own_mill, file_id)
    here.go("/operations")
    cause = page.locator("[data-cause=blob-missing]")
    expect(cause).to_contain_text("The stored bytes of this file are missing.")
    cause.get_by_role("button", name="Files of").click()
    expect(cause.get_by_role("link")).to_contain_text("sample.jpg")
    away.rename(blob)
    cause.get_by_role("button", name="Retry 1 file").click()
    expect(page.locator(".toast")).to_contain_text("1 file queued again.")
    expect(page.locator("main")).to_contain_text("Nothing needs a hand")
    here.go(f"/files/{file_id}")
    expect(page.locator(".fhead .st")).to_contain_text("Ready")
    expect(page.get_by_role("button", name="Read it again")).to_have_count(0)
    expect(page.locator(".viewer img")).to_be_visible()


def _blob(mill: Mill, file_id: str) -> Path:
    """Where the bytes of a file lie, too large to lie in the store's own table."""
    [(key,)] = mill.rows("upload", "SELECT storage_key FROM files WHERE file_id = ?", file_id)
    [blob] = [path for path in mill.data_dir.rglob(Path(key).name) if path.is_file()]
    return blob


def _failed(mill: Mill, file_id: str) -> None:
    def failed() -> bool:
        _skip_pauses(mill)
        if mill.rows("processing", "SELECT 1 FROM jobs WHERE file_id = ? AND state IN ('queued', 'running')", file_id):
            return False  # the file still says what came of the last job
        with mill.client() as client:
            return bool(client.get(f"/api/metadata/files/{file_id}").json()["status"] == "failed")

    wait_for(failed, "the last try to fail", 60, every_s=0.2)


def test_network_when_it_is_gone_then_the_page_says_so_loses_nothing_and_goes_on(
    own_mill: Mill, visitor: Callable[..., Visit], tmp_path: Path
) -> None:
    """In the middle of an upload and of a change: the upload waits, the change is taken back in words, and both work later."""
    with own_mill.client() as client:
        files = {"file": ("left-behind.txt", b"a file to be renamed")}
        file_id = client.post("/api/upload/files", files=files).json()["file_id"]
        wait_for(lambda: _ready(own_mill, file_id), "the text to be ready", 60)
        (tmp_path / "midway.bin").write_bytes(os.urandom(12_000_000))
        here = visitor(own_mill)
        page = here.go(f"/files/{file_id}")
        here.slow_down(3_000_000)
        here.choose(tmp_path / "midway.bin")
        wait_for(lambda: here.sent() >= 0.2, "a fifth to be sent", 60)
        here.slow_down(0, offline=True)
        expect(page.locator(".tray li[data-state=lost]")).to_contain_text("Trying again")
        page.get_by_role("button", name="Edit the title").click()
        page.get_by_label("Title").fill("Renamed in a tunnel")
        page.keyboard.press("Enter")
        expect(page.locator(".toast")).to_contain_text("cannot be reached")
        expect(page.locator("h1 .name")).to_have_attribute("title", "left-behind.txt")
        expect(page.locator(".offline")).to_contain_text("No connection to the server")
        page.get_by_role("link", name="Library").first.click()
        expect(page.locator("main").get_by_text("cannot be reached").first).to_be_visible()
        before = len(here.pieces)
        here.slow_down(0)
        here.uploaded("midway.bin")
        assert here.pieces[before] > 0
        expect(page.locator(".offline")).to_have_count(0)
        expect(page.locator("main .card").first).to_be_visible()
        expect(page.locator("main").get_by_text("cannot be reached")).to_have_count(0)


@pytest.mark.parametrize("off", [timedelta(days=-3), timedelta(hours=26)], ids=["3-days-behind", "26-hours-ahead"])
def test_clock_when_it_is_wrong_then_times_are_said_as_the_server_has_them(
    own_mill: Mill, visitor: Callable[..., Visit], off: timedelta
) -> None:
    """What came a moment ago came today, a link that ends in seven days does so, and an upload is ready in seconds."""
    here = visitor(own_mill)
    page = here.page
    page.clock.set_system_time(datetime.now(UTC) + off)
    here.go()
    name = f"by-a-wrong-clock-{off.days}.txt"
    here.choose({"name": name, "mimeType": "text/plain", "buffer": name.encode()})
    file_id = here.uploaded(name)
    expect(page.locator(".tray li", has_text=re.compile(r"Ready in [0-9.]+ m?s"))).to_have_count(1)
    expect(page.locator("main .day").first).to_contain_text("Today")
    expect(page.locator(f"main [data-file='{file_id}']")).to_be_visible()
    here.go(f"/files/{file_id}?tab=properties")
    expect(page.locator(".ibody")).to_contain_text("Today")
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Make a link", exact=True).click()
    expect(page.locator("dialog")).to_contain_text("ends in 7 days")
    page.get_by_role("button", name="Close", exact=True).click()
    here.go("/?q=created:>=" + datetime.now(UTC).date().isoformat())
    expect(page.locator(f"main [data-file='{file_id}']")).to_be_visible()
