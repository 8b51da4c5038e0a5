"""The library of somebody with 20,000 files (100,000 at length): scrolled to its far end, searched, chosen as a whole."""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from support.console import Visit, keep_figures, keep_picture
from support.mill import Mill, wait_for

ROOT = Path(__file__).parents[3]
SAMPLES = ("invoice.pdf", "sample.jpg", "letter.docx", "sales.csv", "mail.eml", "notes.txt")
NODES_MOST = 2_500
"""Elements of the whole page, however far one has scrolled."""
HEAP_MORE_BYTES_PER_FILE = 400
"""Room for ids, days and places; what a file looks like takes some 2,000 more, and is not kept."""
ADDRESS_IDS = 200
"""More files than this do not fit into an address: their zip is asked for by a POST."""
LONG_TASKS = """
window.tooLong = [];
new PerformanceObserver((seen) => seen.getEntries().forEach((one) => tooLong.push(Math.round(one.duration))))
  .observe({ type: "longtask", buffered: true });
"""


@pytest.fixture(
    scope="module",
    params=[pytest.param(20_000, id="20000"), pytest.param(100_000, id="100000", marks=pytest.mark.slow)],
)
def used(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mill, int]]:
    """A mill with some files of each kind, each copied a few thousand times, and how many those are in all."""
    mill = Mill(tmp_path_factory.mktemp("used") / "data")
    try:
        mill.start()
        with mill.client() as client:
            for name in SAMPLES:
                with (ROOT / "test_data" / name).open("rb") as content:
                    client.post("/api/upload/files", files={"file": (name, content)}).raise_for_status()
            wait_for(lambda: _all_done(client), "the samples to be ready", 120, every_s=0.2)
            before = client.get("/api/upload/stats").json()["files"]
        command = [sys.executable, "-m", "support.many_files", str(mill.data_dir), str(request.param)]
        subprocess.run(command, check=True, cwd=ROOT / "tests")
        yield mill, before + request.param
    finally:
        assert mill.stop() == 0, mill.said()


def _all_done(client: httpx.Client) -> bool:
    files = client.get("/api/metadata/files").json()["items"]
    return len(files) >= len(SAMPLES) and all(
        file["status"] == "processed" and file["analysis"] != "pending" for file in files
    )


def _heap(page: Page) -> int:
    """Bytes that scripts hold, after what nobody needs was thrown away."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used: int = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return used


def _less(held: int, most: int) -> int | None:
    return max(held, 1) if held < most else None


def _nodes(page: Page) -> int:
    found: int = page.evaluate("document.querySelectorAll('*').length")
    return found


def test_library_when_it_has_thousands_of_files_then_its_far_end_is_reached_with_few_elements_and_little_memory(
    used: tuple[Mill, int], visitor: Callable[..., Visit]
) -> None:
    """The oldest file comes last; what was scrolled past is not held; the top comes back as it was."""
    mill, count = used
    with mill.client() as client:
        oldest = client.get("/api/metadata/files", params={"sort": "oldest", "limit": 1}).json()["items"][0]["file_id"]
        newest = client.get("/api/metadata/files", params={"limit": 1}).json()["items"][0]["file_id"]
    here = visitor(mill)
    here.page.add_init_script(LONG_TASKS)
    page = here.go()
    expect(page.locator(f"main [data-file='{newest}']")).to_be_visible()
    expect(page.locator("main .head")).to_contain_text(f"{count:,} files")
    first_ms = page.evaluate("performance.now()")
    at_first = _heap(page)
    most = 0

    def scroll() -> bool:
        nonlocal most
        page.evaluate("(() => { const main = document.getElementById('main'); main.scrollTop = main.scrollHeight })()")
        most = max(most, _nodes(page))
        return page.locator(f"main [data-file='{oldest}']:not(.blank)").count() == 1

    wait_for(scroll, "the oldest file", 400)
    at_far_end_ms = page.evaluate("performance.now()") - first_ms
    room = HEAP_MORE_BYTES_PER_FILE * count
    held = wait_for(lambda: _less(_heap(page) - at_first, room), "what was scrolled past to be given up", every_s=1)
    keep_picture(page, f"far-end-{count}")
    page.evaluate("document.getElementById('main').scrollTop = 0")
    expect(page.locator(f"main [data-file='{newest}']:not(.blank)")).to_be_visible()
    figures = {
        "files": count,
        "first_view_ms": round(first_ms),
        "at_far_end_ms": round(at_far_end_ms),
        "most_elements": most,
        "heap_at_first": at_first,
        "heap_more": held,
        "tasks_over_50_ms": sorted(page.evaluate("tooLong")),
    }
    keep_figures(f"many-files-{count}", figures)
    assert most < NODES_MOST, figures


def test_selection_when_all_that_match_are_chosen_then_the_count_is_exact_and_each_deed_reaches_all(
    used: tuple[Mill, int], visitor: Callable[..., Visit]
) -> None:
    """Counted before the deed, told while it goes on, the same in the API; a zip that would be too large is not offered."""
    mill, count = used
    with mill.client() as client:
        here = visitor(mill)
        page = here.go()
        expect(page.locator("main .card").first).to_be_visible()
        page.keyboard.press("Control+a")
        bar = page.get_by_role("toolbar", name=f"{count:,} selected")
        expect(bar).to_be_visible(timeout=120_000)
        expect(bar.get_by_role("button", name="Download zip")).to_be_disabled()
        page.keyboard.press("Escape")
        expect(bar).to_have_count(0)
        query = "harbour type:image"
        wanted = {one["file_id"] for one in _every(client, query)}
        here.go("/?q=" + query)
        page.locator("main .pick input").first.check()
        page.get_by_role("button", name="Select all").click()
        bar = page.get_by_role("toolbar", name=f"{len(wanted):,} selected")
        assert len(wanted) > ADDRESS_IDS
        with page.expect_download() as download:
            bar.get_by_role("button", name="Download zip").click()
        with zipfile.ZipFile(download.value.path()) as packed:
            assert len(packed.namelist()) == len(wanted)
            assert packed.testzip() is None
        bar.get_by_role("button", name="Tag").click()
        page.get_by_label("Tags, separated by commas").fill("seaside")
        page.get_by_role("button", name=f"Tag {len(wanted):,} files").click()
        expect(page.locator(".toast").last).to_contain_text(f"{len(wanted):,} files tagged")
        wait_for(lambda: {one["file_id"] for one in _every(client, "tag:seaside")} == wanted, "all to have the tag", 60)
        bar.get_by_role("button", name="Delete").click()
        expect(page.locator(".toast").last).to_contain_text(f"{len(wanted):,} files in the trash", timeout=120_000)
        assert client.get("/api/upload/stats").json()["files"] == count - len(wanted)
        expect(page.locator("main")).to_contain_text("Nothing matches")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".toast").last).to_contain_text(f"{len(wanted):,} files restored", timeout=120_000)
        assert client.get("/api/upload/stats").json()["files"] == count
        expect(page.locator("main .row").first).to_be_visible()


def test_search_when_more_match_than_are_counted_then_the_counts_say_so(
    used: tuple[Mill, int], visitor: Callable[..., Visit]
) -> None:
    """A plus behind the title, each chip and each tag, the tags in the order of their counts; a narrower search is exact."""
    mill, _ = used
    page = visitor(mill).go("/?q=harbour")
    expect(page.locator("main h1")).to_have_text("1,000+ files")
    expect(page.locator(".types .chip .n")).to_have_text([re.compile(r"^[\d,]+\+$")] * (1 + _types(mill, "harbour")))
    expect(page.locator(".types .chip").first).to_contain_text("1,000+")
    for query in ("harbour", "type:pdf"):
        assert _tags_offered(visitor(mill).go(f"/?q={query}")) == _tags_counted(mill, query), query
    with mill.client() as client:
        every = client.get("/api/metadata/analytics", params={"from": "0001-01-01T00:00:00Z"}).json()["top_tags"]
    page = visitor(mill).go("/")
    assert _tags_offered(page) == [f"{tag} ({files:,})" for tag, files in every.items()]
    page.get_by_role("menuitem", name="family").click()
    expect(page.locator(".search .op")).to_have_text("tag:family")
    page = visitor(mill).go("/?q=harbour")
    page.get_by_role("searchbox").fill("harbour lighthouse ")
    page.wait_for_url("**/?q=harbour+lighthouse*")
    with mill.client() as client:
        found = len(_every(client, "harbour lighthouse"))
    expect(page.locator("main h1")).to_have_text(f"{found} files")


def _types(mill: Mill, query: str) -> int:
    with mill.client() as client:
        return len(client.get("/api/metadata/files", params={"q": query}).json()["facets"]["type"])


def _tags_counted(mill: Mill, query: str) -> list[str]:
    """What the API says of the tags of a search: with a plus where it counted only some of what matches."""
    with mill.client() as client:
        answer = client.get("/api/metadata/files", params={"q": query}).json()
    plus = "+" if answer["facets_among"] else ""
    assert answer["facets"]["tag"]
    return [f"{tag} ({files:,}{plus})" for tag, files in answer["facets"]["tag"].items()]


def _tags_offered(page: Page) -> list[str]:
    menu = page.locator(".flts").get_by_role("button", name="Tag")
    expect(menu).to_be_visible()
    menu.click()
    return page.locator(".flts .sug button").all_inner_texts()


def _every(client: httpx.Client, query: str) -> list[dict[str, Any]]:
    lines = client.get("/api/metadata/export", params={"q": query, "format": "jsonl"}).text.splitlines()
    return [json.loads(line) for line in lines]
