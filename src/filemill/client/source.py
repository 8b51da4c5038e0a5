"""A file on its way up: read in pieces, hashed once while it is sent, never held in memory.

On failure: a file that becomes shorter, or is another one at the end, is `file-changed`; its bytes are not sent again.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from filemill.client.errors import MillError

PIECE_BYTES = 256 * 1024
OnProgress = Callable[[int, int], None]


@dataclass(slots=True)
class Source:
    """An open file of `size_bytes` from its beginning. `on_progress` is told (bytes sent, of how many)."""

    file: BinaryIO
    name: str
    size_bytes: int
    on_progress: OnProgress | None = None
    _digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    _hashed: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, file: BinaryIO, name: str, on_progress: OnProgress | None) -> "Source":
        """Raises `ValueError` for a file that cannot seek: after a break its bytes could not be read again."""
        if not file.seekable():
            raise ValueError("upload() takes a path, or a binary file that can seek")
        return cls(file, name, file.seek(0, 2), on_progress)

    def read(self, offset: int, count: int) -> bytes:
        """The bytes at `offset`; what comes before them and was not hashed yet is hashed first."""
        with self._guard:  # a cancelled async upload may leave a thread in here for a moment
            while self._hashed < offset:
                self._take(self._hashed, min(PIECE_BYTES, offset - self._hashed))
            return self._take(offset, count)

    def sha256(self) -> str:
        """Of the whole file; reads what was not sent by us."""
        self.read(self.size_bytes, 0)
        return self._digest.hexdigest()

    def tell(self, sent: int) -> None:
        """Say how far it is."""
        if self.on_progress is not None:
            self.on_progress(sent, self.size_bytes)

    def _take(self, offset: int, count: int) -> bytes:
        self.file.seek(offset)
        data = self.file.read(count)
        while len(data) < count and (more := self.file.read(count - len(data))):
            data += more
        if len(data) < count:
            raise MillError("file-changed", f"{self.name} became shorter while it was sent")
        if offset + len(data) > self._hashed:
            self._digest.update(memoryview(data)[self._hashed - offset :])
            self._hashed = offset + len(data)
        return data


@dataclass(slots=True)
class Stretch:
    """Some bytes of a source, as the body of a request."""

    source: Source
    offset: int
    size_bytes: int
    _passed: int = 0

    def pieces(self) -> Iterator[bytes]:
        """The bytes, piece by piece."""
        end = self.offset + self.size_bytes
        for offset in range(self.offset, end, PIECE_BYTES):
            yield self.source.read(offset, min(PIECE_BYTES, end - offset))

    def passed(self, size_bytes: int) -> None:
        """Counts, and says how far it is."""
        self._passed += size_bytes
        self.source.tell(self.offset + self._passed)


def opened(path: Path, on_progress: OnProgress | None) -> Source:
    """The file at a path; the caller closes `file`."""
    file = path.open("rb", buffering=0)
    return Source.of(file, path.name, on_progress)
