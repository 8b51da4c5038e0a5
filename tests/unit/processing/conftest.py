"""Running the processing entry on generated files in this process: the steps without the sandbox around them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from filemill.processing.steps.results import RunResult, check
from filemill.processing.steps.run import run

Process = Callable[..., RunResult]


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    """An empty work folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def process(tmp_path: Path, work_dir: Path) -> Process:
    """Process bytes under a name and return the checked result. Drawing office documents takes seconds: who wants it asks."""

    def process_bytes(content: bytes, filename: str, **request: Any) -> RunResult:
        request["options"] = {"office_engine": "off"} | request.get("options", {})
        source = tmp_path / "source"
        source.write_bytes(content)
        return check(run({"filename": filename, **request}, work_dir, source, lambda progress: None))

    return process_bytes


@pytest.fixture
def text_of(work_dir: Path) -> Callable[[RunResult], str]:
    """Return the text a result names, all pages joined."""

    def read(result: RunResult) -> str:
        assert result["text"]["path"] is not None
        pages = json.loads((work_dir / result["text"]["path"]).read_text())["pages"]
        return "\n".join(page["text"] for page in pages)

    return read


@pytest.fixture
def blob_of(work_dir: Path) -> Callable[[RunResult], dict[str, Any]]:
    """Return the whole text file a result names."""

    def read(result: RunResult) -> dict[str, Any]:
        assert result["text"]["path"] is not None
        blob: dict[str, Any] = json.loads((work_dir / result["text"]["path"]).read_text())
        return blob

    return read
