"""Many tabs of one browser: one live stream for all of them, so that a browser's six connections to a host are never used up.

One tab holds the stream and tells the others; when it is closed, frozen or stuck, another one goes on where it was.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from support.console import Visit
from support.mill import Mill, wait_for

pytestmark = pytest.mark.parametrize("engines", ["embedded"], indirect=True, scope="session")
"""The page is the same on every engine."""
Document = dict[str, Any]
Upload = Callable[..., Document]
TABS = 8
"""More than the connections that a browser opens to one host by HTTP/1.1."""


@pytest.fixture
def tabs(mill: Mill, visitor: Callable[..., Visit]) -> list[Visit]:
    """Eight tabs on the live page, each connected. The first was there first, so it is the one that holds the stream."""
    first = visitor(mill)
    opened = [first, *(first.tab() for _ in range(TABS - 1))]
    for tab in opened:
        tab.go("/live")
        expect(tab.page.locator(".conn")).to_have_text("connected")
        expect(tab.page.locator(".node .s.ok").first).to_be_visible()
    return opened


def _told(tab: Visit, file_id: str) -> None:
    """This tab was told that a file came, once."""
    rows = tab.page.locator(f".evs tr:has(a[href='/files/{file_id}'])")
    expect(rows.filter(has_text="file.uploaded")).to_have_count(1)


def _streams(client: httpx.Client) -> int:
    open_streams: int = client.get("/api/notifications/snapshot").json()["open_streams"]
    return open_streams


def test_tabs_when_there_are_eight_then_one_stream_serves_them_and_each_stays_usable(
    tabs: list[Visit], upload: Upload, client: httpx.Client
) -> None:
    """Each tab is told of a file that comes from elsewhere, and opens it."""
    wait_for(lambda: _streams(client) == 1, "one stream for all of them")
    file_id = upload("for-eight.txt", b"one stream for eight tabs")["file_id"]
    for tab in tabs:
        _told(tab, file_id)
    for tab in tabs:
        tab.page.locator(f".evs a[href='/files/{file_id}']").first.click()
        expect(tab.page.locator("h1 .name")).to_have_attribute("title", "for-eight.txt")


def test_tabs_when_the_one_with_the_stream_is_closed_then_another_goes_on_and_nothing_is_missed_or_told_twice(
    tabs: list[Visit], upload: Upload, client: httpx.Client
) -> None:
    """Three tabs are closed, one after the other, and a file comes in that moment: the others are told of each, once."""
    _told(tabs[-1], upload("before-closing.txt", b"before")["file_id"])
    for number in range(1, 4):
        tabs[number - 1].page.close()
        file_id = upload(f"closing-{number}.txt", f"file {number}".encode())["file_id"]
        for tab in tabs[number:]:
            _told(tab, file_id)
    wait_for(lambda: _streams(client) == 1, "one stream for those that are left")


def test_tabs_when_the_one_with_the_stream_is_frozen_then_the_others_go_on_and_it_is_right_when_it_is_back(
    tabs: list[Visit], upload: Upload
) -> None:
    """A browser freezes tabs that nobody looks at: what came meanwhile is in the library when it goes on."""
    frozen = tabs[0]
    frozen.page.get_by_role("link", name="Library").first.click()
    expect(frozen.page.locator("main h1")).to_be_visible()
    life = frozen.page.context.new_cdp_session(frozen.page)
    life.send("Page.setWebLifecycleState", {"state": "frozen"})
    while_frozen = upload("while-frozen.txt", b"nobody looked")["file_id"]
    for tab in tabs[1:]:
        _told(tab, while_frozen)
    life.send("Page.setWebLifecycleState", {"state": "active"})
    expect(frozen.page.locator(f"main [data-file='{while_frozen}']")).to_be_visible()
    afterwards = upload("after-freezing.txt", b"looked at again")["file_id"]
    for tab in tabs[1:]:
        _told(tab, afterwards)
    expect(frozen.page.locator(f"main [data-file='{afterwards}']")).to_be_visible()


def test_tabs_when_the_one_with_the_stream_is_stuck_then_another_takes_it_over(
    tabs: list[Visit], upload: Upload, client: httpx.Client
) -> None:
    """It holds on to the stream and does nothing, as when a debugger has stopped it; it follows when it goes on."""
    stuck = tabs[0]
    with _stopped(stuck):
        file_id = upload("while-stuck.txt", b"nobody could look")["file_id"]
        for tab in tabs[1:]:
            _told(tab, file_id)
    wait_for(lambda: _streams(client) == 1, "one stream for all of them")
    afterwards = upload("after-stuck.txt", b"it goes on")["file_id"]
    for tab in tabs:
        _told(tab, afterwards)


@contextmanager
def _stopped(tab: Visit) -> Iterator[None]:
    """A tab whose scripts stand still, as in a debugger."""
    debugger = tab.page.context.new_cdp_session(tab.page)
    debugger.send("Debugger.enable")
    stops: list[bool] = []
    debugger.on("Debugger.paused", lambda _: stops.append(True))
    debugger.send("Debugger.pause")
    wait_for(lambda: tab.page.context.pages[1].title() and stops, "its scripts to stand still")
    try:
        yield
    finally:
        debugger.send("Debugger.resume")
        debugger.detach()
