"""The header of a 7z archive: which files there are, and how each is packed. Unpacks nothing but a packed header.

Source: 7zFormat.txt of the LZMA SDK. On failure: `BadSevenZip`; `EncryptedNames` where the names are protected.
"""

import lzma
import struct
from collections.abc import Iterator
from typing import BinaryIO

from filemill.processing.steps.seven_zip_packing import COPY, Folder, lzma_filter
from filemill.processing.steps.seven_zip_reader import BadSevenZip as BadSevenZip
from filemill.processing.steps.seven_zip_reader import Reader as _Reader

_MAGIC = b"7z\xbc\xaf\x27\x1c"
START = struct.Struct("<6s2x4xQQ4x")
_HEADER_MAX_BYTES = 64 << 20
_FILES_MAX = 1_000_000
_STREAMS_MAX = 1_000_000
_END, _HEADER, _PROPERTIES, _ADDED, _STREAMS, _FILES, _PACKED, _UNPACKED, _SUBSTREAMS = range(9)
_SIZE, _DIGESTS, _FOLDER, _FOLDER_SIZES, _COUNTS = 0x09, 0x0A, 0x0B, 0x0C, 0x0D
_WITHOUT_STREAM, _EMPTY_FILE, _NAMES, _ENCODED = 0x0E, 0x0F, 0x11, 0x17


class EncryptedNames(BadSevenZip):
    """The header is protected by a password."""


def read_header(file: BinaryIO) -> tuple["Names", "Streams"]:
    """What the archive says of itself. The file is left at any place."""
    start = file.read(START.size)
    if len(start) < START.size or not start.startswith(_MAGIC):
        raise BadSevenZip("no 7z archive")
    _, offset, size_bytes = START.unpack(start)
    if size_bytes == 0:
        return Names(), Streams()  # an archive of nothing has no header at all
    header = _Reader(_piece(file, START.size + offset, size_bytes))
    kind = header.byte()
    while kind == _ENCODED:
        header = _Reader(_unpacked(file, _read_streams(header)))
        kind = header.byte()
    if kind != _HEADER:
        raise BadSevenZip("the header is of no known kind")
    return _read_parts(header)


class Streams:
    """Where what is packed begins, behind the start of the file, and in which folders and sizes."""

    def __init__(self) -> None:
        self.at = 0
        self.packed_sizes: list[int] = []
        self.folders: list[Folder] = []


def _read_streams(header: _Reader) -> Streams:
    streams = Streams()
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


def _read_packed(header: _Reader, streams: Streams) -> None:
    streams.at = header.number()
    count = header.count(_STREAMS_MAX)
    while (kind := header.byte()) != _END:
        if kind == _SIZE:
            streams.packed_sizes = [header.number() for _ in range(count)]
        elif kind == _DIGESTS:
            header.skip_digests(count)
        else:
            raise BadSevenZip("the header has a part nobody knows")


def _read_folders(header: _Reader, streams: Streams) -> None:
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


def _read_folder(header: _Reader) -> Folder:
    folder = Folder()
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


def _read_substreams(header: _Reader, streams: Streams) -> None:
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


def _unpacked(file: BinaryIO, streams: Streams) -> bytes:
    """Return the header that was packed as the only stream of the only folder."""
    if len(streams.folders) != 1 or not streams.packed_sizes:
        raise BadSevenZip("the packed header is of no known kind")
    folder = streams.folders[0]
    if folder.encrypted:
        raise EncryptedNames("the names are protected by a password")
    if len(folder.coders) != 1 or folder.size_bytes > _HEADER_MAX_BYTES:
        raise BadSevenZip("the packed header is of no known kind")
    packed = _piece(file, START.size + streams.at, streams.packed_sizes[0])
    coder, properties = folder.coders[0]
    if coder == COPY:
        return packed
    try:
        decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[lzma_filter(coder, properties, folder.size_bytes)])
        return decoder.decompress(packed, max_length=folder.size_bytes)
    except lzma.LZMAError as error:
        raise BadSevenZip("the packed header is damaged") from error


class Names:
    """The files of the header; `without`: those that have no bytes, of which `empty` are files and the others folders."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.without: list[bool] = []
        self.empty: list[bool] = []


def _read_parts(header: _Reader) -> tuple[Names, Streams]:
    streams, found = Streams(), Names()
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


def listed(found: Names, streams: Streams) -> Iterator[tuple[str, int, Folder | None, int]]:
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
