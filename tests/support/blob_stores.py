"""Blob stores for tests: the same small questions to each kind of them."""

import os
import random
from pathlib import Path
from typing import Protocol

import pytest

from filemill.chassis.database.build import open_sqlite
from filemill.chassis.settings import ServiceSettings, load
from filemill.chassis.storage.build import build_store
from filemill.chassis.storage.local_pieces import ResumingLocalStore
from filemill.chassis.storage.remote_client import Patience
from filemill.chassis.storage.remote_settings import read_bucket
from filemill.chassis.storage.remote_store import S3BlobStore
from filemill.chassis.storage.store import BlobStore, BlobWriter
from support.servers.s3 import S3Server

KIB = 1024
MIB = 1024 * 1024
_NAMES = ("STORAGE_URL", "STORAGE_SERVICE_URL", "FILEMILL_PUBLIC_STORAGE_URL")


def some_bytes(size: int) -> bytes:
    """So many bytes, always the same ones."""
    return random.Random(size).randbytes(size)


def in_pieces(data: bytes, seed: int) -> list[bytes]:
    """The same bytes in pieces of random length, an empty one among them."""
    dice = random.Random(seed)
    pieces = [b""]
    at = 0
    while at < len(data):
        length = dice.choice((1, 100, 8 * KIB, 64 * KIB, 64 * KIB + 1, 300 * KIB, 2 * MIB))
        pieces.append(data[at : at + length])
        at += length
    return pieces


async def listed(store: BlobStore) -> dict[str, int]:
    """Every key and its size."""
    return {info.key: info.size_bytes async for info in store.list()}


class Place(Protocol):
    """Where blobs are kept: any number of stores can be opened on it."""

    def open(self) -> BlobStore:
        """A store as another process would open it."""
        ...

    def leftovers(self) -> list[str]:
        """What is half-written there."""
        ...


class LocalPlace:
    """A folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def open(self) -> ResumingLocalStore:
        """See `Place`."""
        self.root.mkdir(parents=True, exist_ok=True)
        return ResumingLocalStore(self.root, open_sqlite(self.root / "small.db"))

    def leftovers(self) -> list[str]:
        """See `Place`."""
        found = (path for path in self.root.rglob("*") if path.is_file() and not path.name.startswith("small.db"))
        return [path.name for path in found if "blobs" not in path.parts]


class S3Place:
    """A fresh bucket of a real server."""

    def __init__(self, server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server = server
        self.bucket = server.fresh_bucket()
        self._monkeypatch = monkeypatch

    def open(self) -> BlobStore:
        """See `Place`."""
        return build_store(self.settings())

    def through(self, port: int, patience: Patience) -> S3BlobStore:
        """A store that reaches the server through a proxy."""
        return S3BlobStore(read_bucket(self.settings(f"http://127.0.0.1:{port}")), patience)

    def settings(self, endpoint: str | None = None, **changed: str) -> ServiceSettings:
        """As a service reads them; `changed` are variables."""
        for name in [name for name in os.environ if name in _NAMES or name.startswith("AWS_")]:
            self._monkeypatch.delenv(name)
        for name, value in (self.server.environment(self.bucket, endpoint) | changed).items():
            self._monkeypatch.setenv(name, value)
        return load(ServiceSettings)

    def leftovers(self) -> list[str]:
        """See `Place`."""
        return self.server.open_uploads(self.bucket)


async def write_all(store: BlobStore, key: str, data: bytes) -> None:
    """As an upload does it: in pieces, aborted when it fails."""
    writer = await store.create(key)
    try:
        for piece in in_pieces(data, len(data)):
            await writer.write(piece)
        await writer.commit()
    except BaseException:
        await writer.abort()
        raise


async def write_pieces(writer: BlobWriter, count: int) -> None:
    """So many MiB, one after the other."""
    for _ in range(count):
        await writer.write(bytes(MIB))
