"""A proxy that counts what clients send, and holds everything back once they have sent so much."""

import asyncio

from support.fault_proxy import CHUNK_BYTES, FaultProxy


class HoldingProxy(FaultProxy):
    """`sent_bytes` is what came from clients. After `hold_after` of them nothing passes until `let_go`."""

    def __init__(self, server_port: int, hold_after: int) -> None:
        super().__init__(server_port)
        self._hold_after: int | None = hold_after
        self.sent_bytes = 0

    @property
    def holds(self) -> bool:
        """Whether it has come so far."""
        return self._hold_after is not None and self.sent_bytes >= self._hold_after

    def let_go(self) -> None:
        """Hold nothing back any more, and count from nothing."""
        self._hold_after = None
        self.sent_bytes = 0
        self.resume()

    async def pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        *,
        most_bytes: int | None = None,
        bytes_per_s: float = 0.0,
    ) -> bool:
        """See `FaultProxy.pump`."""
        if not any(source is link.reader for link in self._links.values()):
            return await super().pump(source, sink, most_bytes=most_bytes, bytes_per_s=bytes_per_s)
        while data := await source.read(CHUNK_BYTES):
            self.sent_bytes += len(data)
            sink.write(data)
            await sink.drain()
            if self.holds:
                self._flowing.clear()
            await self._flowing.wait()
        sink.write_eof()
        return False
