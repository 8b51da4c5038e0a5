"""A whole file of each kind the mill knows, made here; no two with different numbers are equal, so none is reused work."""

import io
import random
import shutil
import struct
import tarfile
from collections.abc import Callable, Iterator

from support.media_files import make as make_media
from unit.processing import files

_WORDS = "The harbour opens at seven and the mill grinds until the light is gone. "
_MEDIA_EVERY = 25
"""A film costs seconds of encoding, which would be all that a long run measures."""


def _text(number: int) -> bytes:
    return f"Note {number}.\n{_WORDS * (1 + number % 20)}\n".encode()


def _table(number: int) -> bytes:
    return b"name,amount\n" + b"".join(f"row {number}-{row},{row * 3}\n".encode() for row in range(40))


def _json(number: int) -> bytes:
    return b'{"number": %d, "words": ["one", "two"]}' % number


def _page(number: int) -> bytes:
    return f"<!doctype html><html><body><h1>Page {number}</h1><p>{_WORDS}</p></body></html>".encode()


def _mail(number: int) -> bytes:
    head = f"From: a@example.com\nTo: b@example.com\nSubject: Letter {number}\nMIME-Version: 1.0\n"
    return f"{head}Content-Type: text/plain\n\n{_WORDS}\n".encode()


def _rtf(number: int) -> bytes:
    return b"{\\rtf1\\ansi Letter %d. %s\\par}" % (number, _WORDS.encode())


def _drawing(number: int) -> bytes:
    box = f'<rect width="{10 + number % 80}" height="20" fill="#2040a0"/><text y="50">Drawing {number}</text>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="60">{box}</svg>'.encode()


def _tar(number: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for member in range(5):
            content = f"{number} {member} {_WORDS}".encode()
            info = tarfile.TarInfo(f"folder/{member}.txt")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _picture(kind: str) -> Callable[[int], bytes]:
    def make(number: int) -> bytes:
        colour = (number % 251, number // 251 % 251, 90)
        picture = files.photo(320 + number % 64, 240)
        picture.paste(colour, (8, 8, 40, 40))
        return files.encode(picture, kind)

    return make


def _sound(number: int) -> bytes:
    """One second, 8 kHz, 16 bits, one channel; RIFF as of Microsoft's multimedia format."""
    samples = struct.pack("<8000h", *(random.Random(number).choices(range(-3000, 3000), k=8000)))
    head = struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVEfmt ", 16, 1, 1, 8000, 16000, 2, 16,
                       b"data", len(samples))  # fmt: skip
    return head + samples


def _film(number: int) -> bytes:
    size = f"testsrc2=size=160x{90 + number % 40 * 2}:rate=5:duration=1"
    return make_media("mp4", "-f", "lavfi", "-i", size, "-c:v", "libx264", "-preset", "ultrafast")


MAKERS: dict[str, Callable[[int], bytes]] = {
    "txt": _text,
    "csv": _table,
    "json": _json,
    "html": _page,
    "eml": _mail,
    "rtf": _rtf,
    "svg": _drawing,
    "pdf": lambda number: files.pdf(f"Report {number}", _WORDS, _WORDS),
    "docx": lambda number: files.word(f"Minutes {number}", _WORDS, _WORDS),
    "xlsx": lambda number: files.workbook({"Sheet": [["name", "amount"], [f"row {number}", "7"]]}),
    "zip": lambda number: files.zipped({"a.txt": f"{number} {_WORDS}".encode(), "b/c.txt": b"words"}),
    "7z": lambda number: files.seven_zip({"a.txt": f"{number}".encode(), "b": None}, packed=True),
    "tar.gz": _tar,
    "jpg": _picture("JPEG"),
    "png": _picture("PNG"),
    "webp": _picture("WEBP"),
    "gif": _picture("GIF"),
    "tiff": _picture("TIFF"),
    "bmp": _picture("BMP"),
}
MEDIA: dict[str, Callable[[int], bytes]] = {"wav": _sound, "mp4": _film}


def mixed(count: int) -> Iterator[tuple[str, bytes]]:
    """(name, content) of so many different files, every kind in turn; now and then, with ffmpeg here, a sound or film."""
    kinds, media = list(MAKERS), list(MEDIA) if shutil.which("ffmpeg") else []
    for number in range(count):
        if media and number % _MEDIA_EVERY == _MEDIA_EVERY - 1:
            kind = media[number // _MEDIA_EVERY % len(media)]
            yield f"file-{number}.{kind}", MEDIA[kind](number)
        else:
            kind = kinds[number % len(kinds)]
            yield f"file-{number}.{kind}", MAKERS[kind](number)
