"""The port to the blob store. Chosen by `build`.

A key is a fresh id (`keys.new_key`) and is never used twice, so a late delete cannot hit a new upload. How bytes are laid
out, batched or compressed is the store's business: the key alone is enough for any service to read them.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

Tap = Callable[[bytes | memoryview], object]
"""Called with every byte in order, in the thread that writes: hashing costs no second pass."""


class BlobWriter(Protocol):
    """One blob being written. Exactly one of `commit` and `abort` ends it."""

    async def write(self, data: bytes) -> None:
        """Append. Raises `StorageFull`, `Unavailable`; then `abort` is due."""
        ...

    async def commit(self) -> None:
        """Make it durable and visible under its key. Raises `StorageFull`, `Unavailable`; then nothing is kept."""
        ...

    async def abort(self) -> None:
        """Keep nothing of it. Never raises."""
        ...


class BlobReader(Protocol):
    """An open blob."""

    size_bytes: int

    def read(self, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start`, in chunks; `length` None means to the end."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """A stored blob, as a listing shows it. `size_bytes` is what it takes there: less than its own size if compressed."""

    key: str
    size_bytes: int
    modified_at: datetime


class BlobStore(Protocol):
    """A store of immutable blobs."""

    async def create(self, key: str, tap: Tap | None = None) -> BlobWriter:
        """Begin a blob under a fresh key."""
        ...

    async def open(self, key: str) -> BlobReader:
        """Raises `NotFound` if there is no such blob, `Unavailable` if the store is away (a retry helps)."""
        ...

    async def fetch(self, key: str, target: Path) -> None:
        """Put the whole blob into a new local file, by link where that is possible. Raises as `open` does."""
        ...

    async def delete(self, key: str) -> bool:
        """Remove a blob; False if it was not there."""
        ...

    def list(self) -> AsyncIterator[BlobInfo]:
        """Every blob, in no order; one whose form is being changed perhaps twice."""
        ...

    async def check(self) -> None:
        """Raise `Unavailable` if nothing can be stored."""
        ...

    async def close(self) -> None:
        """Let go of every resource."""
        ...


@runtime_checkable
class TakesBlocks(Protocol):
    """A writer that can be written to from a thread: an extra capability (`isinstance` asks for it)."""

    def write_block(self, block: memoryview) -> None:
        """As `BlobWriter.write`, blocking; never while another call is at work. The view is only good during the call."""
        ...


@runtime_checkable
class ShowsBytes(Protocol):
    """A writer whose bytes can be looked at on their way: an extra capability (`isinstance` asks for it)."""

    def peek(self, start: int, length: int) -> bytes:
        """What was written there, fewer bytes at the end; blocking, never while a write or a commit is at work."""
        ...


@runtime_checkable
class HasDescriptor(Protocol):
    """A reader whose bytes are a file's, as they are: an extra capability (`isinstance` asks for it)."""

    def fileno(self) -> int:
        """The open file; it stays the reader's."""
        ...


@runtime_checkable
class InFolder(Protocol):
    """A store that fills a volume of this machine: an extra capability (`isinstance` asks for it)."""

    @property
    def root(self) -> Path:
        """Its folder."""
        ...


@runtime_checkable
class SweepsPartials(Protocol):
    """A store that writes beside the place first: an extra capability (`isinstance` asks for it)."""

    async def sweep_partials(self) -> int:
        """Delete what dead writers left half-written; returns how many pieces that were."""
        ...


@runtime_checkable
class SignsLinks(Protocol):
    """A store that others can read from by themselves, with a link: an extra capability (`isinstance` asks for it)."""

    async def sign_get(self, key: str, expires_s: int) -> str:
        """A URL that reads this blob, as an attachment, for so long (at most 7 days). Whether it exists is not asked."""
        ...

    async def has_plain(self, key: str) -> bool:
        """Whether the blob lies there as it is: of a compressed one, a link gives other bytes or none."""
        ...


@runtime_checkable
class Compresses(Protocol):
    """A store that can keep a blob compressed under its key: an extra capability (`isinstance` asks for it)."""

    async def create_compressed(self, key: str) -> BlobWriter:
        """Begin the compressed form of a blob. Who writes it gives it the layout of `seekable`."""
        ...

    async def open_compressed(self, key: str) -> BlobReader:
        """The blob out of its compressed form, also while the plain one is there. Raises as `open`, and `Damaged`."""
        ...

    async def drop_plain(self, key: str) -> bool:
        """Remove the plain form if the compressed one is there; False if the plain one stays, because that is missing."""
        ...

    async def drop_compressed(self, key: str) -> None:
        """Remove the compressed form if the plain one is there."""
        ...


@runtime_checkable
class IsCompressed(Protocol):
    """A reader of a blob that lies there compressed: an extra capability (`isinstance` asks for it)."""

    stored: BlobReader
    """The compressed bytes; open and closed with the reader."""


@runtime_checkable
class ChecksStart(Protocol):
    """A store whose settings can be wrong in ways that only asking it shows: an extra capability."""

    async def check_start(self, *, writes: bool) -> None:
        """Raise `StartError` with what to change. `writes`: this service stores blobs, too."""
        ...


@runtime_checkable
class MakesBucket(Protocol):
    """A store that can make the bucket it keeps blobs in: an extra capability, for operators."""

    def make_bucket(self) -> str:
        """Make it unless it is there; returns one line that says which. Blocks. Raises `StartError`; no retry is made."""
        ...


async def put(store: BlobStore, key: str, data: bytes) -> None:
    """Store a whole blob at once."""
    writer = await store.create(key)
    try:
        await writer.write(data)
        await writer.commit()
    except BaseException:
        await writer.abort()
        raise


async def read_all(store: BlobStore, key: str, most_bytes: int) -> bytes:
    """The whole blob, if it is at most `most_bytes`. Raises `ValueError` if it is larger."""
    reader = await store.open(key)
    try:
        if reader.size_bytes > most_bytes:
            raise ValueError(f"blob is {reader.size_bytes} bytes, more than {most_bytes}")
        return b"".join([chunk async for chunk in reader.read()])
    finally:
        await reader.close()


async def drain(reader: BlobReader, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
    """The bytes of an open blob; it is closed at the end, also when the consumer goes away."""
    try:
        async for chunk in reader.read(start, length):
            yield chunk
    finally:
        await reader.close()
