"""What every test level shares."""

import signal

import pytest

from support.programs import Require

pytest_plugins = ["support.sample", "support.servers.plugin"]


def pytest_configure() -> None:
    """A background job of a script ignores Ctrl-C, and so would every child that a test interrupts (POSIX sh, 2.11)."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def require() -> Require:
    """Ask for a program: `require("strace")` gives its path, or skips the test with the reason."""
    return Require()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow level out unless `-m` says something about it."""
    if config.option.markexpr:
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
