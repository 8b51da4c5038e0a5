"""An environment that chooses a folder of the test's own."""

from pathlib import Path

import pytest


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of this test's installation, chosen by the environment."""
    folder = tmp_path / "data"
    monkeypatch.setenv("FILEMILL_DATA_DIR", str(folder))
    return folder
