"""The two ends of a body that passes: its first bytes tell what it is, both together whether it is two things at once.

What went into a file can be looked at there (`store.ShowsBytes`), which costs no memory while a slow body is on its way. Where
the store cannot show it, the ends are kept as they pass.
"""

from typing import Protocol

from filemill.chassis.storage.store import ShowsBytes
from filemill.upload.polyglots import TAIL_BYTES
from filemill.upload.sniff import HEAD_BYTES


class Ends(Protocol):
    """The ends of one body."""

    def see(self, data: bytes | memoryview) -> None:
        """The next bytes."""
        ...

    def head(self, most_bytes: int = HEAD_BYTES) -> bytes:
        """The first bytes, blocking; never while they are being written. At most `HEAD_BYTES`."""
        ...

    def tail(self) -> bytes:
        """The last bytes, blocking; at most `TAIL_BYTES`. All of a small body is in both."""
        ...


class ShownEnds:
    """Looked at where they lie."""

    def __init__(self, writer: ShowsBytes) -> None:
        self._writer = writer
        self._size = 0

    def see(self, data: bytes | memoryview) -> None:
        self._size += len(data)

    def head(self, most_bytes: int = HEAD_BYTES) -> bytes:
        return self._writer.peek(0, most_bytes)

    def tail(self) -> bytes:
        return self._writer.peek(max(0, self._size - TAIL_BYTES), TAIL_BYTES)


class KeptEnds:
    """Kept as they pass."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()

    def see(self, data: bytes | memoryview) -> None:
        if len(self._head) < HEAD_BYTES:
            self._head += data[: HEAD_BYTES - len(self._head)]
        self._tail += data[-TAIL_BYTES:]
        if len(self._tail) > 2 * TAIL_BYTES:
            del self._tail[:-TAIL_BYTES]

    def head(self, most_bytes: int = HEAD_BYTES) -> bytes:
        return bytes(self._head[:most_bytes])

    def tail(self) -> bytes:
        return bytes(self._tail[-TAIL_BYTES:])
