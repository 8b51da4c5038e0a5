"""The console under a thumb: uploads are a bar above the tabs, and a sheet only for whoever asks for it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from support.console import PHONE, Visit, keep_picture
from support.mill import Mill

pytestmark = pytest.mark.parametrize("engines", ["embedded"], indirect=True, scope="session")
"""The page is the same on every engine."""
TAGS = "thumb, a tag that is longer than most tags are in this house"
HITS = """element => {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  const there = (x, y) => element.contains(document.elementFromPoint(x, y));
  return there(left + 4, top + 4) && there(right - 4, bottom - 4);
}"""
"""Whether a thumb that lands on any corner of an element reaches it."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_uploads_when_the_window_is_a_phones_then_they_are_a_bar_and_a_tap_opens_the_sheet(
    mill: Mill, visitor: Callable[..., Visit], scheme: str
) -> None:
    """The page below stays in use; what lies over it takes the focus, and Escape gives it back; no message covers a bar."""
    here = visitor(mill, viewport=PHONE, color_scheme=scheme, has_touch=True)
    page = here.go()
    name = f"a-name-that-is-longer-than-a-phone-is-wide-2026-11-29-{scheme}.txt"
    with page.expect_file_chooser() as chooser:
        page.locator(".tabs").get_by_role("button", name="Upload").tap()
    chooser.value.set_files({"name": name, "mimeType": "text/plain", "buffer": f"sent by a thumb, {scheme}".encode()})
    bar = page.get_by_role("button", name="1 file stored")
    expect(bar).to_be_visible()
    expect(page.locator(".tray")).to_have_count(0)
    keep_picture(page, f"phone-bar-{scheme}")
    bar.tap()
    expect(page.locator(".tray")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Hide uploads")).to_be_focused()
    here.uploaded(name)
    assert not here.serious()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep_picture(page, f"phone-sheet-{scheme}")
    page.keyboard.press("Escape")
    expect(page.locator(".tray")).to_have_count(0)
    expect(bar).to_be_focused()
    page.locator("main .pick input").first.check(force=True)
    page.locator(".bulk").get_by_role("button", name="Tag").tap()
    page.get_by_label("Tags, separated by commas").fill("thumb")
    page.keyboard.press("Enter")
    toast = page.locator(".toast").filter(has_text="1 file tagged")
    expect(toast).to_be_visible()
    expect(page.locator(".bulk")).to_be_visible()
    keep_picture(page, f"phone-toast-{scheme}")
    said = toast.bounding_box()
    below = page.locator(".bulk").bounding_box()
    assert said is not None
    assert below is not None
    assert said["y"] + said["height"] <= below["y"]
    page.locator(".tabs").get_by_role("link", name="Live").tap()
    expect(page.locator(".livepage")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_filters_when_the_window_is_a_phones_then_each_choice_can_be_seen_and_tapped(
    mill: Mill, visitor: Callable[..., Visit], upload: Callable[..., object], scheme: str
) -> None:
    """The row of filters scrolls sideways, and what it opens must not be cut off by that."""
    upload("phone-filter.txt", b"found by a thumb", data={"tags": TAGS})
    here = visitor(mill, viewport=PHONE, color_scheme=scheme, has_touch=True)
    page = here.go()
    for name in ("Added", "Tag", "Status", "Size"):
        opener = page.locator(".flts").get_by_role("button", name=name)
        opener.tap()
        choices = page.get_by_role("menu", name=name).get_by_role("menuitem")
        expect(choices.first).to_be_visible()
        for choice in choices.all():
            assert choice.evaluate(HITS), (name, choice.inner_text())
        keep_picture(page, f"phone-filter-{name.lower()}-{scheme}")
        page.keyboard.press("Escape")
        expect(choices).to_have_count(0)
        expect(opener).to_be_focused()
    assert not here.serious()
    page.locator(".flts").get_by_role("button", name="Tag").tap()
    page.get_by_role("menuitem", name="thumb (").tap()
    page.wait_for_url("**/?q=tag*thumb*")
