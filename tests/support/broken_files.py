"""Files of every kind that can be made here, and each way to break one: for runs that want whatever somebody may send."""

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from support import media_files
from unit.processing import files

TEST_DATA = Path(__file__).parents[2] / "test_data"


def _cut(content: bytearray, dice: random.Random) -> None:
    del content[dice.randrange(1, len(content)) :]


def _flipped(content: bytearray, dice: random.Random) -> None:
    for _ in range(max(1, len(content) // 500)):
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)


def _zeroed(content: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(content))
    length = min(len(content) - at, len(content) // 4 + 1)
    content[at : at + length] = bytes(length)


def _swapped(content: bytearray, _dice: random.Random) -> None:
    half = len(content) // 2
    content[:] = content[half:] + content[:half]


def _doubled(content: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(content))
    content[at:at] = content[at : at + len(content) // 3 + 1]


def _stuttering(content: bytearray, dice: random.Random) -> None:
    """Words where numbers stand: lengths and counts become enormous."""
    at = dice.randrange(len(content))
    content[at : at + 4] = b"\xff\xff\xff\xff"


BREAKS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _cut, _flipped, _zeroed, _swapped, _doubled, _stuttering,
)  # fmt: skip


def _originals() -> dict[str, bytes]:
    """Good files of every kind that can be made here."""
    photo = files.photo()
    made = {path.name: path.read_bytes() for path in sorted(TEST_DATA.iterdir()) if path.suffix != ".md"}
    made |= {f"photo.{kind.lower()}": files.encode(photo, kind) for kind in ("PNG", "WEBP", "TIFF", "BMP", "GIF")}
    made |= {
        "turned.jpg": files.jpeg_with_exif(6),
        "pages.pdf": files.pdf("First page words", "Second page"),
        "word.docx": files.structured_word(),
        "book.xlsx": files.workbook({"Spring": [["Ann", "3"]], "Autumn": [["Bob", "4"]]}),
        "slides.pptx": files.presentation([["Valves"], ["Pumps"]]),
        "folder.zip": files.zipped({"a.txt": b"words " * 50, "b.png": files.encode(photo, "PNG")}),
        "folder.7z": files.seven_zip({"a.txt": b"words", "folder": None}, packed=True),
        "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80"><circle cx="40" cy="40" r="30"/></svg>',
        "page.html": b"<html><title>Valves</title><body><p>open slowly</p></body></html>",
    }  # fmt: skip
    if shutil.which("ffmpeg"):
        made |= {"film.mp4": media_files.film(seconds=2), "song.mp3": media_files.song(seconds=2)}
    return made


def some_files(count: int, dice: random.Random) -> Iterator[tuple[str, bytes]]:
    """Each original and each way to break it in turn; every other file is broken. No two are equal."""
    originals = _originals()
    names = sorted(originals)
    for at in range(count):
        name = names[(at // 2) % len(names)]
        content = bytearray(originals[name])
        if at % 2:
            round_ = at // 2 // len(names)  # in the next one the same file is broken another way
            BREAKS[(at // 2 + round_) % len(BREAKS)](content, dice)
        yield f"{at}-{name}", bytes(content)
