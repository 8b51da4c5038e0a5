"""The real local store behind a switch: while it is away every call fails as a store's adapter says it."""

from collections.abc import AsyncIterator
from pathlib import Path

from filemill.chassis.errors import Unavailable
from filemill.chassis.storage.build import build_folder
from filemill.chassis.storage.store import BlobInfo, BlobReader, BlobWriter, Tap


class AwayStore:
    """See `store.BlobStore`. `away`: nothing answers; `fails_at`: only `write` or `commit` of a body does not."""

    def __init__(self, root: Path) -> None:
        self.inner = build_folder(root, "STORAGE_URL")
        self.away = False
        self.fails_at = ""

    def must_answer(self, step: str = "") -> None:
        if self.away or (step and step == self.fails_at):
            raise Unavailable("The blob store does not answer.")

    async def create(self, key: str, tap: Tap | None = None) -> BlobWriter:
        self.must_answer()
        return _AwayWriter(self, await self.inner.create(key, tap))

    async def open(self, key: str) -> BlobReader:
        self.must_answer()
        return await self.inner.open(key)

    async def fetch(self, key: str, target: Path) -> None:
        self.must_answer()
        await self.inner.fetch(key, target)

    async def delete(self, key: str) -> bool:
        self.must_answer()
        return await self.inner.delete(key)

    async def list(self) -> AsyncIterator[BlobInfo]:
        self.must_answer()
        async for info in self.inner.list():
            yield info

    async def check(self) -> None:
        self.must_answer()

    async def close(self) -> None:
        await self.inner.close()


class _AwayWriter:
    def __init__(self, store: AwayStore, inner: BlobWriter) -> None:
        self._store = store
        self._inner = inner

    async def write(self, data: bytes) -> None:
        self._store.must_answer("write")
        await self._inner.write(data)

    async def commit(self) -> None:
        self._store.must_answer("commit")
        await self._inner.commit()

    async def abort(self) -> None:
        await self._inner.abort()
