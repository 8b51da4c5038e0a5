"""ClamAV's daemon, asked over a socket (`CLAMD_URL`): is this clean?

Speaks `PING` and `INSTREAM` (clamd(8)), a connection each. Every step has its own time: a daemon that is stopped in its tracks
is found out by the ping. The libraries there are for this either block or have had no release for years; it is three commands.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal
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
        async with self._connection() as (reader, writer):
            try:
                async with asyncio.timeout(PING_S):
                    writer.write(b"zPING\0")
                    await writer.drain()
                    said = await reader.readuntil(b"\0")
            except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
                raise Unavailable("The scanner takes connections, but does not answer.", retry_after_s=5) from error
        if said != b"PONG\0":
            raise Unavailable("What answers at CLAMD_URL is no clamd.", retry_after_s=5)

    async def ready(self) -> None:
        """As `check`, but one that is away for long is asked seldom."""
        async with self._breaker.call():
            await self.check()

    async def scan(self, blocks: AsyncIterator[bytes]) -> Verdict:
        """Show it these bytes. Raises `Unavailable` where it went away, or took too long."""
        async with self._connection() as (reader, writer):
            return read_reply(await self._stream(reader, writer, blocks))

    async def _stream(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, blocks: AsyncIterator[bytes]
    ) -> str:
        """It may answer before the end (too large): then there is no use in sending more."""
        answer = asyncio.ensure_future(reader.readuntil(b"\0"))
        try:
            try:
                writer.write(b"zINSTREAM\0")
                async for block in blocks:
                    if answer.done():
                        break
                    await _send(writer, block)
                else:
                    await _send(writer, b"")
            except ConnectionError:
                if not answer.done():  # it may have said why before it hung up; what it said is read first
                    await asyncio.wait([answer], timeout=PING_S)
            async with asyncio.timeout(REPLY_S):
                return (await answer).rstrip(b"\0").decode("utf-8", "replace")
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise Unavailable("The scanner went away while it had the file.", retry_after_s=5) from error
        finally:
            answer.cancel()
            await asyncio.gather(answer, return_exceptions=True)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        try:
            async with asyncio.timeout(CONNECT_S):
                if self._host:
                    reader, writer = await asyncio.open_connection(self._host, self._port, limit=REPLY_MOST_BYTES)
                else:
                    reader, writer = await asyncio.open_unix_connection(self._path, limit=REPLY_MOST_BYTES)
        except (OSError, TimeoutError) as error:
            raise Unavailable("The scanner is away.", retry_after_s=5) from error
        try:
            yield reader, writer
        finally:
            writer.transport.abort()  # nothing is owed: the answer is here, or it is not wanted any more


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


async def _send(writer: asyncio.StreamWriter, block: bytes) -> None:
    """A length and so many bytes; a length of 0 ends the file."""
    if not block:
        writer.write(struct.pack("!I", 0))
    for at in range(0, len(block), BLOCK_BYTES):
        piece = block[at : at + BLOCK_BYTES]
        writer.write(struct.pack("!I", len(piece)) + piece)
        async with asyncio.timeout(SEND_S):
            await writer.drain()
