"""The files in a 7z archive: its header is read, and of what is packed only what plain LZMA, LZMA2 or no packing gives.

Ours because the one kept library (py7zr) is LGPL and brings seven compiled codecs; LZMA, which 7-Zip uses unless it is told
otherwise or sees a program, Python reads itself. On failure: `BadSevenZip`; `EncryptedNames` where the names themselves are
protected. Source: 7zFormat.txt of the LZMA SDK.
"""

import lzma
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from filemill.processing.steps.seven_zip_header import START, Streams, listed, read_header
from filemill.processing.steps.seven_zip_header import EncryptedNames as EncryptedNames
from filemill.processing.steps.seven_zip_packing import COPY, LZMA, LZMA_2, Folder, lzma_filter
from filemill.processing.steps.seven_zip_reader import BadSevenZip as BadSevenZip

_READ_BYTES = 1 << 20


class UnknownPacking(ValueError):
    """The files are packed in a way that Python does not read (a filter for programs, PPMd, several streams)."""


def files(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Yield name, size and whether its bytes are encrypted of each file that is no folder."""
    with path.open("rb") as file:
        for name, size_bytes, folder, _ in listed(*read_header(file)):
            yield name, size_bytes, folder is not None and folder.encrypted


def contents(path: Path) -> Iterator[tuple[str, int, bool, Callable[[], Iterator[bytes]]]]:
    """As `files`, each with a function that gives its bytes in pieces; what is passed over is unpacked on the way.

    The pieces raise `UnknownPacking`, and `BadSevenZip` where the data ends too early.
    """
    with path.open("rb") as file:
        names, streams = read_header(file)
        solid = _Solid(file, streams)
        for name, size_bytes, folder, index in listed(names, streams):
            encrypted = folder is not None and folder.encrypted
            yield name, size_bytes, encrypted, partial(solid.pieces, folder, index, size_bytes)


class _Solid:
    """Reads what is packed, folder by folder and in them file by file: forward only."""

    def __init__(self, file: BinaryIO, streams: "Streams") -> None:
        self._file = file
        self._streams = streams
        self._folder: Folder | None = None
        self._next = 0
        self._bytes: Iterator[bytes] = iter(())
        self._held = b""

    def pieces(self, folder: "Folder | None", index: int, size_bytes: int) -> Iterator[bytes]:
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


def _decoded(file: BinaryIO, streams: "Streams", folder: "Folder") -> Iterator[bytes]:
    """What one folder unpacks to, in pieces. The file's position is its own only between two of them."""
    if len(folder.coders) != 1 or folder.outputs != 1 or folder.packed != 1:
        raise UnknownPacking(folder.packing)
    first = sum(one.packed for one in streams.folders[: streams.folders.index(folder)])
    if first >= len(streams.packed_sizes):
        raise BadSevenZip("the header names data that is not there")
    at = START.size + streams.at + sum(streams.packed_sizes[:first])
    end = at + streams.packed_sizes[first]
    coder, properties = folder.coders[0]
    if coder == COPY:
        decoder = None
    elif coder in (LZMA, LZMA_2):
        chain = [lzma_filter(coder, properties, folder.size_bytes)]
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
