"""Taking files out of mails and archives: every kind, and everything that ends by a bound or a clear code."""

import bz2
import gzip
import hashlib
import io
import lzma
import random
import struct
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import olefile
import pytest

from filemill.processing.steps import outlook_parts, taking
from filemill.processing.steps.compound_file import compound_file
from filemill.processing.steps.run import run
from filemill.processing.steps.taking import Taken
from support.outlook import message_tree, outlook_message

from .files import mail, seven_zip

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MEMBERS = {"folder/a.txt": b"four", "b.txt": b"seventy" * 50_000, "empty.txt": b""}
ZIP, TAR, SEVEN = "application/zip", "application/x-tar", "application/x-7z-compressed"
BOUNDS = {"parts": 10, "part_bytes": 1 << 20, "total_bytes": 2 << 20}


def zipped(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", how) as archive:
        archive.mkdir("folder")
        for name, content in members.items():
            archive.writestr(name, content)
    return body.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as archive:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for kind, name in ((tarfile.SYMTYPE, "link"), (tarfile.LNKTYPE, "hard"), (tarfile.CHRTYPE, "device")):
            odd = tarfile.TarInfo(name)
            odd.type, odd.linkname = kind, "/etc/passwd"
            archive.addfile(odd)
    return body.getvalue()


class Unpacked:
    """What came out, and the files it names."""

    def __init__(self, taken: Taken, folder: Path) -> None:
        self.taken = taken
        self.files = {
            part["path"]: (folder / str(part["file"])).read_bytes() for part in taken["parts"] if part["file"]
        }
        self.left = sorted(path.name for path in folder.iterdir())


def unpack(
    tmp_path: Path, content: bytes, kind: str, name: str = "a", paths: list[str] | None = None, **bounds: int
) -> Unpacked:
    source, out = tmp_path / "source", tmp_path / "out"
    source.write_bytes(content)
    out.mkdir()
    told: list[dict[str, Any]] = []
    request = {"filename": name, "content_type": kind, "unpack": {"bounds": BOUNDS | bounds, "paths": paths}}
    taken = taking.check(run(request, out, source, told.append))
    percents = [one["percent"] for one in told]
    assert percents == sorted(set(percents))
    return Unpacked(taken, out)


ARCHIVES = {
    "zip": (ZIP, zipped(MEMBERS)),
    "zip stored": (ZIP, zipped(MEMBERS, zipfile.ZIP_STORED)),
    "zip lzma": (ZIP, zipped(MEMBERS, zipfile.ZIP_LZMA)),
    "tar": (TAR, tarred(MEMBERS)),
    "tar.gz": ("application/gzip", gzip.compress(tarred(MEMBERS))),
    "tar.bz2": ("application/x-bzip2", bz2.compress(tarred(MEMBERS))),
    "tar.xz": ("application/x-xz", lzma.compress(tarred(MEMBERS))),
    "tar.zst": ("application/zstd", zstd.compress(tarred(MEMBERS))),
    "7z": (
        SEVEN,
        seven_zip({"folder": None, "folder/a.txt": b"four", "b.txt": b"seven", "empty.txt": b""}, packed=True),
    ),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_archive_when_unpacked_then_its_files_are_there_and_nothing_else(tmp_path: Path, kind: str) -> None:
    """No folder, no link, no device; names are told and never used."""
    content_type, content = ARCHIVES[kind]
    made = unpack(tmp_path, content, content_type)
    assert made.taken["code"] is None
    expected = MEMBERS if kind != "7z" else MEMBERS | {"b.txt": b"seven"}
    assert made.files == expected
    assert made.taken["left_out"] == (3 if "tar" in kind else 0)
    assert all(name.startswith("part-") for name in made.left)


@pytest.mark.parametrize("kind", ARCHIVES)
def test_archive_when_some_are_asked_for_then_only_they_with_the_same_numbers(tmp_path: Path, kind: str) -> None:
    """A number is a place in the archive, whoever asks for what."""
    content_type, content = ARCHIVES[kind]
    (tmp_path / "all").mkdir()
    (tmp_path / "one").mkdir()
    numbers = {one["path"]: one["number"] for one in unpack(tmp_path / "all", content, content_type).taken["parts"]}
    [part] = unpack(tmp_path / "one", content, content_type, paths=["b.txt"]).taken["parts"]
    assert (part["path"], part["number"]) == ("b.txt", numbers["b.txt"])


def test_single_when_a_compressed_file_is_no_tar_then_it_is_the_one_part(tmp_path: Path) -> None:
    """Called by the name of the file."""
    assert unpack(tmp_path, gzip.compress(b"words"), "application/gzip", "notes.txt.gz").files == {
        "notes.txt": b"words"
    }


def seven_zip_lzma(content: bytes, coder: bytes, filters: Any) -> bytes:
    """A 7z archive of one file packed so."""
    plain = seven_zip({"a.txt": content}, packed=False)
    packed = lzma.compress(content, lzma.FORMAT_RAW, filters=filters)
    # The stored form names its one stream's size twice; a packed one differs in the first of them and in the coder.
    header = plain[32 + len(content) :]
    at = header.index(b"\x09" + bytes([len(content)]) + b"\x00")
    header = header[: at + 1] + bytes([len(packed)]) + header[at + 2 :]
    header = header.replace(b"\x07\x0b\x01\x00\x01\x01\x00\x0c", b"\x07\x0b\x01\x00\x01" + coder + b"\x0c")
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    return plain[:8] + struct.pack("<I", zlib.crc32(start)) + start + packed + header


@pytest.mark.parametrize("coder", ["lzma", "lzma2", "BCJ", "PPMd"])
def test_seven_zip_when_packed_then_unpacked_or_said_to_be_unknown(tmp_path: Path, coder: str) -> None:
    """LZMA and LZMA2, with the dictionaries their properties name; the others are named."""
    content = b"words and words and words and words and words"
    coders: dict[str, tuple[bytes, Any]] = {
        "lzma": (b"\x23\x03\x01\x01\x05\x5d\x00\x00\x01\x00", [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}]),
        "lzma2": (b"\x21\x21\x01\x08", [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]),
        "PPMd": (b"\x23\x03\x04\x01\x05\x06\x00\x00\x00\x01", [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]),
        "BCJ": (b"\x04\x03\x03\x01\x03", [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]),
    }
    made = unpack(tmp_path, seven_zip_lzma(content, *coders[coder]), SEVEN)
    if coder in {"BCJ", "PPMd"}:
        assert made.taken["code"] == "unsupported-compression"
        assert f"packed with {coder}," in str(made.taken["detail"])
    else:
        assert made.files == {"a.txt": content}


def test_mail_when_unpacked_then_each_attachment_with_its_place(tmp_path: Path) -> None:
    """Two of the same name are two."""
    made = unpack(tmp_path, mail(("a.txt", b"one"), ("a.txt", b"two")), "message/rfc822")
    assert made.files == {"1/a.txt": b"one", "2/a.txt": b"two"}


def test_mail_when_it_has_too_many_attachments_then_the_first_and_how_many_are_left(tmp_path: Path) -> None:
    """Nobody asked for them, so nobody is told off."""
    made = unpack(tmp_path, mail(*[(f"{at}.txt", b"%d" % at) for at in range(12)]), "message/rfc822")
    assert (len(made.files), made.taken["left_out"], made.taken["code"]) == (10, 2, None)


@pytest.mark.parametrize("kind", [ZIP, TAR])
def test_archive_when_it_has_too_many_entries_then_nothing_and_it_says_so(tmp_path: Path, kind: str) -> None:
    """Which of them would be a guess."""
    members = {f"{at}.txt": b"x" for at in range(11)}
    made = unpack(tmp_path, (zipped if kind == ZIP else tarred)(members), kind)
    assert (made.taken["code"], made.taken["parts"]) == ("too-many-entries", [])


@pytest.mark.parametrize("kind", [ZIP, "application/gzip"])
def test_bomb_when_it_unpacks_to_too_much_then_it_ends_by_what_was_written(tmp_path: Path, kind: str) -> None:
    """By bytes that came out, not by what the archive says."""
    members = {f"{at}.bin": bytes(900_000) for at in range(4)}
    content = zipped(members) if kind == ZIP else gzip.compress(tarred(members))
    made = unpack(tmp_path, content, kind)
    assert made.taken["code"] == "unpacks-too-large"
    assert sum(path.stat().st_size for path in (tmp_path / "out").iterdir()) <= BOUNDS["total_bytes"]


def test_bomb_when_a_member_lies_about_its_size_then_what_comes_out_counts(tmp_path: Path) -> None:
    """A zip whose directory says 4 bytes for a megabyte."""
    content = zipped({"a.bin": bytes(1_500_000)})
    size = (1_500_000).to_bytes(4, "little")
    made = unpack(tmp_path, content.replace(size, (4).to_bytes(4, "little")), ZIP)
    assert made.taken["code"] in ("unreadable-archive", "unpacks-too-large") or not any(
        len(body) > BOUNDS["part_bytes"] for body in made.files.values()
    )


@pytest.mark.parametrize("kind", [ZIP, TAR])
def test_part_when_it_is_too_large_then_it_is_refused_and_the_others_are_there(tmp_path: Path, kind: str) -> None:
    """With the reason."""
    made = unpack(tmp_path, (zipped if kind == ZIP else tarred)({"large": bytes(1_100_000), "b": b"b"}), kind)
    assert made.files == {"b": b"b"}
    assert [(one["code"], one["file"]) for one in made.taken["parts"] if one["path"] == "large"] == [
        ("file-too-large", None)
    ]


def encrypted_zip() -> bytes:
    """A zip whose one entry says that it is encrypted."""
    content = bytearray(zipped({"a.txt": b"secret"}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.rindex(mark) + at] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (encrypted_zip(), ZIP, "needs-password"),
        (zipped(MEMBERS)[:200], ZIP, "unreadable-archive"),
        (gzip.compress(tarred(MEMBERS))[:-400], "application/gzip", "unreadable-archive"),
        (ARCHIVES["7z"][1][:60], SEVEN, "unreadable-archive"),
        (b"no archive", TAR, "unreadable-archive"),
    ],
)
def test_archive_when_it_cannot_be_read_then_the_code_says_why(
    tmp_path: Path, content: bytes, kind: str, code: str
) -> None:
    """And nothing is taken."""
    made = unpack(tmp_path, content, kind)
    assert (made.taken["code"], made.taken["parts"]) == (code, [])
    assert made.taken["detail"]


def test_path_when_it_is_not_in_it_then_it_is_named(tmp_path: Path) -> None:
    """Nothing is taken then."""
    made = unpack(tmp_path, zipped(MEMBERS), ZIP, paths=["b.txt", "c.txt"])
    assert (made.taken["code"], made.taken["parts"]) == ("no-such-entry", [])
    assert "c.txt" in str(made.taken["detail"])


OUTLOOK = "application/vnd.ms-outlook"


def test_outlook_message_when_unpacked_then_each_attachment_and_a_message_within_too(tmp_path: Path) -> None:
    """Small streams and large ones, one of nothing; the number is the place in the message."""
    large = bytes(range(256)) * 2_000
    body = outlook_message(
        "Two", "See both.", ("a.txt", b"one"), ("inner", None), ("Übersicht.bin", large), ("none", b"")
    )
    made = unpack(tmp_path, body, OUTLOOK)
    assert [*made.files] == ["1/a.txt", "2/inner.msg", "3/Übersicht.bin", "4/none"]
    assert [made.files[name] for name in ("1/a.txt", "3/Übersicht.bin", "4/none")] == [b"one", large, b""]
    assert (made.taken["left_out"], made.taken["code"]) == (0, None)


def test_outlook_message_when_within_another_then_it_is_a_message_of_its_own(tmp_path: Path, process: Any) -> None:
    """With its words, its attachments, and the message within it; each level is taken out of the one above."""
    innermost = message_tree("Third", "Pistons and gaskets.", ("c.txt", b"three"))
    inner = message_tree("Second", "Valves, see below.", ("b.bin", b"two" * 9_000), ("third", innermost))
    first = unpack(tmp_path, outlook_message("First", "See it.", ("second", inner)), OUTLOOK).files["1/second.msg"]
    result = process(first, "second.msg")
    assert result["content_type"] == OUTLOOK
    assert (result["text"]["state"], result["properties"]["subject"]) == ("found", "Second")
    assert [one["name"] for one in result["properties"]["attachments"]] == ["b.bin", "third.msg"]
    (tmp_path / "next").mkdir()
    second = unpack(tmp_path / "next", first, OUTLOOK).files
    assert second["1/b.bin"] == b"two" * 9_000
    (tmp_path / "last").mkdir()
    assert unpack(tmp_path / "last", second["2/third.msg"], OUTLOOK).files == {"1/c.txt": b"three"}


def test_outlook_message_when_listed_then_names_sizes_and_digests(tmp_path: Path) -> None:
    """As for a mail of the internet; a message within is told as the file that it becomes."""
    source = tmp_path / "a.msg"
    source.write_bytes(outlook_message("One", "See it.", ("a.txt", b"one"), ("inner", None)))
    told, within = outlook_parts.attachments(source)
    assert told == {
        "name": "a.txt",
        "content_type": "application/octet-stream",
        "size_bytes": 3,
        "sha256": hashlib.sha256(b"one").hexdigest(),
    }
    (_, _, content) = list(outlook_parts.contents(source))[1]
    assert within == {
        "name": "inner.msg",
        "content_type": OUTLOOK,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


@pytest.mark.parametrize("size_bytes", [0, 1, 63, 64, 4095, 4096, 100_000, 7_200_000, 16_000_000])
def test_compound_file_when_written_then_read_as_it_was(size_bytes: int) -> None:
    """Of every size: in the small sectors, in large ones, with more of their table than the header can name."""
    content = random.Random(size_bytes).randbytes(size_bytes)
    many = {f"stream {number}": bytes([number % 256]) * number for number in range(300)}
    with olefile.OleFileIO(io.BytesIO(compound_file({"one": content, "folder": {"below": many, "empty": {}}}))) as read:
        assert read.openstream("one").read() == content
        for name, expected in many.items():
            assert read.openstream(["folder", "below", name]).read() == expected
        assert len(read.listdir()) == 301


def test_outlook_message_when_broken_then_a_code_and_nothing_else(tmp_path: Path) -> None:
    """Cut anywhere, or with any byte changed, it is taken apart or named as unreadable."""
    body = outlook_message("One", "See it.", ("a.txt", b"one" * 2_000), ("b.txt", b"two"))
    dice = random.Random(5)
    ends = set()
    for number in range(150):
        broken = bytearray(body)
        for _ in range(dice.choice((0, 1, 30))):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        folder = tmp_path / str(number)
        folder.mkdir()
        ends.add(
            unpack(folder, bytes(broken[: dice.choice((dice.randint(1, len(body)), None))]), OUTLOOK).taken["code"]
        )
    assert ends == {None, "unreadable-mail"}


def test_outlook_message_when_its_parts_claim_more_than_it_has_then_it_is_refused(tmp_path: Path) -> None:
    """A thousand attachments that share their sectors would be read a thousand times."""
    body = outlook_message("One", "See it.", *[(f"{at}.bin", b"z" * 100_000) for at in range(3)])
    size = struct.pack("<Q", 100_000)
    lying = body.replace(size, struct.pack("<Q", 90_000_000))
    assert lying != body
    assert unpack(tmp_path, lying, OUTLOOK).taken["code"] == "unreadable-mail"
