"""Wake a sleeping loop in another process of this machine at once: one datagram to an abstract Unix socket.

A doorbell is only a hint. Nothing is lost when it rings unheard (nobody listens yet, the buffer is full, another system
than Linux): every loop that waits on one also looks by itself, each `timeout_s`. Several listeners on one name are fine:
each takes the next free slot, and a ring goes to all slots in use.
"""

import asyncio
import functools
import hashlib
import socket
import sys
from pathlib import Path

SLOTS = 4
"""Listeners per name on one machine; more than that fall back to looking by themselves."""

_supported = sys.platform == "linux"


@functools.lru_cache(maxsize=256)
def _address(place: Path, name: str, slot: int) -> str:
    digest = hashlib.sha256(f"{place}|{name}".encode()).hexdigest()[:32]
    return f"\0filemill/{digest}/{slot}"


class Bell:
    """The ringing side. Never blocks, never fails. It opens nothing before it rings."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._socket: socket.socket | None = None

    def ring(self, name: str) -> None:
        """Wake whoever waits for `name` under this data folder."""
        if not _supported:
            return
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
        for slot in range(SLOTS):
            try:
                self._socket.sendto(b"1", _address(self._place, name, slot))
            except OSError:
                # Nobody listens on this slot, or it is already full of rings: both mean there is nothing to do.
                continue

    def close(self) -> None:
        """Give the socket back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Doorbell:
    """The waiting side: `wait` returns when somebody rang or the time is over."""

    def __init__(self, place: Path, name: str) -> None:
        self._event = asyncio.Event()
        self._socket = self._listen(place, name)
        self._loop = asyncio.get_running_loop()
        if self._socket is not None:
            self._loop.add_reader(self._socket.fileno(), self._heard)

    @staticmethod
    def _listen(place: Path, name: str) -> socket.socket | None:
        if not _supported:
            return None
        bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        bell.setblocking(False)
        for slot in range(SLOTS):
            try:
                bell.bind(_address(place, name, slot))
            except OSError:
                continue  # taken by another listener: the next slot
            return bell
        bell.close()
        return None

    def _heard(self) -> None:
        assert self._socket is not None
        try:
            while self._socket.recv(16):
                pass
        except BlockingIOError:
            self._event.set()

    def ring(self) -> None:
        """Ring from within the same process."""
        self._event.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a ring, at most `timeout_s`; returns whether there was one."""
        try:
            async with asyncio.timeout(timeout_s if self._socket is not None else min(timeout_s, 0.1)):
                return await self._event.wait()
        except TimeoutError:
            return False
        finally:
            self._event.clear()

    def close(self) -> None:
        """Stop listening."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
