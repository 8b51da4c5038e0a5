"""Where the bytes of one upload go: into the store, and beside it into the spool, if there is one, until the store is sure.

Whichever way the store fails, at the first byte or at the commit, what arrived so far is in the spool's file already and the
upload goes on there; it costs a second write (not synced unless it is needed) and a second hash of each body.
"""

import hashlib
from dataclasses import dataclass

from filemill.chassis.errors import FilemillError, StorageFull, Unavailable
from filemill.chassis.storage.store import BlobStore, BlobWriter, ShowsBytes, TakesBlocks
from filemill.chassis.web.socket_threads import BlockTaker
from filemill.upload.ends import Ends, KeptEnds, ShownEnds
from filemill.upload.spool import Spool

FULL_RETRY_AFTER_S = 30


@dataclass(frozen=True, slots=True)
class Landed:
    """The bytes are durable. `queued`: in the spool, not in the store."""

    sha256: str
    queued: bool


@dataclass(slots=True)
class _Way:
    """One of the two ways a body goes."""

    writer: BlobWriter
    digest: "hashlib._Hash"


class Landing:
    """One body. `commit` or `abort` ends it."""

    def __init__(self, store: _Way | None, spool: _Way | None) -> None:
        self._store = store
        self._spool = spool

    @classmethod
    async def open(cls, store: BlobStore, spool: Spool | None, key: str) -> "Landing":
        """Begin. Raises `Unavailable` if neither way is open."""
        if spool is None:
            return cls(await _way_into(store, key), None)
        net = await _way_into(spool, key)
        try:
            return cls(await _way_into(store, key), net)
        except Unavailable:
            return cls(None, net)
        except BaseException:
            await net.writer.abort()
            raise

    async def write(self, data: bytes) -> None:
        """Take bytes. Raises `Unavailable`, `StorageFull` when no way is left."""
        if self._store is not None:
            try:
                await self._store.writer.write(data)
            except Unavailable as error:
                await self._store_failed(error)
        if self._spool is not None:
            try:
                await self._spool.writer.write(data)
            except (Unavailable, StorageFull) as error:
                await self._spool_failed(error)

    def block_taker(self) -> BlockTaker | None:
        """As `write`, in a thread. None with two ways, where one may fail and the other go on, or where the store cannot."""
        if self._spool is not None or self._store is None or not isinstance(self._store.writer, TakesBlocks):
            return None
        return self._store.writer.write_block

    def ends(self) -> Ends:
        """The ends of what passes. They are kept here with two ways, where the one that shows them may fail, too."""
        if self._spool is None and self._store is not None and isinstance(self._store.writer, ShowsBytes):
            return ShownEnds(self._store.writer)
        return KeptEnds()

    async def commit(self) -> Landed:
        """Make it durable. Raises as `write` does; then nothing is kept."""
        if self._store is not None:
            try:
                await self._store.writer.commit()
            except Unavailable as error:
                await self._store_failed(error)
            else:
                if self._spool is not None:
                    await self._spool.writer.abort()
                return Landed(self._store.digest.hexdigest(), queued=False)
        assert self._spool is not None
        try:
            await self._spool.writer.commit()
        except (Unavailable, StorageFull) as error:
            await self._spool_failed(error)
        return Landed(self._spool.digest.hexdigest(), queued=True)

    async def abort(self) -> None:
        """Keep nothing. Never raises."""
        for way in (self._store, self._spool):
            if way is not None:
                await way.writer.abort()

    async def _store_failed(self, error: FilemillError) -> None:
        if self._spool is None:
            raise error
        failed, self._store = self._store, None
        if failed is not None:
            await failed.writer.abort()

    async def _spool_failed(self, error: FilemillError) -> None:
        assert self._spool is not None
        if self._store is None:
            raise Unavailable(
                f"The storage is away, and the spool cannot take this file: {error.detail}",
                retry_after_s=FULL_RETRY_AFTER_S,
            ) from error
        failed, self._spool = self._spool, None  # the store works: the net was not needed
        await failed.writer.abort()


async def _way_into(store: BlobStore | Spool, key: str) -> _Way:
    digest = hashlib.sha256()
    return _Way(await store.create(key, digest.update), digest)
