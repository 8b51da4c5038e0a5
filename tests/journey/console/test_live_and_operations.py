"""What moves: the live map, new files in the library, jobs, webhooks."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from support.console import Visit, keep_picture
from support.mill import Mill
from support.quiet import wait_until_quiet
from support.servers.ports import free_ports

pytestmark = pytest.mark.parametrize("engines", ["embedded"], indirect=True, scope="session")
"""The page is the same on every engine."""
Document = dict[str, Any]


def test_live_when_a_file_comes_then_its_events_appear_with_its_name(
    mill: Mill, visitor: Callable[..., Visit], upload: Callable[..., Document]
) -> None:
    """Uploaded elsewhere, seen here, from the first event to the last; every service is on the map."""
    wait_until_quiet(mill, 120)  # the list shows the last events only, and other tests' files are still under way
    page = visitor(mill).go("/live")
    expect(page.locator(".conn")).to_have_text("connected")
    expect(page.locator(".node .s.ok")).to_have_count(8)
    expect(page.locator(".node.access")).to_contain_text("asks for no key")
    file_id = upload("seen-live.txt", b"seen from afar")["file_id"]
    rows = page.locator(f".evs tr:has(a[href='/files/{file_id}'])")
    for event in ("file.uploaded", "file.processed", "file.analyzed"):
        expect(rows.filter(has_text=event).first).to_contain_text("seen-live.txt")
    page.locator(".node.processing").click()
    expect(page.locator(".side")).to_contain_text("sandbox")
    keep_picture(page, "live")


def test_library_when_a_file_comes_from_elsewhere_then_it_appears_and_becomes_ready(
    mill: Mill, visitor: Callable[..., Visit], upload: Callable[..., Document]
) -> None:
    """No reload: the card is there, and its third line ends with what was found."""
    page = visitor(mill).go()
    expect(page.locator("main h1")).to_be_visible()
    file_id = upload("from-elsewhere.txt", b"Invoice 7, total 12.00 EUR")["file_id"]
    card = page.locator(f"main [data-file='{file_id}']")
    expect(card).to_be_visible()
    expect(card.locator(".found")).not_to_be_empty()


def test_operations_when_opened_then_each_page_says_what_the_api_says(
    mill: Mill, visitor: Callable[..., Visit], samples: dict[str, Document], client: httpx.Client
) -> None:
    """Jobs of the files, sums of the storage, figures with plots, models."""
    here = visitor(mill)
    page = here.go("/operations")
    expect(page.locator(".figs")).to_contain_text("need a hand")
    here.go("/operations/jobs?state=done")
    jobs = client.get("/api/processing/jobs", params={"state": "done", "limit": 1}).json()["items"]
    expect(page.locator(f"tr[data-job='{jobs[0]['job_id']}']")).to_be_visible()
    here.go("/operations/storage")
    expect(page.locator(".figs")).to_contain_text("of files")
    here.go("/operations/analytics")
    expect(page.locator(".plot canvas")).to_have_count(2)
    here.go("/operations/models")
    models = client.get("/api/ai/models").json()["items"]
    expect(page.locator("tbody tr")).to_have_count(len(models))


def test_webhooks_when_one_is_added_then_its_secret_is_shown_once_and_it_can_be_deleted(
    mill: Mill, visitor: Callable[..., Visit], client: httpx.Client
) -> None:
    """An address that may not be called is refused in the words of the API; a good one is in the API."""
    page = visitor(mill).go("/operations/webhooks")
    page.get_by_role("button", name="Add a webhook").first.click()
    page.get_by_label("Address (HTTPS)").fill("https://name:secret@hooks.example.com/hook")
    page.locator("dialog").get_by_role("button", name="Add a webhook").click()
    expect(page.locator(".toast")).to_be_attached()
    url = f"http://127.0.0.1:{free_ports(1)[0]}/told"
    page.get_by_label("Address (HTTPS)").fill(url)
    page.locator("dialog").get_by_role("button", name="Add a webhook").click()
    expect(page.locator(".secret code")).to_contain_text("whsec_")
    page.locator("dialog").get_by_role("button", name="Close").click()
    hooks = client.get("/api/notifications/webhooks").json()["items"]
    assert url in [hook["url"] for hook in hooks]
    row = page.locator("[data-webhook]", has_text=url)
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it, and what waits for it").click()
    expect(row).to_have_count(0)
    hooks = client.get("/api/notifications/webhooks").json()["items"]
    assert url not in [hook["url"] for hook in hooks]
