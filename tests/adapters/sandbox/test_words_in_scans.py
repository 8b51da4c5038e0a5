"""Reading scans without tesseract inside the real walls: no socket, few files, bounded memory and time."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from filemill.chassis.sandbox import Sandbox
from filemill.processing.plan import PDF, PICTURE
from filemill.processing.steps.guarded import process
from filemill.processing.steps.run import ENTRY, PRELOAD
from support.scans import page, png, scanned_pdf


@pytest.fixture
async def mill(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    """A sandbox on a machine without any program."""
    monkeypatch.setenv("PATH", "/nonexistent")
    sandbox = Sandbox(ENTRY, preload=PRELOAD, scratch=scratch)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


async def test_scan_when_there_is_no_tesseract_then_its_pages_are_read_in_the_sandbox(
    mill: Sandbox, scratch: Path, tmp_path: Path
) -> None:
    """The models are read from the wheel; whatever would be fetched could not be, because there is no socket."""
    source, work_dir = tmp_path / "source", scratch / "work"
    source.write_bytes(scanned_pdf(page("Harvest report"), page("Seventeen valves", "INVOICE NUMBER 4711")))
    done = await process(mill, {"filename": "a.pdf"}, source=source, work_dir=work_dir, limits=PDF.limits)
    assert done.result is not None, done.outcome
    assert done.runs == 1
    assert done.result["properties"]["ocr_engine"].startswith("rapidocr ")
    assert done.result["text"]["path"] is not None
    pages = json.loads((work_dir / done.result["text"]["path"]).read_text())["pages"]
    assert [one["text"] for one in pages] == ["Harvest report", "Seventeen valves\nINVOICE NUMBER 4711"]
    assert all(line["box"]["width"] > 0.2 for one in pages for line in one["lines"])


async def test_picture_when_it_is_as_large_as_is_read_then_its_memory_fits(
    mill: Sandbox, scratch: Path, tmp_path: Path
) -> None:
    """A square of the largest side that is looked at costs the most: it leaves a quarter of what one file may have."""
    source = tmp_path / "source"
    source.write_bytes(png(page("Harvest report", "Seventeen valves").resize((2400, 2400))))
    done = await process(mill, {"filename": "a.png"}, source=source, work_dir=scratch / "work", limits=PICTURE.limits)
    assert done.result is not None, done.outcome
    assert done.result["text"]["state"] == "found"
    assert done.outcome.peak_rss_bytes is not None
    assert done.outcome.peak_rss_bytes < PICTURE.limits.memory_bytes * 3 / 4
