"""Uploads that are cut off: by a killed server, by a reload, by a pause."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from support.console import Visit
from support.mill import Mill, wait_for

SIZE_BYTES = 48_000_000
"""Small enough for the browser to keep it over a reload (64 MB), large enough to be cut off in its middle."""


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "large.bin"
    path.write_bytes(os.urandom(SIZE_BYTES))
    return path


def sending(here: Visit, file: Path, share: float) -> Visit:
    """An upload, slow enough to be cut off, of which so much is sent."""
    here.go()
    here.slow_down(6_000_000)
    here.choose(file)
    wait_for(lambda: here.sent() >= share, f"{share:.0%} to be sent", 60)
    return here


def test_upload_when_the_server_is_killed_at_60_percent_then_less_than_45_percent_is_sent_again(
    own_mill: Mill, visitor: Callable[..., Visit], large_file: Path
) -> None:
    """SIGKILL of gateway and upload service: the page says so, tries by itself, and sends only what was not promised."""
    here = sending(visitor(own_mill), large_file, 0.6)
    assert here.page.locator(".tray li[data-state=sending]").count() == 1
    for unit in ("upload", "gateway"):
        own_mill.kill(unit)
    before = len(here.pieces)
    expect(here.page.locator(".tray li[data-state=lost]")).to_contain_text("Trying again")
    here.slow_down(0)
    file_id = here.uploaded("large.bin")
    sent_after = SIZE_BYTES - here.pieces[before]
    assert 0 < sent_after < 0.45 * SIZE_BYTES, f"{sent_after / SIZE_BYTES:.0%} sent after the kill"
    with own_mill.client() as client:
        file = client.get(f"/api/upload/files/{file_id}").json()
    assert file["sha256"] == hashlib.sha256(large_file.read_bytes()).hexdigest()


def test_upload_when_the_page_is_reloaded_then_it_goes_on_by_itself_where_it_was(
    own_mill: Mill, visitor: Callable[..., Visit], large_file: Path
) -> None:
    """The browser forgot the file, the page kept its bytes: nothing is chosen again."""
    here = sending(visitor(own_mill), large_file, 0.3)
    here.page.reload()
    before = len(here.pieces)
    here.uploaded("large.bin")
    assert here.pieces[before] >= 0.2 * SIZE_BYTES


def test_upload_when_bytes_sent_before_a_reload_arrive_after_the_page_asked_then_it_asks_again(
    own_mill: Mill, visitor: Callable[..., Visit], large_file: Path
) -> None:
    """The server had a piece in hand when it said how far it is: its 409 to the next piece is no refusal of the file."""
    here = sending(visitor(own_mill), large_file, 0.2)
    page = here.page

    asked: list[str] = []

    def late(route: Route) -> None:
        if route.request.method != "HEAD" or asked:
            return route.continue_()
        asked.append(route.request.url)
        answer = route.fetch()
        offset = int(answer.headers["upload-offset"])
        with own_mill.client() as client, large_file.open("rb") as bytes_of:
            bytes_of.seek(offset)
            piece = bytes_of.read(2**20)
            headers = {
                "Tus-Resumable": "1.0.0",
                "Upload-Offset": str(offset),
                "Content-Type": "application/offset+octet-stream",
            }
            # Locked while the page's own last piece is in hand; a conflict once that has arrived: then it is late by itself.
            wait_for(
                lambda: client.patch(route.request.url, content=piece, headers=headers).status_code in (204, 409),
                "a piece",
            )
        return route.fulfill(response=answer)

    page.route("**/tus/*", late)
    page.reload()
    expect(page.locator(".tray li[data-state=lost]")).to_contain_text("still arriving")
    here.slow_down(0)
    file_id = here.uploaded("large.bin")
    with own_mill.client() as client:
        file = client.get(f"/api/upload/files/{file_id}").json()
    assert file["sha256"] == hashlib.sha256(large_file.read_bytes()).hexdigest()


def test_upload_when_paused_then_nothing_is_sent_until_it_goes_on(
    own_mill: Mill, visitor: Callable[..., Visit], large_file: Path
) -> None:
    """Paused, also over a reload; Resume goes on from there."""
    here = sending(visitor(own_mill), large_file, 0.2)
    page = here.page
    page.get_by_role("button", name="Pause large.bin").click()
    expect(page.locator(".tray li[data-state=paused]")).to_contain_text("Paused at")
    page.reload()
    expect(page.locator(".tray li[data-state=paused]")).to_have_count(1)
    before = len(here.pieces)
    here.slow_down(0)
    page.get_by_role("button", name="Resume large.bin").click()
    here.uploaded("large.bin")
    assert here.pieces[before] > 0
