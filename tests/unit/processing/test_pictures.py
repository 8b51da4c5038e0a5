"""Pictures: what is found out about them and what is made of them."""

import random
import struct
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
import pyvips
from PIL import Image, ImageCms, ImageFile

from .files import encode, jpeg_with_exif, photo, png_header_only
from .told import step


def opened(result: Any, work_dir: Path, name: str) -> Image.Image:
    """Return a rendition as a picture."""
    path = next(rendition["path"] for rendition in result["renditions"] if rendition["name"] == name)
    with Image.open(work_dir / path) as picture:
        picture.load()
    return picture


def test_jpeg_when_it_has_exif_then_camera_time_and_place_are_properties(process: Any, work_dir: Path) -> None:
    """What the camera wrote is kept beside the file and never in a rendition."""
    result = process(jpeg_with_exif(), "a.jpg")
    properties = result["properties"]
    assert (properties["width_px"], properties["height_px"], properties["format"]) == (400, 300, "JPEG")
    assert properties["camera"] == {"make": "Acme", "model": "Phone 3"}
    assert properties["taken_at"] == "2024-05-06T07:08:09"
    assert properties["gps"] == {"latitude": 52.5, "longitude": -13.26}
    for name in ("thumbnail", "preview"):
        picture = opened(result, work_dir, name)
        assert not picture.getexif()
        assert "icc_profile" not in picture.info
        assert "xmp" not in picture.info


@pytest.mark.parametrize(
    ("orientation", "red_at"), [
        (1, "left"), (2, "right"), (3, "right"), (4, "left"), (5, "top"), (6, "top"), (7, "bottom"), (8, "bottom"),
    ],
)  # fmt: skip
def test_jpeg_when_turned_by_exif_then_the_thumbnail_is_upright(
    process: Any, work_dir: Path, orientation: int, red_at: str
) -> None:
    """Renditions are upright, and the properties give the upright size."""
    result = process(jpeg_with_exif(orientation), "a.jpg")
    thumbnail = opened(result, work_dir, "thumbnail").convert("RGB")
    width_px, height_px = thumbnail.size
    assert (width_px > height_px) == (orientation <= 4)
    assert (result["properties"]["width_px"] > result["properties"]["height_px"]) == (orientation <= 4)
    places = {
        "left": (5, height_px // 2),
        "right": (width_px - 5, height_px // 2),
        "top": (width_px // 2, 5),
        "bottom": (width_px // 2, height_px - 5),
    }
    red, _, blue = thumbnail.getpixel(places[red_at])
    assert red > 150 > blue


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("TIFF", "image/tiff"),
        ("BMP", "image/bmp"),
        ("PPM", "image/x-portable-pixmap"),
        ("JPEG2000", "image/jp2"),
        ("ICO", "image/x-icon"),
        ("TGA", "image/x-targa"),
        ("AVIF", "image/avif"),
        ("HEIF", "image/heic"),
    ],
)
def test_picture_when_of_any_known_kind_then_it_gets_renditions(process: Any, kind: str, content_type: str) -> None:
    """Each kind is recognised without its name and ends with a thumbnail, a preview and colours."""
    pillow_heif.register_heif_opener()
    picture = photo(200, 150) if kind == "ICO" else photo()
    result = process(encode(picture, kind), "upload")
    assert result["content_type"] == content_type
    assert result["plan"] == "picture"
    assert [rendition["name"] for rendition in result["renditions"]] == ["preview", "thumbnail"]
    assert max(result["renditions"][1]["width_px"], result["renditions"][1]["height_px"]) <= 256
    assert result["properties"]["colours"]
    assert result["reject"] is None


def test_picture_when_cmyk_then_the_thumbnail_is_rgb(process: Any, work_dir: Path) -> None:
    """Print colours become screen colours."""
    result = process(encode(photo().convert("CMYK"), "JPEG"), "a.jpg")
    red, green, blue = opened(result, work_dir, "thumbnail").convert("RGB").getpixel((20, 20))
    assert red > green
    assert red > blue


def _display_p3_to_srgb(colour: tuple[int, ...]) -> list[int]:
    """By the matrices of both spaces, which share a white and a curve (IEC 61966-2-1, SMPTE EG 432-1)."""
    linear = [(c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    rows = ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979))
    mixed = [min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in rows]
    return [round(255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055)) for v in mixed]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_picture_when_it_has_a_wide_gamut_then_its_colours_are_those_of_a_screen(
    process: Any, work_dir: Path, kind: str
) -> None:
    """The numbers of a phone's picture mean other colours than a browser shows without its profile."""
    pillow_heif.register_heif_opener()
    profile = bytes(pyvips.Operation.call("profile_load", "p3"))
    plain = Image.new("RGB", (300, 200), (180, 120, 60))
    result = process(encode(plain, kind, icc_profile=profile), "a")
    for name in ("thumbnail", "preview"):
        seen = opened(result, work_dir, name).convert("RGB").getpixel((100, 100))
        wanted = _display_p3_to_srgb((180, 120, 60))
        assert all(abs(a - b) <= 4 for a, b in zip(seen, wanted, strict=True)), (seen, wanted)
        assert abs(seen[0] - 180) > 4


def test_picture_when_it_has_a_palette_and_holes_then_the_holes_stay(process: Any, work_dir: Path) -> None:
    """One colour of a palette means nothing is there."""
    drawn = Image.new("P", (100, 100), 0)
    drawn.putpalette([255, 255, 255, 10, 120, 10])
    drawn.paste(1, (0, 0, 50, 100))
    for kind in ("PNG", "GIF"):
        thumbnail = opened(process(encode(drawn, kind, transparency=0), "a"), work_dir, "thumbnail").convert("RGBA")
        assert (thumbnail.getpixel((75, 50))[3], thumbnail.getpixel((25, 50))[3]) == (0, 255)
        assert thumbnail.getpixel((25, 50))[1] > 90


@pytest.mark.parametrize("kind", ["JPEG", "AVIF"])
def test_renditions_when_avif_is_set_then_they_are_avif_without_metadata(
    process: Any, work_dir: Path, kind: str
) -> None:
    """Whoever decodes the file; what is made from a rendition reads it."""
    content = jpeg_with_exif(6) if kind == "JPEG" else encode(photo(), kind)
    result = process(content, "a", options={"picture_format": "avif"})
    assert {(one["name"], one["content_type"]) for one in result["renditions"]} == {
        ("thumbnail", "image/avif"), ("preview", "image/avif"),
    }  # fmt: skip
    for name in ("thumbnail", "preview"):
        made = opened(result, work_dir, name)
        assert made.format == "AVIF"
        assert not made.getexif()
        assert (made.height > made.width) == (kind == "JPEG")
    assert {"colours", "perceptual_hash"} <= result["properties"].keys()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG2000", "PPM"])
def test_picture_when_it_has_16_bit_greys_then_they_are_as_bright_as_before(
    process: Any, work_dir: Path, kind: str
) -> None:
    """Pale stays pale: the whole range is brought to 8 bits, not the part that the picture happens to use."""
    row = struct.pack("<200H", *[20_000] * 100, *[30_000] * 100)
    greys = Image.frombytes("I;16", (200, 100), row * 100)
    thumbnail = opened(process(encode(greys, kind), "a"), work_dir, "thumbnail").convert("L")
    assert abs(thumbnail.getpixel((40, 50)) - 20_000 / 257) < 4
    assert abs(thumbnail.getpixel((160, 50)) - 30_000 / 257) < 4


def test_picture_when_it_is_whole_after_one_that_was_cut_then_nothing_is_forgiven(process: Any) -> None:
    """Reading what is left of a cut picture leaves no switch on."""
    process(encode(photo(), "BMP")[:200_000], "a.bmp")
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_png_when_it_claims_900_megapixels_then_it_is_rejected_from_the_header(process: Any) -> None:
    """A bomb is refused before a pixel is decoded, with its size in the reason."""
    result = process(png_header_only(30000, 30000), "bomb.png")
    assert result["reject"]["code"] == "too-many-pixels"
    assert "900 megapixels" in result["reject"]["detail"]
    assert result["renditions"] == []
    assert [record["name"] for record in result["steps"]] == ["identify", "image_probe"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF"])
def test_picture_when_cut_in_the_middle_then_the_part_is_shown_and_said(process: Any, kind: str) -> None:
    """A damaged picture gives what can be read of it and the property `truncated`."""
    content = encode(photo(), kind)
    result = process(content[: len(content) * 6 // 10], "cut")
    assert result["properties"]["truncated"] is True
    assert len(result["renditions"]) == 2


@pytest.mark.parametrize("kept", [0.3, 1.0])
def test_jpeg_when_only_its_header_is_left_then_the_reason_is_readable(process: Any, kept: float) -> None:
    """No grey picture is passed off as a photo."""
    content = encode(photo(), "JPEG")
    header_bytes = content.index(b"\xff\xda") + 14
    result = process(content[: int(header_bytes * kept)], "cut.jpg")
    assert result["reject"]["code"] == "unreadable-image"
    assert result["reject"]["detail"].startswith("The picture could not be decoded: ")
    assert result["renditions"] == []


def test_gif_when_animated_then_the_first_frame_is_shown(process: Any, work_dir: Path) -> None:
    """A rendition is a still picture."""
    frames = [Image.new("RGB", (60, 60), colour) for colour in ("red", "green", "blue")]
    result = process(encode(frames[0], "GIF", save_all=True, append_images=frames[1:]), "a.gif")
    assert result["properties"]["frames"] == 3
    red, green, _ = opened(result, work_dir, "thumbnail").convert("RGB").getpixel((30, 30))
    assert red > 200 > green


def test_renditions_when_only_one_is_wanted_then_only_it_is_made(process: Any) -> None:
    """A request can name what it needs."""
    result = process(encode(photo(), "JPEG"), "a.jpg", renditions=["thumbnail"])
    assert [rendition["name"] for rendition in result["renditions"]] == ["thumbnail"]


def test_colours_when_half_is_red_then_red_has_half(process: Any) -> None:
    """The colours are those a person would name."""
    picture = Image.new("RGB", (100, 100), "#204060")
    picture.paste("#e01010", (0, 0, 50, 100))
    colours = process(encode(picture, "PNG"), "a.png")["properties"]["colours"]
    assert len(colours) == 2
    assert colours[0]["share"] == pytest.approx(0.5, abs=0.05)


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {}>{}</svg>'


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ('width="40" height="20"', (1600, 800)),
        ('viewBox="0 0 40 20"', (1600, 800)),
        ('width="40cm" height="800mm" viewBox="0 0 10 20"', (800, 1600)),
        ('width="100%" height="100%" viewBox="0 0 40 20"', (1600, 800)),
    ],
)
def test_svg_when_it_has_a_size_of_any_kind_then_it_is_drawn_in_its_shape(
    process: Any, work_dir: Path, size: str, expected: tuple[int, int]
) -> None:
    """Red at the left, nothing at the right; sharp at the size of the preview."""
    drawing = SVG.format(size, '<rect width="5" height="999" fill="#e01010"/><text x="1" y="5">harbour plan</text>')
    result = process(drawing.encode(), "a.svg")
    assert step(result, "vector_picture")["state"] == "done"
    picture = opened(result, work_dir, "preview").convert("RGBA")
    assert picture.size == expected
    assert picture.getpixel((20, picture.height - 20))[0] > 200  # type: ignore[index]
    assert picture.getpixel((picture.width - 20, picture.height - 20))[3] == 0  # type: ignore[index]
    assert result["text"]["state"] == "found"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_svg_when_in_another_encoding_then_it_is_drawn_all_the_same(process: Any, encoding: str) -> None:
    """Editors of twenty years ago wrote all of these."""
    declared = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    drawing = declared + SVG.format('width="9" height="9"', '<title>Blüte</title><circle r="9"/>')
    result = process(drawing.encode(encoding), "a.svg", content_type="image/svg+xml")
    if result["content_type"] == "image/svg+xml":
        assert step(result, "vector_picture")["state"] == "done"
    else:
        assert encoding == "utf-16", "libmagic takes it for text"


@pytest.mark.parametrize(
    ("drawing", "end"),
    [
        (SVG.format('width="9" height="9"', ""), "nothing-drawn"),
        (SVG.format('width="1" height="900000"', '<rect width="9" height="9"/>'), "too-large-to-draw"),
        (
            SVG.format('width="9" height="9"', '<image width="9" height="9" xlink:href="/etc/hostname"/>'),
            "nothing-drawn",
        ),
    ],
    ids=["empty", "thin", "a file of the machine"],
)
def test_svg_when_it_cannot_be_drawn_then_it_is_said(process: Any, drawing: str, end: str) -> None:
    """The file is kept, and the step says why there is no picture."""
    result = process(drawing.encode(), "a.svg", content_type="image/svg+xml")
    assert step(result, "vector_picture")["code"] == end
    assert result["renditions"] == []
    assert result["reject"] is None


def test_svg_when_it_is_cut_then_it_is_unreadable(process: Any) -> None:
    """Neither its picture nor its words."""
    result = process(SVG.format('width="9" height="9"', '<rect width="9"')[:-6].encode(), "a.svg")
    assert step(result, "vector_picture")["code"] == "unreadable-drawing"
    assert result["reject"]["code"] == "unreadable-document"


def test_svg_when_it_laughs_then_entities_are_not_expanded(process: Any) -> None:
    """A billion laughs cost nothing, in the picture and in the words."""
    from .files import laughs

    content = laughs() + SVG.format('width="9" height="9"', "<text>&l11;</text>")
    result = process(content.encode(), "a.svg")
    assert result["content_type"] == "image/svg+xml"
    assert step(result, "vector_picture")["code"] == "unreadable-drawing"
    assert result["renditions"] == []
    assert result["text"]["state"] == "empty"


def test_picture_when_tesseract_is_missing_then_the_step_says_how_to_get_it(
    process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing program is a sentence, not a failure."""
    monkeypatch.setenv("PATH", "/nonexistent")
    options = {"ocr_engine": "tesseract"}
    record = step(process(encode(photo(), "PNG"), "a.png", options=options), "image_text")
    assert (record["state"], record["code"]) == ("skipped", "needs-tesseract")
    assert "tesseract" in record["detail"]


def test_gif_when_its_second_frame_is_broken_off_then_the_first_is_shown(process: Any) -> None:
    """Frames are counted by walking through them, and Pillow's walk raises IndexError there."""
    content = encode(photo(60, 40).quantize(16), "GIF")
    result = process(content.removesuffix(b";") + b"," + bytes(4) + b"\x3c\0\x28\0\0", "a.gif")
    probe = next(step for step in result["steps"] if step["name"] == "image_probe")
    assert (probe["state"], result["properties"]["width_px"]) == ("done", 60)
    assert {one["name"] for one in result["renditions"]} == {"thumbnail", "preview"}


def test_icon_when_libmagic_takes_it_for_targa_then_it_is_an_icon(process: Any) -> None:
    """The size of its first picture stands where Targa has the bits of a pixel."""
    noise = Image.frombytes("L", (256, 256), random.Random(1).randbytes(256 * 256))
    picture = encode(noise, "PNG")
    assert len(picture) >> 16 == 1
    entry = struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(picture), 6 + 5 * 16)
    result = process(b"\0\0\1\0\5\0" + entry * 5 + picture, "favicon.ico")
    assert result["type_evidence"]["libmagic"] == "image/x-tga"
    assert result["content_type"] == "image/x-icon"
    assert {one["name"] for one in result["renditions"]} == {"thumbnail", "preview"}


@pytest.mark.parametrize(("brand", "content_type"), [(b"mif1", "image/avif"), (b"avif", "image/avif")])
def test_avif_when_its_first_brand_is_for_any_kind_then_the_others_tell(
    process: Any, brand: bytes, content_type: str
) -> None:
    """Encoders differ in which brand of HEIF they put first."""
    content = encode(photo(64, 48), "AVIF")
    result = process(content[:8] + brand + content[12:], "a.avif")
    assert result["content_type"] == content_type


def test_jpeg_2000_when_without_its_box_then_it_is_a_picture(process: Any) -> None:
    """Scanners and PDF tools write the bare stream, which libmagic does not know."""
    result = process(encode(photo(64, 48), "JPEG2000", no_jp2=True), "a.j2k")
    assert result["content_type"] == "image/x-jp2-codestream"
    assert {one["name"] for one in result["renditions"]} == {"thumbnail", "preview"}


def test_tiff_when_only_pillow_reads_it_then_it_has_renditions_of_its_colours(process: Any, work_dir: Path) -> None:
    """Lab, as printers and scanners write it, in a way that libvips refuses."""
    lab = ImageCms.profileToProfile(
        photo(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    result = process(encode(lab, "TIFF"), "a.tif")
    assert {one["name"] for one in result["renditions"]} == {"thumbnail", "preview"}
    thumbnail = opened(result, work_dir, "thumbnail").convert("RGB")
    assert thumbnail.getpixel((20, 100)) == pytest.approx((220, 20, 20), abs=12)
    assert thumbnail.getpixel((200, 100))[2] > 180


def test_tiff_when_nobody_reads_it_then_the_reason_is_readable(process: Any) -> None:
    """The second reader's refusal is the same sentence."""
    content = encode(photo(), "TIFF")
    result = process(content[:8] + bytes(len(content) - 8), "a.tif")
    assert result["reject"]["code"] == "unreadable-image"


def test_gif_when_one_pixel_is_broken_off_then_it_is_unreadable(process: Any) -> None:
    """A single pixel cannot show whether a decoder made it up."""
    result = process(b"GIF87a\1\0\1\0\x81" + bytes(14) + b",\0\0\0\0\1\0\1\0\0\x08\4\0", "a.gif")
    assert step(result, "image_renditions")["code"] == "unreadable-image"


def test_tiff_when_lab_and_cut_then_the_part_is_shown_and_said(process: Any) -> None:
    """What only Pillow reads may be damaged too."""
    lab = ImageCms.profileToProfile(
        photo(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    content = encode(lab, "TIFF")
    result = process(content[: len(content) // 2], "a.tiff")
    assert step(result, "image_renditions")["state"] == "done"
    assert result["properties"]["truncated"] is True
