"""What every test level shares."""

import pytest

from support.programs import Require


@pytest.fixture(scope="session")
def require() -> Require:
    """Ask for a program: `require("strace")` gives its path, or skips the test with the reason."""
    return Require()
