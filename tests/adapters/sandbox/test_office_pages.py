"""Drawing office documents with LibreOffice inside the real walls: no socket, few files, bounded memory and time."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat

from filemill.chassis.sandbox import Sandbox
from filemill.processing.plan import OFFICE
from filemill.processing.steps.guarded import process
from filemill.processing.steps.run import ENTRY, PRELOAD, run
from support.programs import Require

from .hostile_cases import zipped

KIND = "application/vnd.oasis.opendocument.text"
NAMES = "urn:oasis:names:tc:opendocument:xmlns"
# What LibreOffice takes itself and with the zygote's libraries, twice.
MEMORY_BYTES = 700 << 20


@pytest.fixture
async def mill(scratch: Path, require: Require) -> AsyncIterator[Sandbox]:
    """A started sandbox that runs plans."""
    require("soffice")
    sandbox = Sandbox(ENTRY, preload=PRELOAD, scratch=scratch)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


def letter_with_a_picture_outside(picture: Path) -> bytes:
    """A text whose page is filled by a picture that is a file of the machine."""
    spaces = "".join(
        f' xmlns:{short}="{NAMES}:{name}:1.0"'
        for short, name in (("office", "office"), ("text", "text"), ("draw", "drawing"), ("svg", "svg-compatible"))
    )
    frame = (
        '<draw:frame text:anchor-type="paragraph" svg:width="15cm" svg:height="15cm"><draw:image '
        f'xlink:href="{picture.as_uri()}" xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"/></draw:frame>'
    )
    return zipped(
        {
            "mimetype": KIND,
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{NAMES}:manifest:1.0"><manifest:file-entry '
            f'manifest:full-path="/" manifest:media-type="{KIND}"/><manifest:file-entry manifest:full-path="content.xml" '
            'manifest:media-type="text/xml"/></manifest:manifest>',
            "content.xml": f'<office:document-content{spaces} xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'office:version="1.3"><office:body><office:text><text:p>{frame}Harbour minutes</text:p></office:text>'
            "</office:body></office:document-content>",
        }
    )


def redness(result: Any, work_dir: Path) -> float:
    """How red its picture is."""
    path = next(one["path"] for one in result["renditions"] if one["name"] == "thumbnail")
    with Image.open(io.BytesIO((work_dir / path).read_bytes())) as opened:
        red, green, _ = ImageStat.Stat(opened.convert("RGB")).mean
    return red - green


async def test_document_when_it_names_a_file_of_the_machine_then_that_is_not_in_its_picture(
    mill: Sandbox, scratch: Path, tmp_path: Path
) -> None:
    """The page is drawn by the walled program, without the picture; without walls it is there: the test would see it."""
    secret, source, work_dir = tmp_path / "secret.png", tmp_path / "source", scratch / "work"
    Image.new("RGB", (400, 400), (220, 20, 20)).save(secret)
    source.write_bytes(letter_with_a_picture_outside(secret))
    done = await process(mill, {"filename": "a.odt"}, source=source, work_dir=work_dir, limits=OFFICE.limits)
    assert done.result is not None, done.outcome
    assert done.runs == 1
    assert [(one["name"], one["state"]) for one in done.result["steps"][:4]] == [
        ("identify", "done"), ("document_text", "done"), ("image_text", "skipped"), ("office_picture", "done")
    ]  # fmt: skip
    assert done.result["properties"]["picture_from"] == "page"
    assert redness(done.result, work_dir) < 2
    assert done.outcome.peak_rss_bytes is not None
    assert done.outcome.peak_rss_bytes < MEMORY_BYTES
    outside = tmp_path / "outside"
    outside.mkdir()
    assert redness(run({"filename": "a.odt"}, outside, source, lambda _: None), outside) > 50


async def test_document_when_its_type_may_start_no_program_then_its_words_are_kept(
    mill: Sandbox, scratch: Path, tmp_path: Path
) -> None:
    """The limits are those of the type it came as: a document that came as an archive has words and no picture."""
    source = tmp_path / "source"
    source.write_bytes(letter_with_a_picture_outside(tmp_path / "none.png"))
    limits = type(OFFICE.limits)()
    done = await process(mill, {"filename": "a.odt"}, source=source, work_dir=scratch / "work", limits=limits)
    assert done.result is not None, done.outcome
    assert done.result["text"]["state"] == "found"
    record = next(one for one in done.result["steps"] if one["name"] == "office_picture")
    assert (record["state"], record["code"]) == ("failed", "not-drawn")
