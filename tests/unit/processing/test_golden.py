"""Our own samples, each with what is known of it: plan, pages, five words of its text, its thumbnail."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat

from .files import encode, photo

TEST_DATA = Path(__file__).parents[3] / "test_data"
NEAR = 4  # of 255: what versions of a decoder differ by


@dataclass(frozen=True)
class Golden:
    """`words` stand in this order. `thumbnail`: its size and mean colour, measured with another program."""

    plan: str
    pages: int = 0
    words: tuple[str, ...] = ()
    thumbnail: tuple[tuple[int, int], tuple[int, int, int]] | None = None


GOLDEN = {
    "facture-fr.txt": Golden("text", 1, ("CHOUETTES", "F-2025-0093", "Moulin", "Reliure", "660,00")),
    "invoice.pdf": Golden(
        "pdf", 2, ("Hollow", "INV-2025-0417", "Bright", "1,079.41", "1,284.50"), ((181, 256), (247, 249, 248))
    ),
    "letter.docx": Golden("office", 1, ("Lindenhof", "Okafor", "March", "Dear", "Castellane")),
    "mail.eml": Golden("document", 1, ("Valves", "Raman", "Lenk", "May", "230.40")),
    "notes.txt": Golden("text", 1, ("greenhouse", "Ines", "Priya", "irrigation", "38.40")),
    "qr.png": Golden("picture", thumbnail=((256, 256), (171, 171, 171))),
    "receipt.txt": Golden("text", 1, ("CORNER", "Eastbrook", "02/05/2025", "Apples", "11.31")),
    "review_negative.txt": Golden("text", 1, ("worst", "kettle", "lid", "burned", "slow")),
    "review_positive.txt": Golden("text", 1, ("travel", "kettle", "holiday", "love", "click")),
    "sales.csv": Golden("text", 1, ("month", "region", "Lantern", "164", "6478.00")),
    "sample.jpg": Golden("picture", thumbnail=((256, 171), (90, 124, 154))),
    "tone.wav": Golden("media"),
}


def test_golden_when_listed_then_every_sample_is_in_it() -> None:
    """A new sample needs values."""
    assert {path.name for path in TEST_DATA.iterdir()} - {"README.md"} == set(GOLDEN)


@pytest.mark.parametrize("name", GOLDEN)
def test_sample_when_processed_then_it_is_what_is_known_of_it(process: Any, work_dir: Path, name: str) -> None:
    """Words in the order they are read in, pictures by their size and colour."""
    golden, result = GOLDEN[name], process((TEST_DATA / name).read_bytes(), name)
    assert (result["plan"], result["reject"]) == (golden.plan, None)
    path = result["text"]["path"]
    pages = json.loads((work_dir / path).read_text())["pages"] if path else []
    assert len(pages) == golden.pages
    text, at = "\n".join(page["text"] for page in pages), 0
    for word in golden.words:
        at = text.find(word, at)
        assert at >= 0, word
    thumbnails = [made["path"] for made in result["renditions"] if made["name"] == "thumbnail"]
    assert len(thumbnails) == (golden.thumbnail is not None)
    if golden.thumbnail is not None:
        with Image.open(work_dir / thumbnails[0]) as picture:
            assert picture.size == golden.thumbnail[0]
            mean = ImageStat.Stat(picture.convert("RGB")).mean
        assert mean == pytest.approx(golden.thumbnail[1], abs=NEAR)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_picture_when_turned_by_six_then_its_corners_are_where_they_belong(
    process: Any, work_dir: Path, kind: str
) -> None:
    """Orientation 6 says that the right side of what is stored is the bottom: a phone held upright."""
    colours = {"red": (200, 30, 30), "green": (30, 160, 40), "blue": (30, 40, 200), "yellow": (220, 210, 40)}
    upright = Image.new("RGB", (300, 400), "white")
    for colour, corner in zip(colours.values(), ((0, 0), (150, 0), (0, 200), (150, 200)), strict=True):
        upright.paste(colour, (*corner, corner[0] + 150, corner[1] + 200))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 15.0, 36.0)})
    stored = upright.transpose(Image.Transpose.ROTATE_90)
    result = process(encode(stored, kind, exif=exif), f"a.{kind.lower()}")
    assert (result["properties"]["width_px"], result["properties"]["height_px"]) == (300, 400)
    for made in result["renditions"]:
        with Image.open(work_dir / made["path"]) as picture:
            width_px, height_px = picture.size
            assert width_px < height_px
            assert not picture.getexif()
            seen = picture.convert("RGB")
        places = ((8, 8), (width_px - 8, 8), (8, height_px - 8), (width_px - 8, height_px - 8))
        for colour, place in zip(colours.values(), places, strict=True):
            assert seen.getpixel(place) == pytest.approx(colour, abs=30)


def test_picture_when_it_says_nothing_of_itself_then_it_stays_as_it_is(process: Any, work_dir: Path) -> None:
    """Against a turn of everything: without orientation the red half stays left."""
    result = process(encode(photo(), "JPEG"), "a.jpg")
    path = next(made["path"] for made in result["renditions"] if made["name"] == "thumbnail")
    with Image.open(work_dir / path) as picture:
        red, _, blue = picture.convert("RGB").getpixel((10, picture.height // 2))
    assert red > blue
