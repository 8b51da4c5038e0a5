"""Pictures of office documents: the one they carry, and their pages drawn by LibreOffice, without the sandbox around it."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
from PIL import Image, ImageStat

from support.programs import Require

from .files import encode, photo, png_header_only, presentation, word, workbook, zipped

DRAWN = {"office_engine": "auto"}
ODF = {
    "mimetype": b"application/vnd.oasis.opendocument.text",
    "META-INF/manifest.xml": b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    b'<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/>'
    b'<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>',
    "content.xml": b'<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    b'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"><office:body><office:text>'
    b"<text:p>Harbour minutes</text:p></office:text></office:body></office:document-content>",
}
NAMES = "urn:oasis:names:tc:opendocument:xmlns"
RTF = rb"{\rtf1\ansi Harbour minutes\par}"


@pytest.fixture
def drawn(process: Any, require: Require) -> Callable[..., Any]:
    """Process with LibreOffice."""
    require("soffice")
    return lambda content, filename, **request: process(content, filename, options=DRAWN, **request)


def step(result: Any, name: str = "office_picture") -> tuple[str, str | None]:
    """How a step ended."""
    return next((one["state"], one["code"]) for one in result["steps"] if one["name"] == name)


def sizes(result: Any) -> dict[str, tuple[int, int]]:
    """Its pictures."""
    return {one["name"]: (one["width_px"], one["height_px"]) for one in result["renditions"]}


def picture(result: Any, work_dir: Path, name: str) -> Image.Image:
    """One of them."""
    path = next(one["path"] for one in result["renditions"] if one["name"] == name)
    with Image.open(work_dir / path) as opened:
        return opened.convert("RGB")


def slides(*words: str) -> bytes:
    """An OpenDocument presentation."""
    spaces = "".join(f' xmlns:{one}="{NAMES}:{name}:1.0"' for one, name in
                     (("office", "office"), ("text", "text"), ("draw", "drawing"), ("svg", "svg-compatible")))  # fmt: skip
    pages = "".join(
        f'<draw:page draw:name="{number}"><draw:frame svg:x="2cm" svg:y="2cm" svg:width="20cm" svg:height="5cm"><draw:text-box>'
        f"<text:p>{one}</text:p></draw:text-box></draw:frame></draw:page>"
        for number, one in enumerate(words, start=1)
    )
    content = f"<office:body><office:presentation>{pages}</office:presentation></office:body>"
    kind = "application/vnd.oasis.opendocument.presentation"
    listed = ODF["META-INF/manifest.xml"].replace(ODF["mimetype"], kind.encode())
    document = f'<office:document-content{spaces} office:version="1.3">{content}</office:document-content>'
    return zipped({"mimetype": kind.encode(), "META-INF/manifest.xml": listed, "content.xml": document.encode()})


def two_pages(*, remark: bool = False) -> bytes:
    """A docx with a page break; its second page has a red picture. `remark`: and a comment."""
    document = docx.Document()
    first = document.add_paragraph("Harbour minutes")
    if remark:
        document.add_comment(first.runs, "Really?", author="Ines", initials="I")
    document.add_page_break()
    document.add_picture(io.BytesIO(encode(Image.new("RGB", (400, 400), (220, 20, 20)), "PNG")))
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def with_member(content: bytes, name: str, member: bytes) -> bytes:
    """An office file with one member more, or another one."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    return zipped(members | {name: member})


def test_thumbnail_when_a_document_carries_one_then_it_is_its_picture(process: Any, work_dir: Path) -> None:
    """Office and OpenDocument keep it under different names; it is shown as it is, and said to be the document's own."""
    shown = encode(photo(200, 150), "PNG")
    for content, filename in (
        (with_member(zipped(ODF), "Thumbnails/thumbnail.png", shown), "a.odt"),
        (
            with_member(workbook({"a": [["Harbour"]]}), "docProps/thumbnail.jpeg", encode(photo(200, 150), "JPEG")),
            "a.xlsx",
        ),
    ):
        result = process(content, filename)
        assert step(result) == ("done", None)
        assert sizes(result) == {"preview": (200, 150), "thumbnail": (200, 150)}
        assert result["properties"]["picture_from"] == "document"
        assert result["properties"]["colours"]
        red, green, blue = picture(result, work_dir, "thumbnail").getpixel((20, 75))  # type: ignore[misc]
        assert red > 180 > 60 > max(green, blue)


@pytest.mark.parametrize(
    "bad",
    [b"", b"no picture", encode(photo(64, 64), "PNG")[:-900], png_header_only(30_000, 30_000), b"\xff\xd8" + bytes(3 << 20),
     encode(photo(64, 64), "GIF"), encode(Image.new("RGB", (64, 64), "white"), "PNG")],
)  # fmt: skip
def test_thumbnail_when_it_is_none_to_show_then_the_words_are_kept(process: Any, bad: bytes) -> None:
    """Empty, no picture, cut off, a bomb, too large, of another kind, an empty page: no picture, and it is said why."""
    result = process(with_member(zipped(ODF), "Thumbnails/thumbnail.png", bad), "a.odt")
    assert step(result) == ("skipped", "office-drawing-off")
    assert (result["text"]["state"], result["reject"], sizes(result)) == ("found", None, {})


def test_picture_when_there_is_neither_then_it_is_said_what_is_missing(
    process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without LibreOffice and without a picture of its own: the state names the packages."""
    monkeypatch.setenv("PATH", "/nonexistent")
    result = process(RTF, "a.rtf", options=DRAWN)
    assert step(result) == ("skipped", "needs-libreoffice")
    assert (result["text"]["state"], result["reject"]) == ("found", None)
    assert "libreoffice-writer-nogui" in next(
        one["detail"] for one in result["steps"] if one["name"] == "office_picture"
    )


def test_picture_when_the_document_is_locked_or_broken_then_none_is_looked_for(drawn: Any) -> None:
    """What could not be read is not drawn: what a damaged file shows would be a guess."""
    result = drawn(zipped({"word/document.xml": b"<broken"}), "a.docx")
    assert step(result) == ("skipped", "not-read")


@pytest.mark.parametrize(
    ("content", "filename", "shape"),
    [
        (word("Harbour minutes"), "a.docx", "portrait"),
        (workbook({"Landings": [["Harbour", "Tons"], ["Rotterdam", "12"]]}), "a.xlsx", "portrait"),
        (zipped(ODF), "a.odt", "portrait"),
        (RTF, "a.rtf", "portrait"),
    ],
)
def test_first_page_when_drawn_then_it_is_a_white_page_with_words(
    drawn: Any, work_dir: Path, content: bytes, filename: str, shape: str
) -> None:
    """Of each kind: the size of a page, mostly white, not empty; nothing else is left in the work folder."""
    result = drawn(content, filename)
    assert step(result) == ("done", None)
    assert result["properties"]["picture_from"] == "page"
    made = sizes(result)
    assert max(made["preview"]) == 1600
    assert max(made["thumbnail"]) == 256
    assert (made["preview"][0] < made["preview"][1]) == (shape == "portrait")
    grey = picture(result, work_dir, "preview").convert("L")
    assert grey.getextrema()[0] < 120, "there are words"
    assert 240 < ImageStat.Stat(grey).mean[0] < 255
    left = {path.name for path in work_dir.iterdir()}
    assert left == {"preview.webp", "thumbnail.webp", "text-document_text.json"}, left


def test_slide_when_drawn_then_it_is_a_picture(drawn: Any, work_dir: Path) -> None:
    """Page two of a presentation is its second slide; an old one of only words, which LibreOffice cannot draw, says so."""
    result = drawn(slides("One", "Two"), "a.odp", renditions=["page-2.png"], only=["office_page"])
    assert step(result, "office_page") == ("done", None)
    width_px, height_px = sizes(result)["page-2.png"]
    assert width_px == 1600 > height_px
    assert step(drawn(presentation([["One"]]), "a.pptx")) == ("failed", "not-drawn")


@pytest.mark.parametrize("remark", [False, True])
def test_page_when_asked_for_then_it_is_that_page(drawn: Any, work_dir: Path, remark: bool) -> None:
    """The second page is the red one, in the format that its name says; a remark in the margin changes nothing."""
    result = drawn(two_pages(remark=remark), "a.docx", renditions=["page-1", "page-2.png"], only=["office_page"])
    assert step(result, "office_page") == ("done", None)
    first, second = (ImageStat.Stat(picture(result, work_dir, name)).mean for name in ("page-1", "page-2.png"))
    assert min(first) > 245
    assert second[0] > second[1] + 15
    assert max(sizes(result)["page-2.png"]) == 1600


def test_page_when_there_is_none_then_it_is_said(drawn: Any) -> None:
    """LibreOffice does not say how many there are."""
    result = drawn(two_pages(), "a.docx", renditions=["page-9"], only=["office_page"])
    assert step(result, "office_page") == ("failed", "not-drawn")
