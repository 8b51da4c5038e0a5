"""The HTTP part of the fault proxy: faults by request, on chosen requests, with answers that are wrong in HTTP's own ways.

Each request goes to the server on a connection of its own (`Connection: close`), so an answer ends where the server closes.
"""

import asyncio
import re
from dataclasses import dataclass

from support.fault_proxy import CHUNK_BYTES, Fault, FaultProxy, Link

HEAD_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class HttpFault(Fault):
    """What happens to a share of the requests whose first line matches `only`.

    Besides the kinds of `Fault`: `status` answers `code` and does not ask the server. `lost`: the server does the work, and
    its answer never comes. `short`: the answer's body ends after half of it.
    """

    only: str = ""
    code: int = 500


class HttpFaultProxy(FaultProxy):
    """As `FaultProxy`, for HTTP/1.1."""

    async def serve(self, link: Link) -> None:
        """Serve the one request of this connection."""
        try:
            head = await link.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return
        line = head.split(b"\r\n", 1)[0].decode("latin-1")
        fault = self._choose(line)
        if fault is not None:
            self.injected[fault.kind] += 1
        head = re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", head).replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        if fault is None or fault.kind in ("delay", "throttle", "silent", "reset"):
            await self.forward(link, fault, head)
        elif fault.kind == "status":
            await self._refuse(link, head, fault.code)
        else:
            await self._spoil(link, head, fault.kind)

    def _choose(self, line: str) -> HttpFault | None:
        for fault in self._faults:
            assert isinstance(fault, HttpFault)
            if re.search(fault.only, line) and self._dice.random() < fault.share:
                return fault
        return None

    async def _refuse(self, link: Link, head: bytes, code: int) -> None:
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        left = int(length[1]) if length else 0
        while left > 0 and (data := await link.reader.read(min(left, CHUNK_BYTES))):
            left -= len(data)  # a client that still sends would get a reset instead of the answer
        body = b"<?xml version='1.0'?><Error><Code>InternalError</Code><Message>on purpose</Message></Error>"
        link.writer.write(
            b"HTTP/1.1 %d On Purpose\r\nContent-Type: application/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
            % (code, len(body), body)
        )
        await link.writer.drain()

    async def _spoil(self, link: Link, head: bytes, kind: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._server_port, limit=HEAD_MOST_BYTES)
        sending = asyncio.create_task(self.pump(link.reader, writer))
        try:
            writer.write(head)
            answer_head = await reader.readuntil(b"\r\n\r\n")
            if kind == "lost":
                while await reader.read(CHUNK_BYTES):
                    pass
                link.reset()
                return
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", answer_head)
            link.writer.write(answer_head)
            await self.pump(reader, link.writer, most_bytes=int(length[1]) // 2 if length else 0)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            writer.transport.abort()
