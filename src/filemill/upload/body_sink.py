"""Where the bytes of one file go: counted, hashed, looked at and stored in one pass; out of a form, too."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from filemill.chassis.web.socket_threads import BlockTaker
from filemill.chassis.web.upload_tokens import UploadGrant
from filemill.upload import polyglots, rules
from filemill.upload.errors import EmptyFile
from filemill.upload.landing import Landing
from filemill.upload.multipart import FormReader
from filemill.upload.names import clean_name
from filemill.upload.room import Room
from filemill.upload.settings import UploadSettings
from filemill.upload.sniff import HEAD_BYTES, Kind, sniff

LOOKED_AT_ONCE_BYTES = 64 * 1024
"""The ends of a larger body may lie on a disk."""


@dataclass(frozen=True, slots=True)
class StoredBody:
    """Bytes that are durable under `storage_key`: in the store, or, `queued`, in the spool until the store is back."""

    storage_key: str
    size: int
    sha256: str
    kind: Kind
    queued: bool = False
    warnings: Sequence[dict[str, str]] = ()


class BodySink:
    """Takes the bytes of one file: counts, hashes, looks at the head, and stores, in one pass."""

    def __init__(
        self, landing: Landing, key: str, settings: UploadSettings, room: Room, grant: UploadGrant | None = None
    ) -> None:
        self._landing = landing
        self._room = room
        self._grant = grant
        self._key = key
        self._settings = settings
        self._size = 0
        self._kind: Kind | None = None
        self._general_bytes = self._most_bytes = rules.most_bytes(settings, grant)
        self._filename = ""
        self._ends = landing.ends()

    def named(self, filename: str) -> None:
        """Say the file's name; it must be known before the first byte."""
        self._filename = filename

    async def write(self, data: bytes) -> None:
        """Take bytes. Raises `FileTooLarge`, and the refusals of `rules.check_kind` once the head is there."""
        self._see(data)
        await self._landing.write(data)
        if self._can_look:
            await asyncio.to_thread(self._look)

    def block_taker(self) -> BlockTaker | None:
        """As `write`, in a thread, where the store can (`chassis.web.body`)."""
        taker = self._landing.block_taker()
        if taker is None:
            return None

        def take(block: memoryview) -> None:
            self._see(block)
            taker(block)
            if self._can_look:
                self._look()

        return take

    async def finish(self) -> StoredBody:
        """All bytes are here: make them durable."""
        if self._size == 0:
            raise EmptyFile("The file has no bytes; nothing was stored.")
        in_memory = self._size <= LOOKED_AT_ONCE_BYTES
        kind, warnings = self._look_at_ends() if in_memory else await asyncio.to_thread(self._look_at_ends)
        landed = await self._landing.commit()
        return StoredBody(self._key, self._size, landed.sha256, kind, landed.queued, warnings)

    async def abort(self) -> None:
        """Keep nothing."""
        await self._landing.abort()

    def _see(self, data: bytes | memoryview) -> None:
        self._size += len(data)
        if self._size > self._general_bytes:
            raise rules.too_large(self._settings, self._grant)
        self._room.check()
        self._ends.see(data)
        if self._kind is not None and self._size > self._most_bytes:
            raise rules.too_large_for(self._kind, self._most_bytes)

    @property
    def _can_look(self) -> bool:
        """Whether enough is there to refuse it before the rest comes."""
        return self._kind is None and self._size >= HEAD_BYTES

    def _look(self) -> Kind:
        self._kind = sniff(self._ends.head(), self._filename)
        self._most_bytes = rules.check_kind(self._kind, self._filename, self._settings, self._grant)
        if self._size > self._most_bytes:
            raise rules.too_large_for(self._kind, self._most_bytes)
        return self._kind

    def _look_at_ends(self) -> tuple[Kind, list[dict[str, str]]]:
        kind = self._kind or self._look()
        head = self._ends.head(polyglots.HEAD_SEEN_BYTES)
        return kind, rules.check_ends(head, self._ends.tail(), kind, self._filename, self._settings)


class FormSink:
    """Takes a form and hands on the bytes of its file part."""

    def __init__(self, reader: FormReader, sink: BodySink) -> None:
        self._reader = reader
        self._sink = sink

    async def write(self, data: bytes) -> None:
        for piece in self._pieces(data):
            await self._sink.write(bytes(piece))

    def block_taker(self) -> BlockTaker | None:
        taker = self._sink.block_taker()
        if taker is None:
            return None

        def take(block: memoryview) -> None:
            for piece in self._pieces(block):
                taker(piece)

        return take

    def _pieces(self, data: bytes | memoryview) -> list[memoryview]:
        pieces = self._reader.feed(data)
        if pieces:
            self._sink.named(clean_name(self._reader.filename))
        return pieces
