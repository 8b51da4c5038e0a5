"""Archives: their members are named and nothing is taken out; bombs, tricks and cut ones end early, with a reason."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from typing import Any

import pytest
from backports import zstd

from .files import seven_zip, zipped


def test_archive_when_it_holds_tricks_then_only_names_are_listed(process: Any, text_of: Any) -> None:
    """A path that leaves the archive is shown as text and nothing else."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../etc/cron.d/x", "x")
        archive.writestr("ok.txt", "four")
    result = process(buffer.getvalue(), "a.zip")
    assert result["properties"]["archive"]["entry_count"] == 2
    assert result["properties"]["archive"]["unpacked_bytes"] == 5
    assert text_of(result) == "../../etc/cron.d/x\nok.txt"


def test_tar_when_compressed_then_it_is_listed(process: Any, text_of: Any) -> None:
    """A tar in gzip is read through, up to a bound."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("folder/a.txt")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))
    assert text_of(process(buffer.getvalue(), "a.tgz")) == "folder/a.txt"


def test_tar_when_it_is_a_bomb_then_listing_stops_early(process: Any) -> None:
    """A member of terabytes is not read through."""
    member = tarfile.TarInfo("big")
    member.size = 1 << 40
    result = process(member.tobuf() + bytes(1 << 16), "a.tar")
    assert result["properties"]["archive"]["complete"] is False


def test_tar_when_in_zstd_then_it_is_listed(process: Any, text_of: Any) -> None:
    """Python before 3.14 has no zstd of its own."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("folder/a.txt"))
    result = process(zstd.compress(buffer.getvalue()), "a.tar.zst")
    assert result["content_type"] == "application/zstd"
    assert text_of(result) == "folder/a.txt"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd.compress])
@pytest.mark.parametrize("content", [b"no tar", bytes(4096)])
def test_compressed_file_when_it_is_no_tar_then_its_one_file_is_named(process: Any, pack: Any, content: bytes) -> None:
    """Zeros look like a tar without entries; they are one file all the same."""
    archive = process(pack(content), "notes.txt")["properties"]["archive"]
    assert (archive["entry_count"], archive["entries"][0]["name"]) == (1, "notes.txt")


@pytest.mark.parametrize("packed", [False, True])
def test_seven_zip_when_read_then_names_and_sizes_are_listed(process: Any, packed: bool) -> None:
    """The header says what is in it, packed or not; folders are no files."""
    content = seven_zip({"folder": None, "folder/a.txt": b"four", "b.txt": b"seventy", "empty.txt": b""}, packed=packed)
    result = process(content, "a.7z")
    assert result["content_type"] == "application/x-7z-compressed"
    assert result["properties"]["archive"]["entries"] == [
        {"name": "folder/a.txt", "size_bytes": 4},
        {"name": "b.txt", "size_bytes": 7},
        {"name": "empty.txt", "size_bytes": 0},
    ]


@pytest.mark.parametrize("cut", [10, 40, 90])
def test_seven_zip_when_cut_then_the_reason_is_readable(process: Any, cut: int) -> None:
    """The header stands at the end: without it nobody knows what is inside."""
    content = seven_zip({"a.txt": b"four" * 50}, packed=True)
    result = process(content[:cut], "a.7z")
    assert result["reject"]["code"] == "unreadable-archive"


def test_archive_when_it_has_many_entries_then_as_many_are_shown_as_fit(process: Any, text_of: Any) -> None:
    """Properties are bounded: the first entries are shown, all names are searchable."""
    result = process(zipped({f"folder/name-{number}.txt": b"" for number in range(2000)}), "a.zip")
    shown = result["properties"]["archive"]
    assert shown["entry_count"] == 2000
    assert 100 < len(shown["entries"]) < 1000
    assert text_of(result).count("name-") == 2000
