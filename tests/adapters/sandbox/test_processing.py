"""Processing through the real sandbox: good files, hostile files, and a step that brings its child down."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from filemill.chassis.sandbox import Limits, Sandbox
from filemill.processing.plan import MEDIA
from filemill.processing.steps.guarded import Processed, process
from support.media_files import film
from support.programs import Require


@pytest.fixture
def run(mill: Sandbox, scratch: Path, tmp_path: Path) -> Any:
    """Process bytes through the sandbox."""
    source = tmp_path / "source"

    async def process_bytes(content: bytes, filename: str, **options: Any) -> Processed:
        source.write_bytes(content)
        source.chmod(0o600)
        return await process(
            mill,
            {"filename": filename},
            source=source,
            work_dir=scratch / "work",
            limits=options.get("limits") or Limits(),
            on_progress=options.get("on_progress"),
        )

    return process_bytes


def picture(width_px: int = 600, height_px: int = 400) -> bytes:
    """Return a JPEG."""
    buffer = io.BytesIO()
    Image.radial_gradient("L").resize((width_px, height_px)).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


async def test_preload_when_libraries_are_imported_then_none_starts_threads(mill: Sandbox) -> None:
    """The heavy libraries can all live in the zygote; if one starts threads some day, this names it."""
    assert mill._zygote is not None
    assert mill._zygote.lazy == ()


async def test_picture_when_processed_in_the_sandbox_then_renditions_lie_in_the_work_folder(
    run: Any, scratch: Path
) -> None:
    """The whole way: child, walls, libraries, result, files."""
    told: list[dict[str, Any]] = []
    processed = await run(picture(), "a.jpg", on_progress=told.append)
    assert processed.outcome.state == "ok"
    assert processed.result is not None
    assert {rendition["name"] for rendition in processed.result["renditions"]} == {"thumbnail", "preview"}
    for rendition in processed.result["renditions"]:
        assert (scratch / "work" / rendition["path"]).stat().st_size == rendition["size_bytes"]
    assert {message["step"] for message in told} >= {"identify", "image_probe", "image_renditions"}


async def test_film_when_processed_in_the_sandbox_then_long_steps_say_how_far_they_are(
    run: Any, scratch: Path, require: Require
) -> None:
    """ffmpeg behind every wall, with its threads and files; percents that only grow."""
    require("ffmpeg")
    told: list[dict[str, Any]] = []
    processed = await run(film(), "a.mkv", limits=MEDIA.limits, on_progress=told.append)
    assert processed.result is not None
    assert {one["name"] for one in processed.result["renditions"]} >= {"preview", "waveform", "sheet", "clip"}
    assert [one["state"] for one in processed.result["steps"]] == ["done"] * len(MEDIA.steps)
    percents = [one["percent"] for one in told if one["step"] == "preview_sheet" and "percent" in one]
    assert len(percents) > 3
    assert percents == sorted(percents)


async def test_document_when_read_in_the_sandbox_then_no_cache_is_left(run: Any, scratch: Path) -> None:
    """Libraries write nothing but the result: not in the work folder, and nowhere else because they cannot."""
    processed = await run(b"{\\rtf1\\ansi Hello {\\b bold} words\\par}", "a.rtf")
    assert processed.result is not None
    assert processed.result["text"]["state"] == "found"
    assert [path.name for path in (scratch / "work").iterdir()] == ["text-document_text.json"]


async def test_step_when_it_eats_its_memory_then_the_other_steps_still_run(run: Any) -> None:
    """A picture too large for the limit loses its renditions, not its properties."""
    noise = Image.effect_noise((6000, 6000), 80).convert("RGB")
    buffer = io.BytesIO()
    noise.save(buffer, "BMP")
    processed = await run(buffer.getvalue(), "big.bmp", limits=Limits(memory_bytes=150 << 20))
    assert processed.outcome.state == "ok"
    assert processed.result is not None
    assert processed.result["properties"]["width_px"] == 6000
    record = next(step for step in processed.result["steps"] if step["name"] == "image_renditions")
    assert (record["state"], record["code"]) == ("failed", "out-of-memory")


async def test_step_when_it_needs_too_long_then_it_is_named_and_the_rest_is_kept(run: Any) -> None:
    """The step that was running at the deadline is recorded as failed; the file is processed without it."""
    limits = Limits(cpu_s=1, wall_s=0.35)
    processed = await run(b"<p>" + b"<div>a" * 1_500_000, "slow.html", limits=limits)
    assert processed.runs == 2
    assert processed.result is not None
    record = next(step for step in processed.result["steps"] if step["name"] == "document_text")
    assert (record["state"], record["code"]) == ("failed", "wall-limit")
    assert processed.result["content_type"] == "text/html"
