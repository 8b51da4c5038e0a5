"""ClamAV's daemon, asked over a socket (`CLAMD_URL`): is this clean?

Speaks `PING` and `INSTREAM` (clamd(8)), a connection each. Every step has its own time: a daemon that is stopped in its tracks
is found out by the ping. The libraries there are for this either block or have had no release for years; it is three commands.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, cast
from urllib.parse import unquote

from filemill.chassis import server_url
from filemill.chassis.errors import StartError, Unavailable
from filemill.chassis.resilience.breaker import Breaker

CONNECT_S = 2.0
PING_S = 2.0
SEND_S = 30.0
REPLY_S = 150.0
"""clamd gives up a file after MaxScanTime, 120 s unless it is set."""
BLOCK_BYTES = 128 * 1024
REPLY_MOST_BYTES = 4096
DEFAULT_PORT = 3310
_FORM = "tcp://host:3310 or unix:///path/to/socket"
_OVER_LIMITS = "Heuristics.Limits.Exceeded"
"""What clamd finds in a file beyond its own limits, if it is told to say so (`AlertExceedsMax yes`)."""

Outcome = Literal["clean", "infected", "too-large", "unscannable"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the scanner says. `detail`: the signature, or its words where it could not decide."""

    outcome: Outcome
    detail: str = ""


class Scanner:
    """One clamd. `host` empty: a Unix socket at `path`."""

    def __init__(self, host: str, port: int, path: str) -> None:
        self._host, self._port, self._path = host, port, path
        self._breaker = Breaker("scanner")

    async def check(self) -> None:
        """Raise `Unavailable` unless it answers at once."""
        async with self._connection() as connection:
            try:
                async with asyncio.timeout(PING_S):
                    await _loop().sock_sendall(connection, b"zPING\0")
                    said = await _answer(connection)
            except (OSError, TimeoutError) as error:
                raise Unavailable("The scanner takes connections, but does not answer.", retry_after_s=5) from error
        if said != "PONG":
            raise Unavailable("What answers at CLAMD_URL is no clamd.", retry_after_s=5)

    async def ready(self) -> None:
        """As `check`, but one that is away for long is asked seldom."""
        async with self._breaker.call():
            await self.check()

    async def scan(self, blocks: AsyncIterator[bytes]) -> Verdict:
        """Show it these bytes. Raises `Unavailable` where it went away, or took too long."""
        async with self._connection() as connection:
            whole = await _send_all(connection, blocks)
            try:
                async with asyncio.timeout(REPLY_S if whole else PING_S):
                    said = await _answer(connection)
            except (OSError, TimeoutError) as error:
                raise Unavailable("The scanner went away while it had the file.", retry_after_s=5) from error
        if not said:
            raise Unavailable("The scanner went away while it had the file.", retry_after_s=5)
        return read_reply(said)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[socket.socket]:
        """A plain socket: a stream of asyncio drops what was received as soon as a write fails."""
        try:
            async with asyncio.timeout(CONNECT_S):
                connection = await self._connect()
        except (OSError, TimeoutError) as error:
            raise Unavailable("The scanner is away.", retry_after_s=5) from error
        with connection:
            yield connection

    async def _connect(self) -> socket.socket:
        family, address = socket.AF_UNIX, cast(Any, self._path)
        if self._host:
            found = await _loop().getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            family, address = found[0][0], found[0][4]
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)
            await _loop().sock_connect(connection, address)
        except BaseException:
            connection.close()
            raise
        return connection


def build_scanner(url: str) -> Scanner:
    """The scanner a setting names. Raises `StartError`."""
    parts = server_url.split("CLAMD_URL", url, _FORM)
    if parts.scheme == "tcp" and parts.hostname:
        return Scanner(parts.hostname, parts.port or DEFAULT_PORT, "")
    if parts.scheme == "unix" and not parts.netloc and parts.path:
        return Scanner("", 0, unquote(parts.path))
    raise StartError(f"CLAMD_URL: it must be {_FORM}")


def read_reply(said: str) -> Verdict:
    """`stream: OK`, `stream: Some.Name FOUND`, `INSTREAM size limit exceeded. ERROR`, `… ERROR`."""
    words = said.removeprefix("stream: ").strip()
    if words == "OK":
        return Verdict("clean")
    if words.endswith(" FOUND"):
        name = words.removesuffix(" FOUND")
        return Verdict("too-large" if name.startswith(_OVER_LIMITS) else "infected", name)
    if "size limit exceeded" in words:
        return Verdict("too-large", words)
    return Verdict("unscannable", words or "it said nothing")


async def _send_all(connection: socket.socket, blocks: AsyncIterator[bytes]) -> bool:
    """Send a whole file; False if the scanner hung up or fell silent before, which it may have said why."""
    try:
        await _send(connection, b"zINSTREAM\0")
        async for block in blocks:
            for at in range(0, len(block), BLOCK_BYTES):
                piece = block[at : at + BLOCK_BYTES]
                await _send(connection, struct.pack("!I", len(piece)) + piece)
        await _send(connection, struct.pack("!I", 0))  # a length of 0 ends the file
    except (ConnectionError, TimeoutError):
        return False
    return True


async def _send(connection: socket.socket, data: bytes) -> None:
    async with asyncio.timeout(SEND_S):
        await _loop().sock_sendall(connection, data)


async def _answer(connection: socket.socket) -> str:
    """What it says, up to the zero that ends it; empty if it hung up before: half a word may sound like another."""
    said = b""
    while not said.endswith(b"\0") and len(said) < REPLY_MOST_BYTES:
        more = await _loop().sock_recv(connection, REPLY_MOST_BYTES)
        if not more:
            return ""
        said += more
    return said.rstrip(b"\0").decode("utf-8", "replace")


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()
