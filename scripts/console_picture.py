"""Take README's picture of the file page anew: the total found in an invoice, lit on its page, and its story below.

`python scripts/console_picture.py` starts a mill of its own, gives it the files of `test_data/`, and writes
`docs/images/console-file.webp`. Needs Chromium and the built console (`make console`). A picture differs each time in its
times, so no test compares it: look at it, then commit it.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import pyvips
from playwright.sync_api import Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support import console
from support.mill import Mill, wait_for

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "console-file.webp"
SHOWN = "invoice.pdf"
QUALITY = 82


def main() -> None:
    """Take it."""
    program = shutil.which("chromium")
    if program is None or not console.BUILT.is_file():
        sys.exit("error: this needs Chromium and the built console (make console)")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        mill = Mill(Path(folder) / "data")
        try:
            mill.start()
            _take(mill, console.launch(playwright, program).new_page(viewport=console.DESKTOP))  # type: ignore[arg-type]
        finally:
            mill.stop()
    print(f"written to {PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")


def _take(mill: Mill, page: Page) -> None:
    with mill.client() as client:
        # The one that is shown comes last, to a mill that is awake: its story is one of a usual file.
        names = sorted(
            (path.name for path in (ROOT / "test_data").iterdir() if path.name != "README.md"), key=SHOWN.__eq__
        )
        for name in names:
            content = (ROOT / "test_data" / name).read_bytes()
            sent = client.post("/api/upload/files", files={"file": (name, content)}).raise_for_status().json()

            def is_ready(file_id: str = sent["file_id"]) -> bool:
                file = client.get(f"/api/metadata/files/{file_id}").json()
                return file.get("status") == "processed" and file["analysis"] != "pending"

            wait_for(is_ready, f"{name} to be ready", 120, every_s=0.2)
    page.goto(f"{mill.url}/files/{sent['file_id']}")
    page.locator(".fi").filter(has_text="Total").click()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.mouse.move(0, 0)
    wait_for(lambda: page.evaluate("[...document.images].every((one) => one.complete)"), "the pages' pictures")
    pyvips.Image.new_from_buffer(page.screenshot(), "").write_to_file(str(PICTURE), Q=QUALITY)


if __name__ == "__main__":
    main()
