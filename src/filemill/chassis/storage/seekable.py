"""Compressed bytes that can be read from anywhere: independent zstd frames of 1 MiB, and behind them a table of their sizes.

The layout is the Zstandard Seekable Format 0.1.0 (contrib/seekable_format in the zstd repository): the table is a skippable
frame, so `zstd -d` reads the file as it is. Each frame carries its content's checksum; the table therefore carries none.
Pure functions on bytes; who stores them is `compressed_forms`. What does not fit together raises `Damaged`.
"""

import struct
import sys
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from filemill.chassis.errors import Unavailable

if sys.version_info >= (3, 14):
    from compression.zstd import CompressionParameter, ZstdCompressor, ZstdDecompressor, ZstdError
else:
    from backports.zstd import CompressionParameter, ZstdCompressor, ZstdDecompressor, ZstdError

FRAME_BYTES = 1024 * 1024
"""A range costs at most this much more than itself, at each end."""
LEVEL = 3
"""zstd's own default: higher ones cost several times the CPU for some percent."""

_SKIPPABLE_MAGIC, _SEEKABLE_MAGIC = 0x184D2A5E, 0x8F92EAB1
_HEAD, _ENTRY, _FOOT = struct.Struct("<II"), struct.Struct("<II"), struct.Struct("<IBI")
_CHECKSUMS, _RESERVED = 0b1000_0000, 0b0111_1100
FOOT_BYTES = _FOOT.size


class Damaged(Unavailable):
    """What is stored compressed does not fit together; no retry helps. `filemill verify` names it, too."""

    def __init__(self) -> None:
        super().__init__("The stored bytes are damaged; `filemill verify` names them.")


@dataclass(frozen=True, slots=True)
class Frame:
    """How many bytes a frame takes, and how many come out of it."""

    stored_bytes: int
    size_bytes: int


class SeekTable:
    """Which frame holds which bytes."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.frames = frames
        self._starts = [0, *accumulate(frame.size_bytes for frame in frames)]
        self._offsets = [0, *accumulate(frame.stored_bytes for frame in frames)]

    @property
    def size_bytes(self) -> int:
        """Of everything, decompressed."""
        return self._starts[-1]

    @property
    def stored_bytes(self) -> int:
        """Of all frames and this table, as it is stored."""
        return self._offsets[-1] + table_bytes(len(self.frames))

    def frame_at(self, position: int) -> int:
        """The number of the frame with this byte."""
        return bisect_right(self._starts, position) - 1

    def start_of(self, number: int) -> int:
        """The first byte of a frame, decompressed; the number behind the last one gives the end."""
        return self._starts[number]

    def offset_of(self, number: int) -> int:
        """Where a frame is stored; the number behind the last one gives the end."""
        return self._offsets[number]

    def encode(self) -> bytes:
        """What stands behind the frames."""
        entries = b"".join(_ENTRY.pack(frame.stored_bytes, frame.size_bytes) for frame in self.frames)
        foot = _FOOT.pack(len(self.frames), 0, _SEEKABLE_MAGIC)
        return _HEAD.pack(_SKIPPABLE_MAGIC, len(entries) + len(foot)) + entries + foot

    @classmethod
    def decode(cls, data: bytes, stored_bytes: int) -> "SeekTable":
        """From the last `table_bytes` of a file that is `stored_bytes` long. Raises `Damaged`."""
        if len(data) < _HEAD.size + FOOT_BYTES:
            raise Damaged()
        magic, length = _HEAD.unpack_from(data)
        if magic != _SKIPPABLE_MAGIC or length != len(data) - _HEAD.size:
            raise Damaged()
        table = cls([Frame(*pair) for pair in _ENTRY.iter_unpack(data[_HEAD.size : -FOOT_BYTES])])
        if table.stored_bytes != stored_bytes or any(frame.size_bytes > FRAME_BYTES for frame in table.frames):
            raise Damaged()
        return table


def table_bytes(frames: int) -> int:
    """How long the table of so many frames is."""
    return _HEAD.size + frames * _ENTRY.size + FOOT_BYTES


def table_bytes_told(foot: bytes) -> int:
    """How long the table is, by the last `FOOT_BYTES` of a file. Raises `Damaged`."""
    if len(foot) != FOOT_BYTES:
        raise Damaged()
    frames, descriptor, magic = _FOOT.unpack(foot)
    if magic != _SEEKABLE_MAGIC or descriptor & (_CHECKSUMS | _RESERVED):
        raise Damaged()
    return table_bytes(frames)


def compress_frame(data: bytes | bytearray) -> bytes:
    """One frame, complete in itself. At most `FRAME_BYTES`."""
    options: dict[int, int] = {CompressionParameter.compression_level: LEVEL, CompressionParameter.checksum_flag: 1}
    return ZstdCompressor(options=options).compress(data, ZstdCompressor.FLUSH_FRAME)


def decompress_frame(data: bytes | bytearray, size_bytes: int) -> bytes:
    """What `compress_frame` was given. Never makes more than `size_bytes`. Raises `Damaged`."""
    decompressor = ZstdDecompressor()
    try:
        found = decompressor.decompress(data, max_length=size_bytes + 1)
    except ZstdError as error:
        raise Damaged() from error
    if len(found) != size_bytes or not decompressor.eof or decompressor.unused_data:
        raise Damaged()
    return found
