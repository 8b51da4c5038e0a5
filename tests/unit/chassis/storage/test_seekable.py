"""The layout of compressed blobs: read by the zstd program, found again by any byte, refused when a bit is wrong."""

import random
import subprocess
from pathlib import Path

import pytest

from filemill.chassis.storage.seekable import (
    FOOT_BYTES,
    FRAME_BYTES,
    Damaged,
    Frame,
    SeekTable,
    compress_frame,
    decompress_frame,
    table_bytes_told,
)
from support.compressed import packed, words
from support.programs import Require


def test_layout_when_zstd_reads_it_then_the_bytes_are_the_same(require: Require, tmp_path: Path) -> None:
    """The table is a skippable frame: nobody needs filemill to get at the bytes."""
    data = words(2 * FRAME_BYTES + 12_345)
    (tmp_path / "blob.zst").write_bytes(packed(data))
    found = subprocess.run([require("zstd"), "-dc", tmp_path / "blob.zst"], capture_output=True, check=True)
    assert found.stdout == data


def test_table_when_asked_for_a_byte_then_names_its_frame() -> None:
    """At both ends of each frame; empty frames hold nothing."""
    table = SeekTable([Frame(10, 100), Frame(20, 50), Frame(30, 1)])
    assert [table.frame_at(at) for at in (0, 99, 100, 149, 150)] == [0, 0, 1, 1, 2]
    assert (table.offset_of(1), table.offset_of(3), table.start_of(2), table.size_bytes) == (10, 60, 150, 151)
    encoded = table.encode()
    assert table_bytes_told(encoded[-FOOT_BYTES:]) == len(encoded)
    assert SeekTable.decode(encoded, 60 + len(encoded)).frames == table.frames


def test_table_when_any_bit_is_wrong_then_it_is_damaged_or_says_the_same_sum() -> None:
    """A flipped bit is seen, or leaves the frames' lengths as they are (the two bits that the format leaves unused)."""
    table = SeekTable([Frame(1000, FRAME_BYTES), Frame(500, 77)])
    encoded, seen = table.encode(), 0
    for bit in range(len(encoded) * 8):
        changed = bytearray(encoded)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            assert table_bytes_told(bytes(changed[-FOOT_BYTES:])) == len(encoded)
            found = SeekTable.decode(bytes(changed), 1500 + len(encoded))
        except (Damaged, AssertionError):
            seen += 1
        else:
            assert [frame.stored_bytes for frame in found.frames] == [1000, 500]
    assert seen >= len(encoded) * 8 - 2 - 2 * 21  # the decompressed sizes are checked with the frames


def test_frame_when_any_byte_is_wrong_then_it_is_damaged() -> None:
    """Each frame carries a checksum; a lie about its size is no way around it."""
    data = words(5000)
    frame = compress_frame(data)
    assert decompress_frame(frame, 5000) == data
    dice = random.Random(1)
    for _ in range(500):
        changed = bytearray(frame)
        changed[dice.randrange(len(frame))] ^= 1 << dice.randrange(8)
        try:
            found = decompress_frame(bytes(changed), 5000)
        except Damaged:
            continue
        assert found == data
    for wrong in (frame[:-1], frame + b"x", frame + frame, b""):
        with pytest.raises(Damaged):
            decompress_frame(wrong, 5000)
    for size in (4999, 5001, 0):
        with pytest.raises(Damaged):
            decompress_frame(frame, size)
