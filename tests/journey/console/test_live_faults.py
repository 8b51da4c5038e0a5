"""What somebody breaks on purpose is seen on the page: the bar that names it, the breakers it opens, the workers at work."""

from collections.abc import Callable

from playwright.sync_api import expect

from filemill.chassis.ids import new_id
from support.console import Visit, keep_picture
from support.fault_switch import fault_on
from support.mill import Mill, wait_for


def test_bar_when_a_fault_is_on_then_every_page_names_it_and_when_it_is_off_the_bar_is_gone(
    own_mill: Mill, visitor: Callable[..., Visit]
) -> None:
    """Nobody shall take it for a fault of the mill."""
    here = visitor(own_mill)
    page = here.go()
    with fault_on(own_mill, "slow-store"):
        bar = page.get_by_role("status").filter(has_text="filemill fault")
        expect(bar).to_contain_text("slow-store")
        expect(bar).to_contain_text("The store takes two seconds more for each blob.")
        keep_picture(page, "fault-library")
        here.go("/live?service=processing")
        expect(bar).to_contain_text("slow-store")
        expect(page.locator(".side .deps")).to_contain_text(["fault:slow-store"])
        keep_picture(page, "fault-live")
    expect(bar).to_have_count(0)
    expect(page.locator(".livepage > .lmain > .alert")).to_have_text("Everything works.")


def test_breaker_when_calls_fail_then_the_map_says_between_whom_and_when_they_go_again_it_is_closed(
    own_mill: Mill, visitor: Callable[..., Visit]
) -> None:
    """metadata asks upload about files that it does not know; after five questions without an answer it stops for a while."""
    here = visitor(own_mill)
    page = here.go("/live?service=metadata")
    node, panel = page.locator(".node.metadata"), page.locator(".side")
    with own_mill.client() as client:

        def ask() -> int:
            return client.get(f"/api/metadata/files/{new_id()}").status_code

        with fault_on(own_mill, "calls-down"):
            wait_for(lambda: ask() == 503, "the fault to act")
            for _ in range(5):
                ask()
            expect(node).to_contain_text("upload: ask")
            expect(panel).to_contain_text("metadata → upload")
            keep_picture(page, "breaker-live")
        wait_for(lambda: ask() == 404, "the call that shows that upload is back", 90, every_s=0.5)
    expect(panel).not_to_contain_text("metadata → upload")
    expect(node).to_contain_text("reads and search")


def test_workers_when_they_work_then_the_page_says_how_many_there_are_and_at_which_file_they_are(
    own_mill: Mill, visitor: Callable[..., Visit]
) -> None:
    """Slowed down, so that it can be seen: the file, what is done with it, for how long."""
    page = visitor(own_mill).go("/live?service=processing")
    expect(page.locator(".node.processing")).to_contain_text("1 worker")
    expect(page.locator(".node.ai")).to_contain_text("1 worker")
    panel = page.locator(".side")
    expect(panel).to_contain_text("1 worker process on this machine.")
    with fault_on(own_mill, "worker-slow"), own_mill.client() as client:
        client.post("/api/upload/files", files={"file": ("slowly-read.txt", b"slowly read")}).raise_for_status()
        expect(panel.get_by_title("slowly-read.txt")).to_be_visible()
        expect(panel).to_contain_text("1 of new uploads")
        keep_picture(page, "workers-live")
    expect(panel.get_by_title("slowly-read.txt")).to_have_count(0)
