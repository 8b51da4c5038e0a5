"""One side of a relay: an asyncio connection that can be held back for several reasons at once.

Not for: what the bytes mean (`client`, `service`). Reading stops while any reason to hold it remains, so two causes
of back-pressure cannot undo each other.
On failure: a lost connection calls `lost`; writing to it afterwards does nothing.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import cast

# Why reading is stopped; a sum of these.
OTHER_SIDE_FULL = 1
A_THREAD_MOVES = 2
NOT_CONNECTED_YET = 4
PIPELINED_ENOUGH = 8
ANSWER_CAME_EARLY = 16

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Peer(asyncio.Protocol):
    """Common to the client's and the service's side."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.closed = True  # until connected
        self.lost_cleanly = False  # by an orderly end of the stream
        self.full = False  # the other end reads slower than we write
        self._holds = 0
        self._waiting_bytes = sys.maxsize
        self._drained: asyncio.Future[bool] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.closed = cast("asyncio.Transport", transport), False
        if self._holds:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed, self.lost_cleanly = True, exc is None
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(False)
        self.lost()

    def lost(self) -> None:
        """Called once, when the connection is gone."""

    def other_side(self) -> Peer | None:
        """Whose reading must stop while this side cannot be written to."""
        return None

    def pause_writing(self) -> None:
        self.full = True
        if other := self.other_side():
            other.hold(OTHER_SIDE_FULL)

    def resume_writing(self) -> None:
        self.full = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(True)
        if other := self.other_side():
            other.release(OTHER_SIDE_FULL)

    def hold(self, reason: int) -> None:
        if not self._holds and not self.closed and not self.transport.is_closing():
            self.transport.pause_reading()
        self._holds |= reason

    def release(self, reason: int) -> None:
        if not self._holds & reason:
            return
        self._holds &= ~reason
        if not self._holds and not self.closed and not self.transport.is_closing():
            self.transport.resume_reading()

    def release_all(self) -> None:
        self.release(self._holds)

    def write(self, data: bytes) -> None:
        if data and not self.closed and not self.transport.is_closing():
            self.transport.write(data)

    async def drained(self) -> bool:
        """Wait until nothing is left in the transport's buffer; False when the connection went."""
        if self.closed or self.transport.is_closing():
            return False
        if not self.transport.get_write_buffer_size():
            return True
        self._drained = asyncio.get_running_loop().create_future()
        self.transport.set_write_buffer_limits(high=0)
        try:
            return await self._drained
        finally:
            self._drained = None
            if not self.closed:
                self.transport.set_write_buffer_limits()

    def progressed(self) -> bool:
        """True when the other end has taken some of what waits here, but not all, since this was asked last."""
        before, self._waiting_bytes = self._waiting_bytes, self.transport.get_write_buffer_size()
        return 0 < self._waiting_bytes < before

    def fileno(self) -> int:
        return int(self.transport.get_extra_info("socket").fileno())

    def close(self) -> None:
        """Close after what is written has gone out."""
        if not self.closed:
            self.transport.close()

    def abort(self) -> None:
        """Close at once; what is not sent yet is lost."""
        if not self.closed:
            self.transport.abort()

    def reset(self) -> None:
        """Close so that the other end sees a broken connection, never a clean end of a body without length."""
        if self.closed:
            return
        sock = socket.socket(fileno=socket.dup(self.fileno()))
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        finally:
            sock.close()
        self.transport.abort()
