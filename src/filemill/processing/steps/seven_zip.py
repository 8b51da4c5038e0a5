"""The list of files in a 7z archive: its header is read, nothing that is packed.

Ours because the one kept library (py7zr) is LGPL and brings seven compiled codecs to do what a list does not need; the
header itself is packed with LZMA at most, which Python reads. On failure: `BadSevenZip`; `EncryptedNames` where the
names themselves are protected. Source: 7zFormat.txt of the LZMA SDK.
"""

import lzma
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_MAGIC = b"7z\xbc\xaf\x27\x1c"
_START = struct.Struct("<6s2x4xQQ4x")
_HEADER_MAX_BYTES = 64 << 20
_FILES_MAX = 1_000_000
_STREAMS_MAX = 1_000_000
_END, _HEADER, _PROPERTIES, _ADDED, _STREAMS, _FILES, _PACKED, _UNPACKED, _SUBSTREAMS = range(9)
_SIZE, _DIGESTS, _FOLDER, _FOLDER_SIZES, _COUNTS = 0x09, 0x0A, 0x0B, 0x0C, 0x0D
_WITHOUT_STREAM, _EMPTY_FILE, _NAMES, _ENCODED = 0x0E, 0x0F, 0x11, 0x17
_COPY, _LZMA, _LZMA_2, _AES = b"\x00", b"\x03\x01\x01", b"\x21", b"\x06\xf1\x07\x01"


class BadSevenZip(ValueError):
    """The header is damaged, or packed in a way nobody uses for headers."""


class EncryptedNames(BadSevenZip):
    """The header is protected by a password."""


def files(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Yield name, size and whether its bytes are encrypted of each file that is no folder."""
    with path.open("rb") as file:
        start = file.read(_START.size)
        if len(start) < _START.size or not start.startswith(_MAGIC):
            raise BadSevenZip("no 7z archive")
        _, offset, size_bytes = _START.unpack(start)
        if size_bytes == 0:
            return  # an archive of nothing has no header at all
        header = _Reader(_piece(file, _START.size + offset, size_bytes))
        kind = header.byte()
        while kind == _ENCODED:
            header = _Reader(_unpacked(file, _read_streams(header)))
            kind = header.byte()
    if kind != _HEADER:
        raise BadSevenZip("the header is of no known kind")
    yield from _listed(header)


class _Folder:
    """A chain of coders; only what is needed to unpack a header or to know sizes."""

    def __init__(self) -> None:
        self.coders: list[tuple[bytes, bytes]] = []
        self.outputs = 0
        self.size_bytes = 0
        self.has_digest = False
        self.stream_sizes: list[int] = []

    @property
    def encrypted(self) -> bool:
        return any(coder == _AES for coder, _ in self.coders)


class _Streams:
    def __init__(self) -> None:
        self.at = 0
        self.packed_sizes: list[int] = []
        self.folders: list[_Folder] = []


class _Reader:
    """Reads the header's own numbers; every end in the middle is a `BadSevenZip`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count]
        if len(piece) < count:
            raise BadSevenZip("the header ends in the middle")
        self._at += count
        return piece

    def number(self) -> int:
        """Return a number of one to nine bytes; the ones at the front of the first byte say how many follow."""
        first = self.byte()
        mask, value = 0x80, 0
        for index in range(8):
            if not first & mask:
                return value | (first & (mask - 1)) << (8 * index)
            value |= self.byte() << (8 * index)
            mask >>= 1
        return value

    def count(self, most: int) -> int:
        number = self.number()
        if number > most:
            raise BadSevenZip("the header says a number that cannot be")
        return number

    def rest(self) -> bytes:
        return self._data[self._at :]

    def bits(self, count: int) -> list[bool]:
        packed = self.take((count + 7) // 8)
        return [bool(packed[index // 8] & 0x80 >> index % 8) for index in range(count)]

    def bits_or_all(self, count: int) -> list[bool]:
        return [True] * count if self.byte() else self.bits(count)

    def skip_digests(self, count: int) -> list[bool]:
        there = self.bits_or_all(count)
        self.take(4 * sum(there))
        return there


def _read_streams(header: _Reader) -> _Streams:
    streams = _Streams()
    while (kind := header.byte()) != _END:
        if kind == _PACKED:
            _read_packed(header, streams)
        elif kind == _UNPACKED:
            _read_folders(header, streams)
        elif kind == _SUBSTREAMS:
            _read_substreams(header, streams)
        else:
            raise BadSevenZip("the header has a part nobody knows")
    return streams


def _read_packed(header: _Reader, streams: _Streams) -> None:
    streams.at = header.number()
    count = header.count(_STREAMS_MAX)
    while (kind := header.byte()) != _END:
        if kind == _SIZE:
            streams.packed_sizes = [header.number() for _ in range(count)]
        elif kind == _DIGESTS:
            header.skip_digests(count)
        else:
            raise BadSevenZip("the header has a part nobody knows")


def _read_folders(header: _Reader, streams: _Streams) -> None:
    if header.byte() != _FOLDER:
        raise BadSevenZip("the header has no folders")
    count = header.count(_STREAMS_MAX)
    if header.byte():
        raise BadSevenZip("the folders are somewhere else")
    streams.folders = [_read_folder(header) for _ in range(count)]
    while (kind := header.byte()) != _END:
        if kind == _FOLDER_SIZES:
            for folder in streams.folders:
                # The last coder of a chain that we know of gives what the folder unpacks to: the largest is its.
                folder.size_bytes = max(header.number() for _ in range(folder.outputs))
        elif kind == _DIGESTS:
            for folder, there in zip(streams.folders, header.skip_digests(count), strict=True):
                folder.has_digest = there
        else:
            raise BadSevenZip("the header has a part nobody knows")
    for folder in streams.folders:
        folder.stream_sizes = [folder.size_bytes]


def _read_folder(header: _Reader) -> _Folder:
    folder = _Folder()
    inputs = 0
    for _ in range(header.count(32)):
        flags = header.byte()
        coder = header.take(flags & 0x0F)
        entries, exits = (header.count(32), header.count(32)) if flags & 0x10 else (1, 1)
        folder.coders.append((coder, header.take(header.count(1 << 16)) if flags & 0x20 else b""))
        inputs, folder.outputs = inputs + entries, folder.outputs + exits
    if not folder.outputs:
        raise BadSevenZip("a folder without coders")
    for _ in range(folder.outputs - 1):
        header.number(), header.number()
    packed = inputs - (folder.outputs - 1)
    if packed > 1:
        for _ in range(packed):
            header.number()
    return folder


def _read_substreams(header: _Reader, streams: _Streams) -> None:
    counts = [1] * len(streams.folders)
    kind = header.byte()
    if kind == _COUNTS:
        counts = [header.count(_STREAMS_MAX) for _ in streams.folders]
        if sum(counts) > _STREAMS_MAX:
            raise BadSevenZip("the header says a number that cannot be")
        kind = header.byte()
    for folder, count in zip(streams.folders, counts, strict=True):
        # The last size of a folder is not written: it is what is left.
        sizes = [header.number() for _ in range(count - 1)] if kind == _SIZE else [0] * (count - 1)
        folder.stream_sizes = [*sizes, max(0, folder.size_bytes - sum(sizes))] if count else []
    if kind == _SIZE:
        kind = header.byte()
    if kind == _DIGESTS:
        unknown = sum(
            count for folder, count in zip(streams.folders, counts, strict=True) if count != 1 or not folder.has_digest
        )
        header.skip_digests(unknown)
        kind = header.byte()
    if kind != _END:
        raise BadSevenZip("the header has a part nobody knows")


def _unpacked(file: BinaryIO, streams: _Streams) -> bytes:
    """Return the header that was packed as the only stream of the only folder."""
    if len(streams.folders) != 1 or not streams.packed_sizes:
        raise BadSevenZip("the packed header is of no known kind")
    folder = streams.folders[0]
    if folder.encrypted:
        raise EncryptedNames("the names are protected by a password")
    if len(folder.coders) != 1 or folder.size_bytes > _HEADER_MAX_BYTES:
        raise BadSevenZip("the packed header is of no known kind")
    packed = _piece(file, _START.size + streams.at, streams.packed_sizes[0])
    coder, properties = folder.coders[0]
    if coder == _COPY:
        return packed
    try:
        decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[_filter(coder, properties, folder.size_bytes)])
        return decoder.decompress(packed, max_length=folder.size_bytes)
    except lzma.LZMAError as error:
        raise BadSevenZip("the packed header is damaged") from error


def _filter(coder: bytes, properties: bytes, size_bytes: int) -> dict[str, int]:
    # A dictionary larger than what comes out is never used, and a header may claim 4 GiB.
    enough = max(size_bytes, 4096)
    if coder == _LZMA and len(properties) == 5:
        packed, dictionary = struct.unpack("<BI", properties)
        sides = {"lc": packed % 9, "lp": packed // 9 % 5, "pb": packed // 45}
        return {"id": lzma.FILTER_LZMA1, "dict_size": min(max(dictionary, 4096), enough), **sides}
    if coder == _LZMA_2:
        return {"id": lzma.FILTER_LZMA2, "dict_size": enough}
    raise BadSevenZip("the header is packed in a way nobody uses")


def _listed(header: _Reader) -> Iterator[tuple[str, int, bool]]:
    streams = _Streams()
    names: list[str] = []
    without: list[bool] = []
    empty: list[bool] = []
    while (kind := header.byte()) != _END:
        if kind == _PROPERTIES:
            while header.byte() != _END:
                header.take(header.count(1 << 20))
        elif kind == _ADDED:
            _read_streams(header)
        elif kind == _STREAMS:
            streams = _read_streams(header)
        elif kind == _FILES:
            names, without, empty = _read_files(header)
        else:
            raise BadSevenZip("the header has a part nobody knows")
    sizes = ((size, folder.encrypted) for folder in streams.folders for size in folder.stream_sizes)
    empties = iter(empty)
    for name, has_none in zip(names, without, strict=True):
        if not has_none:
            yield name, *next(sizes, (0, False))
        elif next(empties, False):
            yield name, 0, False


def _read_files(header: _Reader) -> tuple[list[str], list[bool], list[bool]]:
    count = header.count(_FILES_MAX)
    names: list[str] = []
    without, empty = [False] * count, [False] * 0
    while (kind := header.byte()) != _END:
        part = _Reader(header.take(header.count(_HEADER_MAX_BYTES)))
        if kind == _WITHOUT_STREAM:
            without = part.bits(count)
        elif kind == _EMPTY_FILE:
            empty = part.bits(sum(without))
        elif kind == _NAMES:
            if part.byte():
                raise BadSevenZip("the names are somewhere else")
            names = part.rest().decode("utf-16-le", "replace").split("\0")[:count]
    if len(names) != count:
        raise BadSevenZip("names are missing")
    return names, without, empty


def _piece(file: BinaryIO, at: int, size_bytes: int) -> bytes:
    if size_bytes > _HEADER_MAX_BYTES:
        raise BadSevenZip("the header is too large")
    try:
        file.seek(at)
    except (OverflowError, OSError) as error:
        raise BadSevenZip("the header lies outside the file") from error
    piece = file.read(size_bytes)
    if len(piece) < size_bytes:
        raise BadSevenZip("the file ends before its header")
    return piece
