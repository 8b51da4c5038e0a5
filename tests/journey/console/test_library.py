"""The console's library in a real browser: uploading, finding, choosing, deleting and taking it back."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Route, expect

from support.console import Visit, keep_picture
from support.mill import Mill, wait_for

TEST_DATA = Path(__file__).parents[3] / "test_data"
pytestmark = pytest.mark.parametrize("engines", ["embedded"], indirect=True, scope="session")
"""The page is the same on every engine."""
Document = dict[str, Any]


def test_uploads_when_files_are_chosen_then_each_ends_ready_and_the_api_has_the_same_bytes(
    mill: Mill, visitor: Callable[..., Visit], client: httpx.Client
) -> None:
    """The tray names the ids; behind them are exactly the bytes that were chosen, processed and analysed."""
    here = visitor(mill)
    page = here.go()
    names = ("invoice.pdf", "sample.jpg", "letter.docx", "sales.csv")
    here.choose(*(TEST_DATA / name for name in names))
    for name in names:
        file_id = here.uploaded(name)
        content = (TEST_DATA / name).read_bytes()
        document = client.get(f"/api/metadata/files/{file_id}").json()
        assert (document["filename"], document["status"], document["analysis"]) == (name, "processed", "done")
        assert document["sha256"] == hashlib.sha256(content).hexdigest()
        assert client.get(f"/api/upload/files/{file_id}/content").content == content
        expect(page.locator(f"main [data-file='{file_id}']")).to_be_visible()
    keep_picture(page, "library")


def test_uploads_when_one_is_refused_then_the_row_says_why_and_the_others_go_on(
    mill: Mill, visitor: Callable[..., Visit]
) -> None:
    """A native program is refused by what it is; the text beside it is stored."""
    here = visitor(mill)
    page = here.go()
    program = b"\x7fELF\x02\x01\x01" + b"\x00" * 2000
    here.choose(
        {"name": "setup.elf", "mimeType": "", "buffer": program},
        {"name": "plain.txt", "mimeType": "text/plain", "buffer": b"a plain text beside it"},
    )
    here.uploaded("plain.txt")
    row = page.locator(".tray li[data-state=refused]")
    expect(row).to_contain_text("executable")
    row.get_by_role("button").click()
    expect(row).to_have_count(0)


def test_drop_when_files_fall_on_the_page_then_they_are_uploaded(mill: Mill, visitor: Callable[..., Visit]) -> None:
    """Anywhere on the page, also where nothing says so."""
    here = visitor(mill)
    page = here.go("/operations")
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["dropped on operations"], "dropped.txt", { type: "text/plain" }));
          const bubbling = { bubbles: true, cancelable: true, dataTransfer: data };
          document.body.dispatchEvent(new DragEvent("drop", bubbling));
        }"""
    )
    here.uploaded("dropped.txt")


def test_search_when_words_are_typed_then_rows_say_where_they_matched_and_filters_live_in_the_address(
    mill: Mill, visitor: Callable[..., Visit], samples: dict[str, Document], client: httpx.Client
) -> None:
    """What the page shows is what the API answers, in its order; a reload shows the same."""
    here = visitor(mill)
    page = here.go()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type('"Hollow Oak" ')
    page.wait_for_url("**/?*Hollow*")
    rows = page.locator("main .row")
    expect(rows.first).to_be_visible()
    expect(rows.first.locator("mark").first).to_have_text("Hollow")
    said = client.get("/api/metadata/files", params={"q": '"Hollow Oak"', "limit": 100}).json()
    wanted = [hit["file_id"] for hit in said["items"]]
    assert samples["invoice.pdf"]["file_id"] in wanted
    expect(page.locator("main h1")).to_contain_text(str(len(wanted)))
    assert [row.get_attribute("data-file") for row in rows.all()] == wanted
    page.keyboard.type("type:pdf ")
    expect(page.locator(".search .op")).to_have_text("type:pdf")
    page.reload()
    expect(page.locator(".search .op")).to_have_text("type:pdf")
    page.get_by_role("button", name="Remove type:pdf").click()
    expect(page.locator(".search .op")).to_have_count(0)


def test_selection_when_files_are_deleted_then_they_are_in_the_trash_and_undo_brings_them_back(
    mill: Mill, visitor: Callable[..., Visit], client: httpx.Client
) -> None:
    """Tag, zip, delete and undo of two files, each seen in the API."""
    ids = [
        client.post("/api/upload/files", files={"file": (f"pair-{n}.txt", f"zanzibar pair {n}".encode())}).json()[
            "file_id"
        ]
        for n in range(2)
    ]
    wait_for(lambda: len(client.get("/api/metadata/files?q=zanzibar").json()["items"]) == 2, "both to be findable")
    here = visitor(mill)
    page = here.go("/?q=zanzibar")
    for file_id in ids:
        page.locator(f"[data-file='{file_id}'] input[type=checkbox]").check()
    bar = page.get_by_role("toolbar", name="2 selected")
    bar.get_by_role("button", name="Tag").click()
    page.get_by_label("Tags, separated by commas").fill("twins, spice")
    page.get_by_role("button", name="Tag 2 files").click()
    for file_id in ids:
        wait_for(lambda file_id=file_id: _tags(client, file_id) == ["twins", "spice"], "the tags")
    with page.expect_download() as download:
        bar.get_by_role("button", name="Download zip").click()
    assert sorted(zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())).namelist()) == [
        "pair-0.txt",
        "pair-1.txt",
    ]
    bar.get_by_role("button", name="Delete").click()
    expect(page.locator(".toast").last).to_contain_text("2 files in the trash")
    assert {client.get(f"/api/upload/files/{file_id}").status_code for file_id in ids} == {404}
    expect(page.locator("main .row")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("main .row")).to_have_count(2)
    assert {client.get(f"/api/upload/files/{file_id}").status_code for file_id in ids} == {200}


def test_list_when_the_catalogue_hears_of_a_deletion_late_then_the_file_does_not_come_back_and_the_count_becomes_true(
    mill: Mill, visitor: Callable[..., Visit], client: httpx.Client
) -> None:
    """An answer of before the deletion comes after it: its file is not drawn again, and the page asks until it is right."""
    for number in range(2):
        content = f"quetzalcoatl number {number}".encode()
        client.post("/api/upload/files", files={"file": (f"late-{number}.txt", content)}).raise_for_status()
    wait_for(lambda: len(client.get("/api/metadata/files?q=quetzalcoatl").json()["items"]) == 2, "both to be findable")
    here = visitor(mill)
    page = here.go("/?q=quetzalcoatl")
    rows = page.locator("main .row")
    expect(rows).to_have_count(2)
    before = client.get("/api/metadata/files?q=quetzalcoatl").text
    rows.first.get_by_role("checkbox").check()
    page.get_by_role("toolbar", name="1 selected").get_by_role("button", name="Delete").click()
    expect(page.locator("main h1")).to_have_text("1 file")
    late = re.compile(r"/api/metadata/files\?.*q=quetzalcoatl")
    page.route(late, lambda route: route.fulfill(body=before, content_type="application/json"), times=1)
    rows.first.get_by_role("checkbox").check()
    page.get_by_role("toolbar", name="1 selected").get_by_role("button", name="Tag").click()
    page.get_by_label("Tags, separated by commas").fill("late")
    with page.expect_response(late) as answer:
        page.get_by_role("button", name="Tag 1 file").click()
    assert len(answer.value.json()["items"]) == 2
    expect(page.locator("main h1")).to_have_text("1 file")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(2)


def test_tag_when_somebody_else_tags_the_file_meanwhile_then_both_tags_stay(
    mill: Mill, visitor: Callable[..., Visit], client: httpx.Client
) -> None:
    """The page read the tags, then another one came: its own change is refused (412), read anew and made again."""
    made = client.post("/api/upload/files", files={"file": ("both.txt", b"xylophone lesson")})
    file_id = made.json()["file_id"]
    wait_for(lambda: len(client.get("/api/metadata/files?q=xylophone").json()["items"]) == 1, "it to be findable")
    page = visitor(mill).go("/?q=xylophone")
    path = f"/api/metadata/files/{file_id}"

    def be_faster(route: Route) -> None:
        if route.request.method == "PATCH" and _tags(client, file_id) == []:
            headers = {"Content-Type": "application/merge-patch+json"}
            client.patch(path, content=json.dumps({"tags": ["theirs"]}), headers=headers).raise_for_status()
        route.continue_()

    page.route(f"**{path}", be_faster)
    page.locator(f"[data-file='{file_id}'] input[type=checkbox]").check()
    page.get_by_role("toolbar", name="1 selected").get_by_role("button", name="Tag").click()
    page.get_by_label("Tags, separated by commas").fill("ours")
    page.get_by_role("button", name="Tag 1 file").click()
    expect(page.locator(".toast").last).to_contain_text("1 file tagged")
    assert _tags(client, file_id) == ["theirs", "ours"]


def _tags(client: httpx.Client, file_id: str) -> list[str]:
    tags: list[str] = client.get(f"/api/metadata/files/{file_id}").json()["tags"]
    return tags


def test_names_when_they_are_hostile_then_they_are_shown_as_text_and_cut_in_the_middle(
    mill: Mill, visitor: Callable[..., Visit], client: httpx.Client
) -> None:
    """Markup is not read, a mark of direction is shown, 255 bytes spill nowhere, also on the phone."""
    names = ["<img src=x onerror=alert(1)>.txt", "quokka\u202efdp.txt", "q" * 250 + ".txt"]
    for name in names:
        client.post("/api/upload/files", files={"file": (name, b"quokka name")}, data={"tags": "quokka"})
    client.post(
        "/api/upload/files", files={"file": ("t.txt", b"quokka title")}, data={"tags": "quokka", "title": "a\u202eb"}
    )
    wait_for(lambda: len(client.get("/api/metadata/files?tag=quokka").json()["items"]) == 4, "all to be there")
    for options in ({}, {"viewport": {"width": 390, "height": 844}}):
        page = visitor(mill, **options).go("/?q=tag:quokka&view=list")
        expect(page.locator("main .row")).to_have_count(4)
        expect(page.locator("main .row", has_text="<img src=x onerror=alert")).to_have_count(1)
        expect(page.locator("main .row", has_text="a(U+202E)b")).to_have_count(1)
        assert page.locator("main img[src=x]").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
