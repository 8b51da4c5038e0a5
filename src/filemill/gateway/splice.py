"""Moves a known number of bytes from one socket to another in a thread, with `splice` where the system has it.

socket -> pipe -> socket: no byte is copied into Python and the event loop stays free. Threads are lent to fast sockets
only: a move that stands still for 50 ms, or is slow for a second, gives its sockets back to the event loop, and when no
thread is free the loop moves the bytes itself. So many slow bodies cannot stop a fast one.
Not for: bodies of unknown length. On failure: nothing is raised, `Moved.end` says which side ended or broke.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import fcntl
import os
import select
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from filemill.gateway.limits import KIB, MIB
from filemill.gateway.peer import Peer

SPLICE_ABOVE_BYTES = 1 * MIB  # below, handing over to a thread costs more than it saves
RELAY_BEFORE_RETRY_BYTES = 4 * MIB  # what the loop moves itself before a slow body gets a thread again
STALL_MS = 50
SLOW_BYTES_PER_S = 4 * MIB
PIPE_BYTES = 1 * MIB
COPY_BYTES = 256 * KIB
THREADS = 16


class End(enum.Enum):
    """Why a move stopped."""

    DONE = "done"
    STALLED = "stalled"  # slow or cancelled: the event loop goes on from here
    SOURCE = "source"  # ended or broke before the last byte
    TARGET = "target"  # broke


@dataclass(frozen=True)
class Moved:
    end: End
    count: int = 0  # bytes that left the source
    leftover: bytes = b""  # the last of them, if the target did not take them yet


@dataclass
class Job:
    """One move; setting `cancelled` stops its thread within 50 ms."""

    cancelled: bool = False


class Buffer(Protocol):
    """What lies between the two sockets."""

    held: int

    def fill(self, source: int, count: int) -> int: ...
    def drain(self, target: int) -> None: ...
    def rest(self) -> bytes: ...
    def close(self) -> None: ...


class PipeBuffer:
    """A kernel pipe: pages travel, bytes are not copied."""

    def __init__(self) -> None:
        self.held = 0
        self._out, self._into = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        with contextlib.suppress(OSError):  # a user's pipe quota is spent: the normal 64 KiB only cost more calls
            fcntl.fcntl(self._into, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def fill(self, source: int, count: int) -> int:
        self.held = os.splice(source, self._into, min(count, PIPE_BYTES))
        return self.held

    def drain(self, target: int) -> None:
        self.held -= os.splice(self._out, target, self.held)

    def rest(self) -> bytes:
        return os.read(self._out, self.held) if self.held else b""

    def close(self) -> None:
        os.close(self._out)
        os.close(self._into)


class CopyBuffer:
    """The same through memory, for systems without splice."""

    def __init__(self) -> None:
        self.held = 0
        self._memory = memoryview(bytearray(COPY_BYTES))
        self._at = 0

    def fill(self, source: int, count: int) -> int:
        self.held, self._at = os.readv(source, [self._memory[: min(count, COPY_BYTES)]]), 0
        return self.held

    def drain(self, target: int) -> None:
        written = os.write(target, self._memory[self._at : self._at + self.held])
        self._at, self.held = self._at + written, self.held - written

    def rest(self) -> bytes:
        return bytes(self._memory[self._at : self._at + self.held])

    def close(self) -> None:
        self._memory.release()


class Mover:
    """The threads that move bodies; `use_splice=False` forces the copy (tests, other systems)."""

    def __init__(self, *, threads: int = THREADS, use_splice: bool = hasattr(os, "splice")) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="splice")
        self._free = threads
        self._buffer: type[PipeBuffer] | type[CopyBuffer] = PipeBuffer if use_splice else CopyBuffer

    @property
    def has_free_thread(self) -> bool:
        return self._free > 0

    async def move(self, source: Peer, target: Peer, count: int, job: Job) -> Moved:
        """Move up to `count` bytes; the caller has paused reading on `source`. Do not cancel: set `job.cancelled`."""
        if not await target.drained():
            return Moved(End.TARGET)
        if job.cancelled or source.closed or not self._free:
            return Moved(End.STALLED)
        # The dups outlive the transports: a connection closed meanwhile ends the move, never meets a foreign socket.
        ends = [os.dup(peer.fileno()) for peer in (source, target)]
        self._free -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._executor, _run, self._buffer, ends[0], ends[1], count, job
            )
        finally:
            self._free += 1
            for end in ends:
                os.close(end)

    def close(self) -> None:
        self._executor.shutdown(wait=True)


class Lending:
    """Decides, for one body, when it is lent to a thread, and remembers the move that runs."""

    def __init__(self, mover: Mover) -> None:
        self._mover = mover
        self._job = Job()
        self._relayed_bytes = 0  # by the loop, since a thread last had the body
        self.active = False
        self.target_broke = False

    def worthwhile(self, left: int) -> bool:
        free = self._mover.has_free_thread and not (self.active or self._job.cancelled)
        return free and left >= SPLICE_ABOVE_BYTES

    def worthwhile_again(self, relayed: int, left: int) -> bool:
        """The same for a body that the loop moves at present; `relayed` bytes just went through."""
        self._relayed_bytes += relayed
        return self._relayed_bytes >= RELAY_BEFORE_RETRY_BYTES and self.worthwhile(left)

    async def move(self, source: Peer, target: Peer, left: int) -> Moved:
        self.active, self._relayed_bytes = True, 0
        try:
            moved = await self._mover.move(source, target, left, self._job)
        finally:
            self.active = False
        self.target_broke = moved.end is End.TARGET
        return moved

    def cancel(self) -> None:
        self._job.cancelled = True


def _run(make_buffer: type[PipeBuffer] | type[CopyBuffer], source: int, target: int, count: int, job: Job) -> Moved:
    buffer = make_buffer()
    try:
        return _move(buffer, source, target, count, job)
    finally:
        buffer.close()


def _move(buffer: Buffer, source: int, target: int, count: int, job: Job) -> Moved:
    moved, window_bytes, window_ends_at = 0, 0, time.monotonic() + 1
    while moved < count:
        if job.cancelled:
            return Moved(End.STALLED, moved)
        try:
            taken = buffer.fill(source, count - moved)
        except BlockingIOError:
            if not _ready(source, select.POLLIN):
                return Moved(End.STALLED, moved)
            continue
        except OSError:
            return Moved(End.SOURCE, moved)
        if not taken:
            return Moved(End.SOURCE, moved)
        moved, window_bytes = moved + taken, window_bytes + taken
        end = _empty(buffer, target, job)
        if end is not End.DONE:
            return Moved(end, moved, buffer.rest())
        if (now := time.monotonic()) >= window_ends_at:
            if window_bytes < SLOW_BYTES_PER_S:
                break
            window_bytes, window_ends_at = 0, now + 1
    return Moved(End.DONE if moved == count else End.STALLED, moved)


def _empty(buffer: Buffer, target: int, job: Job) -> End:
    while buffer.held:
        try:
            buffer.drain(target)
        except BlockingIOError:
            if job.cancelled or not _ready(target, select.POLLOUT):
                return End.STALLED
        except OSError:
            return End.TARGET
    return End.DONE


def _ready(fd: int, event: int) -> bool:
    """Wait until `fd` can go on; False after 50 ms of standing still. The sockets' flags belong to the loop as well."""
    poll = select.poll()
    poll.register(fd, event)
    return bool(poll.poll(STALL_MS))
