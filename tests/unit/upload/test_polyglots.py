"""Files that are two things at once are told from those that are one, by their ends."""

import io
import random
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from filemill.upload.ends import KeptEnds
from filemill.upload.errors import Polyglot
from filemill.upload.polyglots import HEAD_SEEN_BYTES, find
from filemill.upload.rules import check_ends
from filemill.upload.settings import UploadSettings
from filemill.upload.sniff import sniff

TEST_DATA = Path(__file__).parents[3] / "test_data"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17) + b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + random.Random(5).randbytes(3000).replace(b"\xff", b"\x00") + b"\xff\xd9"
GIF = b"GIF89a\x10\x00\x10\x00\x80\x00\x00" + bytes(40) + b"\x3b"
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\nstartxref\n9\n%%EOF\n"


def zipped(body: bytes = b"words", comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", body)
        archive.comment = comment
    return out.getvalue()


def warnings_of(body: bytes, filename: str = "a.bin") -> list[str]:
    ends = KeptEnds()
    for at in range(0, len(body), 10_000):
        ends.see(memoryview(body)[at : at + 10_000])
    kind = sniff(ends.head(), filename)
    return [warning.code for warning in find(ends.head(HEAD_SEEN_BYTES), ends.tail(), kind.content_type, filename)]


POLYGLOTS = {
    "pdf and zip": PDF + zipped(),
    "jpeg and a large zip": JPEG + zipped(random.Random(6).randbytes(200_000)),
    "jpeg and zip with a comment": JPEG + zipped(comment=b"x" * 60_000),
    "zip whose comment is a pdf's end": PNG + zipped(comment=b"startxref\n9\n%%EOF\n"),
    "gif and zip": GIF + zipped(),
    "gif and script by its size": b"GIF89a/*\x10\x00\x80\x00\x00" + bytes(40) + b"*/=1;alert(1)",
    "gif and script": b"GIF89a=1;alert('an image and a program, both of them at once, see');//" + b"x" * 20,
    "jpeg and script": b"\xff\xd8\xff\xe0/*JFIF" + bytes(100) + b"*/=alert(1);/*" + JPEG[12:],
    "bmp and script": b"BM/*\x00\x00" + bytes(30) + b"*/=1;alert(1)",
    "png with html in its head": PNG[:33] + b"\x00\x00\x00\x10tEXt<SCRIPT>alert(1)</SCRIPT>" + PNG[33:],
    "jpeg with php at its end": JPEG + b"<?php system($_GET['c']);",
    "jpeg and rar": JPEG + b"Rar!\x1a\x07\x01\x00" + bytes(50),
    "png and a program": PNG + b"MZ\x90\x00" + bytes(200),
    "text that is a pdf, too": b"#!/bin/sh\n" + PDF,
    "gif that is a pdf, too": GIF + PDF,
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_find_when_the_file_is_two_things_then_polyglot(name: str) -> None:
    """By the two ends alone."""
    assert warnings_of(POLYGLOTS[name]) == ["polyglot"]


def tarred(body: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("a.zip")
        info.size = len(body)
        archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


HONEST = {
    "zip": zipped(), "empty zip": b"PK\x05\x06" + bytes(18), "png": PNG, "jpeg": JPEG, "gif": GIF, "pdf": PDF,
    "tar with a zip": tarred(zipped()), "text about pdf": b"A PDF begins with %PDF- and ends with %%EOF.",
    "html": b"<!doctype html><script>1</script>", "svg": b"<svg xmlns='x'><script>1</script></svg>",
    "motion photo": JPEG + b"\x00\x00\x00\x18ftypmp42" + bytes(5000),
    "zip signature by chance": JPEG + b"PK\x05\x06" + bytes(9),
    "end record without a directory": JPEG + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, 50, 0, 0),
    "a preview behind": JPEG + JPEG,
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_find_when_the_file_is_one_thing_then_nothing(name: str) -> None:
    """What cameras and programs write is not flagged."""
    names = {"html": "a.html", "svg": "a.svg", "text about pdf": "a.txt"}
    assert warnings_of(HONEST[name], names.get(name, "a.bin")) == []


def test_find_when_shown_every_test_file_then_flags_none() -> None:
    """The samples of this project are what people upload."""
    flagged: dict[str, Any] = {}
    for path in sorted(TEST_DATA.rglob("*")):
        if path.is_file():
            found = warnings_of(path.read_bytes(), path.name)
            if "polyglot" in found:
                flagged[path.name] = found
    assert flagged == {}


@pytest.mark.parametrize(
    ("body", "filename", "codes"),
    [
        (b"#!/bin/sh\nrm -rf /\n", "holiday.jpg", ["name-mismatch"]),
        (b"<html><body>hello</body></html>", "photo.png", ["name-mismatch"]),
        (zipped(), "report.pdf", ["name-mismatch"]),
        (PNG, "photo.jpg", []),
        (b"let a: number = 1", "module.ts", []),
        (b"\x00\x00\x00\x18ftypM4A " + bytes(30), "sound.mp4", []),
        (b"words", "notes", []),
    ],
)
def test_find_when_the_name_says_another_family_then_that_is_told(body: bytes, filename: str, codes: list[str]) -> None:
    """A picture by name that is a script; one kind of picture for another is no news."""
    assert warnings_of(body, filename) == codes


@pytest.mark.parametrize(("setting", "codes"), [("flag", ["polyglot"]), ("allow", []), ("refuse", None)])
def test_check_ends_when_the_setting_says_so_then_refused_or_told_or_not_looked_at(
    setting: str, codes: list[str] | None
) -> None:
    """The default takes the file and says it."""
    body = PDF + zipped()
    settings = UploadSettings(polyglots=setting)
    kind = sniff(body, "a.pdf")
    if codes is None:
        with pytest.raises(Polyglot, match="application/pdf, and also a zip archive"):
            check_ends(body, body, kind, "a.pdf", settings)
    else:
        assert [one["code"] for one in check_ends(body, body, kind, "a.pdf", settings)] == codes
