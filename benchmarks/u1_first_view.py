"""U1: the library of somebody with many files, from the address to the newest cards on the screen, without a cache.

Anchor in the same run: the same browser opens `/health` at the same gateway, a line of JSON: what browser and loopback take
alone. Needs Chromium and the built console (`make console`); without them nothing is measured, and that is said. Files by
`BENCH_VIEW_FILES` (2000). Not for: a network, or a second visit, which has scripts and pictures already.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support import console
from support.mill import Mill, wait_for

ROOT = Path(__file__).resolve().parent.parent
FILES = int(os.environ.get("BENCH_VIEW_FILES", "2000"))
ROUNDS = 11
GOAL_MS = 1_000
SAMPLES = ("invoice.pdf", "sample.jpg", "letter.docx", "sales.csv", "mail.eml", "notes.txt")
PICTURES_THERE = "[...document.querySelectorAll('main .card img')].slice(0, 8).every((one) => one.complete)"


def run() -> list[dict[str, Any]]:
    """Measure and return the figures, or none."""
    program = shutil.which("chromium")
    if program is None or not console.BUILT.is_file():
        print("U1 left out: it needs Chromium and the built console (make console)", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        mill = Mill(Path(folder) / "data")
        browser = console.launch(playwright, program)
        try:
            mill.start()
            newest = _fill(mill)
            # The first round wakes both; the two take turns, so that what else the machine does is shared.
            rounds = [(_library_ms(browser, mill, newest), _bare_ms(browser, mill)) for _ in range(ROUNDS + 1)][1:]
        finally:
            browser.close()
            mill.stop()
    library, bare = sorted(one for (one, _), _ in rounds), [one for _, one in rounds]
    cards = statistics.median(library)
    pictures = statistics.median(one for (_, one), _ in rounds)
    anchor = statistics.median(bare)
    print(
        f"U1: cards {library[0]:.0f} to {library[-1]:.0f} ms, their pictures {pictures:.0f} ms (median)",
        file=sys.stderr,
    )
    return [
        {
            "id": "U1", "work": f"first view of a library of {FILES} files: the newest cards", "ours": round(cards),
            "anchor": round(anchor), "anchor_is": "a line of JSON in the same browser", "unit": "ms",
            "ratio": round(cards / anchor, 1), "goal": f"<= {GOAL_MS} ms", "met": cards <= GOAL_MS,
        }
    ]  # fmt: skip


def _fill(mill: Mill) -> str:
    """Files of each kind and copies of them; returns the id of the newest."""
    with mill.client() as client:
        for name in SAMPLES:
            content = (ROOT / "test_data" / name).read_bytes()
            client.post("/api/upload/files", files={"file": (name, content)}).raise_for_status()

        def newest() -> str | None:
            items = client.get("/api/metadata/files").json()["items"]
            ready = [one for one in items if one["status"] == "processed" and one["analysis"] != "pending"]
            return ready[0]["file_id"] if len(ready) == len(SAMPLES) else None

        found = wait_for(newest, "the samples to be ready", 120, every_s=0.2)
    command = [sys.executable, "-m", "support.many_files", str(mill.data_dir), str(FILES - len(SAMPLES))]
    subprocess.run(command, check=True, cwd=ROOT / "tests")
    assert found is not None
    return found


def _library_ms(browser: Browser, mill: Mill, newest: str) -> tuple[float, float]:
    """Until the newest card is on the screen, and until the pictures of the first ones are."""
    context = browser.new_context(viewport=console.DESKTOP)  # type: ignore[arg-type]
    page = context.new_page()
    began_s = time.perf_counter()
    page.goto(mill.url, wait_until="commit")
    page.locator(f"main [data-file='{newest}']:not(.blank)").wait_for()
    cards_ms = _since_ms(began_s)
    wait_for(lambda: page.evaluate(PICTURES_THERE), "the pictures of the first cards")
    pictures_ms = _since_ms(began_s)
    context.close()
    return cards_ms, pictures_ms


def _bare_ms(browser: Browser, mill: Mill) -> float:
    context = browser.new_context(viewport=console.DESKTOP)  # type: ignore[arg-type]
    page: Page = context.new_page()
    began_s = time.perf_counter()
    page.goto(f"{mill.url}/health")
    took_ms = _since_ms(began_s)
    context.close()
    return took_ms


def _since_ms(began_s: float) -> float:
    return (time.perf_counter() - began_s) * 1000


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
