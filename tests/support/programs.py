"""Programs that may be missing on a machine."""

import os
import shutil

import pytest


class Require:
    """With `FILEMILL_REQUIRE_SERVERS=1` a test that cannot have its program fails instead of being skipped."""

    def __call__(self, program: str) -> str:
        path = shutil.which(program)
        if path is None:
            self.missing(f"{program} is not installed")
        assert path is not None
        return path

    def missing(self, reason: str) -> None:
        """The test cannot run here, for this reason."""
        if os.environ.get("FILEMILL_REQUIRE_SERVERS") == "1":
            pytest.fail(f"{reason}, and FILEMILL_REQUIRE_SERVERS=1 allows no skip")
        pytest.skip(reason)
