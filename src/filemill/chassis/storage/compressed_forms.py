"""A blob lies in a store as it is, or compressed under the same key with `.zst` behind it: the part of a store that knows.

Readers look for the plain form first and for the compressed one after that. The plain one is only removed once the other is
durable, checked and written down (upload's keeper does that), so whoever finds neither has a key of nothing. While both are
there they hold the same bytes. What a store itself brings are the methods on forms, which have names; the others have keys.
On failure: as the store; a compressed form that does not fit together is `Damaged`.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

from filemill.chassis.errors import NotFound, Unavailable
from filemill.chassis.storage.keys import COMPRESSED_SUFFIX, is_key
from filemill.chassis.storage.seekable import (
    FOOT_BYTES,
    Damaged,
    SeekTable,
    decompress_frame,
    table_bytes_told,
)
from filemill.chassis.storage.store import BlobInfo, BlobReader, BlobWriter, Tap, drain

TAIL_BYTES = 64 * 1024
"""One question for the table of nearly every blob: it is enough for 8 GiB."""
IN_THREAD_BYTES = 64 * 1024
"""A frame below that is decompressed faster than handed over."""


class CompressedForms(ABC):
    """See `store.BlobStore`, `store.Compresses`."""

    @abstractmethod
    async def create_form(self, name: str, tap: Tap | None = None) -> BlobWriter:
        """As `BlobStore.create`. A compressed form that is there already is replaced at once on commit."""

    @abstractmethod
    async def open_form(self, name: str) -> BlobReader:
        """As `BlobStore.open`."""

    @abstractmethod
    async def fetch_form(self, name: str, target: Path) -> None:
        """As `BlobStore.fetch`."""

    @abstractmethod
    async def delete_forms(self, names: Sequence[str]) -> bool:
        """Remove those that are there; False if none was."""

    @abstractmethod
    async def has_form(self, name: str) -> bool:
        """Whether it is there."""

    @abstractmethod
    def list_forms(self) -> AsyncIterator[BlobInfo]:
        """Every form, by its name; the plain form of a blob right before its compressed one, wherever that costs nothing."""

    async def create(self, key: str, tap: Tap | None = None) -> BlobWriter:
        """See `BlobStore.create`."""
        return await self.create_form(ours(key), tap)

    async def open(self, key: str) -> BlobReader:
        """See `BlobStore.open`."""
        try:
            return await self.open_form(ours(key))
        except NotFound:
            return await self.open_compressed(key)

    async def fetch(self, key: str, target: Path) -> None:
        """See `BlobStore.fetch`."""
        try:
            await self.fetch_form(ours(key), target)
        except NotFound:
            await write_down(await self.open_compressed(key), target)

    async def delete(self, key: str) -> bool:
        """See `BlobStore.delete`."""
        return await self.delete_forms([ours(key), key + COMPRESSED_SUFFIX])

    async def list(self) -> AsyncIterator[BlobInfo]:
        """See `BlobStore.list`."""
        last = ""
        async for form in self.list_forms():
            key = form.key.removesuffix(COMPRESSED_SUFFIX)
            if key != last:
                yield replace(form, key=key)
            last = key

    async def create_compressed(self, key: str) -> BlobWriter:
        """See `Compresses.create_compressed`."""
        return await self.create_form(ours(key) + COMPRESSED_SUFFIX)

    async def open_compressed(self, key: str) -> "CompressedReader":
        """See `Compresses.open_compressed`."""
        stored = await self.open_form(ours(key) + COMPRESSED_SUFFIX)
        try:
            return CompressedReader(stored, await _read_table(stored))
        except BaseException:
            await stored.close()
            raise

    async def drop_plain(self, key: str) -> bool:
        """See `Compresses.drop_plain`."""
        plain = ours(key)
        try:
            reader = await self.open_compressed(key)
        except (NotFound, Damaged):
            return not await self.has_form(plain)
        await reader.close()
        await self.delete_forms([plain])
        return True

    async def drop_compressed(self, key: str) -> None:
        """See `Compresses.drop_compressed`."""
        if await self.has_form(ours(key)):
            await self.delete_forms([key + COMPRESSED_SUFFIX])


class CompressedReader:
    """See `store.BlobReader`, `store.IsCompressed`. Holds one frame at a time."""

    def __init__(self, stored: BlobReader, table: SeekTable) -> None:
        self.stored = stored
        self.size_bytes = table.size_bytes
        self._table = table

    async def read(self, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """See `BlobReader.read`."""
        end = self.size_bytes if length is None else min(self.size_bytes, start + length)
        if start >= end:
            return
        table, number, last = self._table, self._table.frame_at(start), self._table.frame_at(end - 1)
        offset, pending = table.offset_of(number), bytearray()
        async for chunk in self.stored.read(offset, table.offset_of(last + 1) - offset):
            pending += chunk
            while number <= last and len(pending) >= table.frames[number].stored_bytes:
                frame = table.frames[number]
                stored = bytes(pending[: frame.stored_bytes])
                del pending[: frame.stored_bytes]
                at = table.start_of(number)
                number += 1
                body = await _decompressed(stored, frame.size_bytes)
                if piece := body[max(0, start - at) : end - at]:
                    yield piece
        if number <= last:
            raise Unavailable("The stored file is shorter than it was.")

    async def close(self) -> None:
        """See `BlobReader.close`."""
        await self.stored.close()


def ours(key: str) -> str:
    """The key. Raises `NotFound` for a text that is none: such a text never becomes a path or an address."""
    if not is_key(key):
        raise NotFound("The stored bytes are missing.")
    return key


async def write_down(reader: BlobReader, target: Path) -> None:
    """All of an open blob into a new file; the reader is closed. On failure there is no file."""
    file = await asyncio.to_thread(target.open, "xb")
    try:
        with file:
            async for chunk in drain(reader):
                await asyncio.to_thread(file.write, chunk)
    except BaseException:
        with contextlib.suppress(OSError):
            await asyncio.to_thread(target.unlink)  # whoever finds a file there takes it for the whole
        raise


async def _read_table(stored: BlobReader) -> SeekTable:
    size = stored.size_bytes
    tail = await _all(stored, max(0, size - TAIL_BYTES))
    length = table_bytes_told(tail[-FOOT_BYTES:])
    if length > size:
        raise Damaged()
    if length > len(tail):
        tail = await _all(stored, size - length)
    return SeekTable.decode(tail[-length:], size)


async def _all(stored: BlobReader, start: int) -> bytes:
    return b"".join([chunk async for chunk in stored.read(start)])


async def _decompressed(stored: bytes, size_bytes: int) -> bytes:
    if size_bytes <= IN_THREAD_BYTES:
        return decompress_frame(stored, size_bytes)
    return await asyncio.to_thread(decompress_frame, stored, size_bytes)
