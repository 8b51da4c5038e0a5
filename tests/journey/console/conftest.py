"""A browser for the session, and a visitor for each test."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from support import console
from support.console import Visit
from support.mill import Mill
from support.programs import Require

Visitor = Callable[..., Visit]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; the console must have been built."""
    require = Require()
    program = require("chromium")
    if not console.BUILT.is_file():
        require.missing("the console is not built (make console)")
    if not console.AXE.is_file():
        require.missing("web/node_modules is not there (make console)")
    with sync_playwright() as playwright:
        launched = console.launch(playwright, program)
        yield launched
        launched.close()


@pytest.fixture
def visitor(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Makes visits; whatever went wrong in one fails the test at its end."""
    with ExitStack() as visits:

        def make(mill: Mill, url: str | None = None, **options: Any) -> Visit:
            one: AbstractContextManager[Visit] = console.visit(browser, url or mill.url, request.node.name, **options)
            return visits.enter_context(one)

        yield make


@pytest.fixture(scope="session")
def own_mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A mill whose processes may be killed and whose blobs may be taken away; whoever does so mends it."""
    started = Mill(tmp_path_factory.mktemp("own") / "data")
    try:
        yield started.start()
    finally:
        assert started.stop() == 0, started.said()


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A mill that asks for keys."""
    started = Mill(tmp_path_factory.mktemp("guarded") / "data", FILEMILL_AUTH="keys")
    try:
        yield started.start()
    finally:
        assert started.stop() == 0, started.said()


@pytest.fixture(scope="session")
def standing_still() -> Callable[[Mill, str], AbstractContextManager[None]]:
    """Stops a process of a mill for as long as a `with` lasts: a machine that has no time for it."""

    @contextmanager
    def stand(mill: Mill, unit: str) -> Iterator[None]:
        pid = mill.units()[unit]["pid"]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    return stand
