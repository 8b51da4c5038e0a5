"""A visitor with a real browser: Debian's Chromium driven by Playwright, before a mill that runs.

A visit fails at its end if a script broke, the page asked another host for anything, or its Content-Security-Policy had to
stop something. Pictures of failed visits stay in the folder that `FILEMILL_ARTIFACTS_DIR` names.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, CDPSession, Page, Playwright, Request, expect

BUILT = Path(__file__).parents[2] / "src" / "filemill" / "gateway" / "ui" / "index.html"
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SLOW_MS = 30_000
"""A browser, a mill and whatever else runs share two cores."""

expect.set_options(timeout=SLOW_MS)


def launch(playwright: Playwright, program: str) -> Browser:
    """Chromium without its own sandbox: the tests may run as root, where it has none."""
    return playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])


class Visit:
    """One page of a browser and what went wrong in it."""

    def __init__(self, page: Page, url: str, also: Sequence[str] = (), wrong: list[str] | None = None) -> None:
        self.page = page
        self.url = url
        self.also = also
        """Where else it may go, and what is loaded there is not ours: an issuer, say."""
        self.wrong: list[str] = [] if wrong is None else wrong
        self.pieces: list[int] = []
        """`Upload-Offset` of each request that brought bytes of an upload."""
        self._network: CDPSession | None = None
        page.set_default_timeout(SLOW_MS)
        page.on("pageerror", lambda error: self.wrong.append(f"a script broke: {error}"))
        page.on("dialog", lambda dialog: self.wrong.append(f"a dialog opened: {dialog.message}"))
        page.on("console", self._console)
        page.on("request", self._request)

    def _console(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.wrong.append(message.text)

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if self.also and self.page.url.startswith(tuple(self.also)):
            return
        if address.scheme in ("http", "https") and f"{address.scheme}://{address.netloc}" not in (self.url, *self.also):
            self.wrong.append(f"asked elsewhere: {request.url}")
        if request.method == "PATCH" and "/tus/" in address.path:
            self.pieces.append(int(request.headers["upload-offset"]))

    def go(self, path: str = "/") -> Page:
        """Open an address of the console and wait until the page is there."""
        self.page.goto(self.url + path)
        expect(self.page.locator("#main")).to_be_visible()
        return self.page

    def tab(self) -> "Visit":
        """Another tab of the same browser; what goes wrong in it counts here."""
        return Visit(self.page.context.new_page(), self.url, self.also, self.wrong)

    def choose(self, *files: Path | dict[str, Any]) -> None:
        """Upload files by the button of the rail."""
        with self.page.expect_file_chooser() as chooser:
            self.page.locator(".rail .btn.primary").click()
        chooser.value.set_files(list(files))  # type: ignore[arg-type]

    def uploaded(self, name: str, state: str = "ready") -> str:
        """The id of a file in the tray, once its row is in this state."""
        row = self.page.locator(f".tray li[data-state={state}]", has=self.page.get_by_title(name, exact=True))
        expect(row).to_have_count(1)
        file_id = row.get_attribute("data-file") or ""
        assert re.fullmatch(r"[0-9a-f-]{36}", file_id), file_id
        return file_id

    def sent(self) -> float:
        """The share of the only upload that the tray says is sent."""
        bar = self.page.locator(".tray li .pbar")
        return int(bar.get_attribute("aria-valuenow") or 0) / 100 if bar.count() else 0.0

    def slow_down(self, bytes_per_s: int, *, offline: bool = False) -> None:
        """From now on the browser sends at most so many bytes a second; 0: as fast as it can. `offline`: nothing at all."""
        if self._network is None:  # one for all: each session has conditions of its own
            self._network = self.page.context.new_cdp_session(self.page)
            self._network.send("Network.enable")
        self._network.send(
            "Network.emulateNetworkConditions",
            {
                "offline": offline,
                "latency": 0,
                "downloadThroughput": -1,
                "uploadThroughput": bytes_per_s or -1,
            },
        )

    def serious(self) -> list[str]:
        """What axe-core finds wrong that is serious or critical: rule, element."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("async () => (await axe.run()).violations")
        return [
            f"{violation['id']}: {node['target']}"
            for violation in found
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]


@contextmanager
def visit(browser: Browser, url: str, name: str, also: Sequence[str] = (), **options: Any) -> Iterator[Visit]:
    """A fresh visitor; at the end nothing may have gone wrong."""
    context = browser.new_context(**({"viewport": DESKTOP} | options))
    try:
        made = Visit(context.new_page(), url, also)
        try:
            yield made
        except BaseException:
            keep_picture(made.page, f"failed-{name}")
            raise
        assert not made.wrong, made.wrong
    finally:
        context.close()


def keep_figures(name: str, figures: dict[str, Any]) -> None:
    """Figures of a run that are looked at, not judged: printed, and kept where `FILEMILL_ARTIFACTS_DIR` names a folder."""
    print(json.dumps(figures))
    folder = os.environ.get("FILEMILL_ARTIFACTS_DIR")
    if folder:
        (Path(folder) / f"{name}.json").write_text(json.dumps(figures, indent=2), encoding="utf-8")


def keep_picture(page: Page, name: str) -> None:
    """A picture of what the page shows, where `FILEMILL_ARTIFACTS_DIR` names a folder."""
    folder = os.environ.get("FILEMILL_ARTIFACTS_DIR")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")
