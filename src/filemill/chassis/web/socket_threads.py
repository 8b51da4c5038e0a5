"""Threads that are lent to one socket each: bytes go between it and a file or a sink while the event loop stays free.

Only fast sockets get one: a loan ends after 50 ms without a byte, or after a slow second, and the event loop goes on from
the byte where it ended; when no thread is free the loop does the work itself. So many slow bodies cannot stop a fast one.
The descriptors share their flags with the event loop's socket, so nothing here may change whether they block.
Not for: deciding what is lent (`drain_protocol`). On failure: `End.GONE` when the other side went; what the sink raises passes.
"""

import asyncio
import enum
import os
import select
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from filemill.chassis.telemetry import metrics

THREADS = 16
FIRST_BYTES = 16 * 1024
"""The first read of a loan. Most slow bodies bring less, and a thread that has seen only such needs no more memory."""
BLOCK_BYTES = 512 * 1024
"""Fits into a core's cache, so that hashing reads from there; larger was not faster."""
STALL_MS = 50
SLOW_BYTES_PER_S = 4 * 1024 * 1024

BlockTaker = Callable[[memoryview], None]
"""Takes the next bytes, in a thread. The view is only good during the call; it begins where its bytearray does."""


class End(enum.Enum):
    """Why a loan ended."""

    DONE = "done"
    STALLED = "stalled"  # slow, or cancelled: the event loop goes on
    GONE = "gone"  # the other side ended or broke


@dataclass(slots=True)
class Loan:
    """A socket lent to a thread. `moved` counts its bytes; setting `cancelled` ends it within 50 ms."""

    fd: int
    moved: int = 0
    cancelled: bool = False


class SocketThreads:
    """The threads of this process."""

    def __init__(self, threads: int = THREADS) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="socket")
        self._free = threads

    @property
    def has_free(self) -> bool:
        """Whether a loan would begin at once."""
        return self._free > 0

    async def run(self, loan: Loan, work: Callable[[Loan], End]) -> End:
        """Do `work` with a duplicate of the socket. When this returns or raises, no thread works on the loan any more."""
        loan.fd = os.dup(loan.fd)  # outlives a connection that is closed meanwhile, and never becomes another one
        self._free -= 1
        metrics.SOCKET_THREADS_BUSY.inc()
        job = asyncio.get_running_loop().run_in_executor(self._executor, work, loan)
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            loan.cancelled = True
            await _ended(job)
            raise
        finally:
            self._free += 1
            metrics.SOCKET_THREADS_BUSY.dec()
            os.close(loan.fd)


async def _ended(job: "asyncio.Future[End]") -> None:
    """Until the thread has ended, however often we are cancelled meanwhile: what it writes to must not be closed under it."""
    while not job.done():
        try:
            await asyncio.wait({job})
        except asyncio.CancelledError:
            continue
    job.exception()  # seen; whoever cancelled does not want it


def receive(loan: Loan, held: bytes, count: int, take: BlockTaker) -> End:
    """Give `held`, then `count` bytes from the socket, to `take`. Never reads a byte beyond."""
    if held:
        take(memoryview(bytearray(held)))
    memory = _block(FIRST_BYTES)
    pace = _Pace()
    while loan.moved < count:
        if loan.cancelled or pace.is_slow(loan.moved):
            return End.STALLED
        filled, ended = _fill(loan.fd, memory[: min(len(memory), count - loan.moved)])
        loan.moved += filled
        if filled:
            take(memory[:filled])
        if filled == len(memory):
            memory = _block(BLOCK_BYTES)
        if ended:
            return End.GONE
        if not filled and not _ready(loan.fd, select.POLLIN, STALL_MS):
            return End.STALLED
    return End.DONE


def send(loan: Loan, file: int, offset: int, count: int, stall_ms: int) -> End:
    """Send `count` bytes of a file from `offset`."""
    pace = _Pace()
    while loan.moved < count:
        if loan.cancelled or pace.is_slow(loan.moved):
            return End.STALLED
        try:
            sent = os.sendfile(loan.fd, file, offset + loan.moved, min(BLOCK_BYTES, count - loan.moved))
        except BlockingIOError:
            if not stall_ms or not _ready(loan.fd, select.POLLOUT, stall_ms):
                return End.STALLED
            continue
        except OSError:
            return End.GONE
        if not sent:
            return End.GONE  # the file is shorter than it was: the connection must break, not pretend
        loan.moved += sent
    return End.DONE


class _Pace:
    """Notices a socket that never stands still but is too slow for a thread of its own."""

    def __init__(self) -> None:
        self._since_bytes = 0
        self._ends_at_s = time.monotonic() + 1

    def is_slow(self, moved: int) -> bool:
        now_s = time.monotonic()
        if now_s < self._ends_at_s:
            return False
        slow = moved - self._since_bytes < SLOW_BYTES_PER_S
        self._since_bytes, self._ends_at_s = moved, now_s + 1
        return slow


def _fill(fd: int, block: memoryview) -> tuple[int, bool]:
    """Read what is there, at most the block; (how much, whether the other side has ended)."""
    filled = 0
    while filled < len(block):
        try:
            count = os.readv(fd, [block[filled:]])
        except BlockingIOError:
            return filled, False
        except OSError:
            return filled, True
        if not count:
            return filled, True
        filled += count
    return filled, False


def _ready(fd: int, event: int, timeout_ms: int) -> bool:
    poll = select.poll()
    poll.register(fd, event)
    return bool(poll.poll(timeout_ms))


_memory = threading.local()


def _block(size_bytes: int) -> memoryview:
    """This thread's buffer, at least so large, kept between loans."""
    block: memoryview | None = getattr(_memory, "block", None)
    if block is None or len(block) < size_bytes:
        block = _memory.block = memoryview(bytearray(size_bytes))
    return block
