"""The files in a 7z archive: its header is read, and of what is packed only what plain LZMA, LZMA2 or no packing gives.

Ours because the one kept library (py7zr) is LGPL and brings seven compiled codecs; LZMA, which 7-Zip uses unless it is told
otherwise or sees a program, Python reads itself. On failure: `BadSevenZip`; `EncryptedNames` where the names themselves are
protected. Source: 7zFormat.txt of the LZMA SDK.
"""

import lzma
import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from filemill.processing.steps.seven_zip_reader import BadSevenZip as BadSevenZip
from filemill.processing.steps.seven_zip_reader import Reader as _Reader

_MAGIC = b"7z\xbc\xaf\x27\x1c"
_START = struct.Struct("<6s2x4xQQ4x")
_HEADER_MAX_BYTES = 64 << 20
_FILES_MAX = 1_000_000
_READ_BYTES = 1 << 20
_STREAMS_MAX = 1_000_000
_END, _HEADER, _PROPERTIES, _ADDED, _STREAMS, _FILES, _PACKED, _UNPACKED, _SUBSTREAMS = range(9)
_SIZE, _DIGESTS, _FOLDER, _FOLDER_SIZES, _COUNTS = 0x09, 0x0A, 0x0B, 0x0C, 0x0D
_WITHOUT_STREAM, _EMPTY_FILE, _NAMES, _ENCODED = 0x0E, 0x0F, 0x11, 0x17
_COPY, _LZMA, _LZMA_2, _AES = b"\x00", b"\x03\x01\x01", b"\x21", b"\x06\xf1\x07\x01"
_SHOWN = {
    _COPY: "Copy", _LZMA: "LZMA", _LZMA_2: "LZMA2", _AES: "AES", b"\x03": "Delta", b"\x04": "BCJ", b"\x03\x03\x01\x03": "BCJ",
    b"\x03\x03\x01\x1b": "BCJ2", b"\x03\x03\x05\x01": "ARM", b"\x03\x04\x01": "PPMd", b"\x04\x01\x08": "Deflate",
    b"\x04\x01\x09": "Deflate64", b"\x04\x02\x02": "BZip2", b"\x04\xf7\x11\x01": "Zstandard", b"\x04\xf7\x11\x02": "Brotli",
}  # fmt: skip


class UnknownPacking(ValueError):
    """The files are packed in a way that Python does not read (a filter for programs, PPMd, several streams)."""


class EncryptedNames(BadSevenZip):
    """The header is protected by a password."""


def files(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Yield name, size and whether its bytes are encrypted of each file that is no folder."""
    with path.open("rb") as file:
        for name, size_bytes, folder, _ in _listed(*_header(file)):
            yield name, size_bytes, folder is not None and folder.encrypted


def contents(path: Path) -> Iterator[tuple[str, int, bool, Callable[[], Iterator[bytes]]]]:
    """As `files`, each with a function that gives its bytes in pieces; what is passed over is unpacked on the way.

    The pieces raise `UnknownPacking`, and `BadSevenZip` where the data ends too early.
    """
    with path.open("rb") as file:
        names, streams = _header(file)
        solid = _Solid(file, streams)
        for name, size_bytes, folder, index in _listed(names, streams):
            encrypted = folder is not None and folder.encrypted
            yield name, size_bytes, encrypted, partial(solid.pieces, folder, index, size_bytes)


def _header(file: BinaryIO) -> tuple["_Names", "_Streams"]:
    start = file.read(_START.size)
    if len(start) < _START.size or not start.startswith(_MAGIC):
        raise BadSevenZip("no 7z archive")
    _, offset, size_bytes = _START.unpack(start)
    if size_bytes == 0:
        return _Names(), _Streams()  # an archive of nothing has no header at all
    header = _Reader(_piece(file, _START.size + offset, size_bytes))
    kind = header.byte()
    while kind == _ENCODED:
        header = _Reader(_unpacked(file, _read_streams(header)))
        kind = header.byte()
    if kind != _HEADER:
        raise BadSevenZip("the header is of no known kind")
    return _read_header(header)


class _Solid:
    """Reads what is packed, folder by folder and in them file by file: forward only."""

    def __init__(self, file: BinaryIO, streams: "_Streams") -> None:
        self._file = file
        self._streams = streams
        self._folder: _Folder | None = None
        self._next = 0
        self._bytes: Iterator[bytes] = iter(())
        self._held = b""

    def pieces(self, folder: "_Folder | None", index: int, size_bytes: int) -> Iterator[bytes]:
        if folder is None:
            return
        if folder is not self._folder or index < self._next:
            self._folder, self._next, self._held = folder, 0, b""
            self._bytes = _decoded(self._file, self._streams, folder)
        for before in folder.stream_sizes[self._next : index]:
            for _ in self._take(before):
                pass
        self._next = index + 1
        yield from self._take(size_bytes)

    def _take(self, size_bytes: int) -> Iterator[bytes]:
        while size_bytes:
            if not self._held:
                self._held = next(self._bytes, b"")
                if not self._held:
                    raise BadSevenZip("the data ends too early")
            piece, self._held = self._held[:size_bytes], self._held[size_bytes:]
            size_bytes -= len(piece)
            yield piece


def _decoded(file: BinaryIO, streams: "_Streams", folder: "_Folder") -> Iterator[bytes]:
    """What one folder unpacks to, in pieces. The file's position is its own only between two of them."""
    if len(folder.coders) != 1 or folder.outputs != 1 or folder.packed != 1:
        raise UnknownPacking(folder.packing)
    first = sum(one.packed for one in streams.folders[: streams.folders.index(folder)])
    if first >= len(streams.packed_sizes):
        raise BadSevenZip("the header names data that is not there")
    at = _START.size + streams.at + sum(streams.packed_sizes[:first])
    end = at + streams.packed_sizes[first]
    coder, properties = folder.coders[0]
    if coder == _COPY:
        decoder = None
    elif coder in (_LZMA, _LZMA_2):
        chain = [_filter(coder, properties, folder.size_bytes)]
        decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
    else:
        raise UnknownPacking(folder.packing)
    while at < end:
        file.seek(at)
        packed = file.read(min(_READ_BYTES, end - at))
        if not packed:
            return
        at += len(packed)
        if decoder is None:
            yield packed
            continue
        yield decoder.decompress(packed, max_length=_READ_BYTES)
        while not decoder.eof and not decoder.needs_input:
            yield decoder.decompress(b"", max_length=_READ_BYTES)
        if decoder.eof:
            return


class _Folder:
    """A chain of coders; only what is needed to unpack a header or to know sizes."""

    def __init__(self) -> None:
        self.coders: list[tuple[bytes, bytes]] = []
        self.outputs = 0
        self.packed = 1
        self.size_bytes = 0
        self.has_digest = False
        self.stream_sizes: list[int] = []

    @property
    def packing(self) -> str:
        """How its files are packed, in the names that 7-Zip shows."""
        return ", ".join(_SHOWN.get(coder, f"method {coder.hex()}") for coder, _ in self.coders)

    @property
    def encrypted(self) -> bool:
        return any(coder == _AES for coder, _ in self.coders)


class _Streams:
    def __init__(self) -> None:
        self.at = 0
        self.packed_sizes: list[int] = []
        self.folders: list[_Folder] = []


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
    folder.packed = inputs - (folder.outputs - 1)
    if folder.packed > 1:
        for _ in range(folder.packed):
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
    if coder == _LZMA_2 and len(properties) == 1:
        dictionary = (2 | properties[0] & 1) << (properties[0] // 2 + 11)
        return {"id": lzma.FILTER_LZMA2, "dict_size": min(max(dictionary, 4096), enough)}
    raise BadSevenZip("the header is packed in a way nobody uses")


class _Names:
    """The files of the header; `without`: those that have no bytes, of which `empty` are files and the others folders."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.without: list[bool] = []
        self.empty: list[bool] = []


def _read_header(header: _Reader) -> tuple[_Names, _Streams]:
    streams, found = _Streams(), _Names()
    while (kind := header.byte()) != _END:
        if kind == _PROPERTIES:
            while header.byte() != _END:
                header.take(header.count(1 << 20))
        elif kind == _ADDED:
            _read_streams(header)
        elif kind == _STREAMS:
            streams = _read_streams(header)
        elif kind == _FILES:
            found.names, found.without, found.empty = _read_files(header)
        else:
            raise BadSevenZip("the header has a part nobody knows")
    return found, streams


def _listed(found: _Names, streams: _Streams) -> Iterator[tuple[str, int, _Folder | None, int]]:
    """Name, size, folder and place in it of each file; a file without bytes is in no folder."""
    sizes = ((size, folder, index) for folder in streams.folders for index, size in enumerate(folder.stream_sizes))
    empties = iter(found.empty)
    for name, has_none in zip(found.names, found.without, strict=True):
        if not has_none:
            yield name, *next(sizes, (0, None, 0))
        elif next(empties, False):
            yield name, 0, None, 0


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
