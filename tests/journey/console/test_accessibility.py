"""Every page for everybody: axe-core finds nothing serious, nothing spills, the keyboard reaches it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from support.console import DESKTOP, PHONE, Visit, keep_picture
from support.mill import Mill

pytestmark = pytest.mark.parametrize("engines", ["embedded"], indirect=True, scope="session")
"""The page is the same on every engine."""
Document = dict[str, Any]
PLACES = {
    "library": "/",
    "list": "/?view=list",
    "search": "/?q=invoice",
    "nothing": "/?q=type:pdf%20nowhere-to-be-found",
    "file": "/files/{file_id}",
    "text": "/files/{file_id}?tab=text",
    "properties": "/files/{file_id}?tab=properties",
    "live": "/live?service=processing",
    "hand": "/operations",
    "jobs": "/operations/jobs",
    "webhooks": "/operations/webhooks",
    "storage": "/operations/storage",
    "analytics": "/operations/analytics",
    "models": "/operations/models",
    "keys": "/operations/keys",
    "elsewhere": "/operations/jobs?service=ai&state=parked",
}
OVERLAPPING = """
[...document.querySelectorAll("main .row, main .card")]
  .filter((one) => one.scrollHeight > one.clientHeight + 1)
  .map((one) => `spills over the next one: ${one.textContent}`)
"""


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop-light", "phone-dark"])
def test_pages_when_looked_at_then_axe_finds_nothing_serious_and_nothing_spills(
    mill: Mill,
    visitor: Callable[..., Visit],
    samples: dict[str, Document],
    size: dict[str, int],
    scheme: str,
) -> None:
    """Each page in both widths and themes."""
    here = visitor(mill, viewport=size, color_scheme=scheme, reduced_motion="reduce")
    wrong: dict[str, Any] = {}
    for name, place in PLACES.items():
        page = here.go(place.format(file_id=samples["invoice.pdf"]["file_id"]))
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        keep_picture(page, f"{name}-{size['width']}-{scheme}")
        found = here.serious()
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found.append("wider than the window")
        found += page.evaluate(OVERLAPPING)
        if found:
            wrong[name] = found
    assert not wrong


def test_keyboard_when_used_alone_then_it_reaches_a_file_and_comes_back(
    mill: Mill, visitor: Callable[..., Visit], samples: dict[str, Document]
) -> None:
    """Skip link first; G V and G L go places; ? tells the keys; Escape comes back."""
    here = visitor(mill)
    page = here.go()
    expect(page.locator("main .card").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    page.keyboard.press("Escape")
    for letter, place in (("v", "/live"), ("o", "/operations"), ("l", "/")):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        page.wait_for_url(here.url + place)
    expect(page.locator("main .card").first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/files/*")
    page.keyboard.press("Escape")
    expect(page.locator("main .card").first).to_be_visible()
