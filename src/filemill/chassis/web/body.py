"""The body of a request as one object that is poured into a sink: by a thread from the socket when possible, else by the loop.

The two ways give the same bytes, the same errors and the same silence limit; which one runs is not the caller's business.
Every byte that was read was given to the sink when `pour` raises, so an upload that can go on knows where it stands; what the
server held of a connection that broke may be missing, and comes again.
On failure: `ClientDisconnect` when the client went, `TimeoutError` when it fell silent; what the sink raises passes.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from starlette.requests import ClientDisconnect, Request

from filemill.chassis.web.drain_protocol import EXTENSION, BodyLoan
from filemill.chassis.web.socket_threads import BlockTaker

RELAY_BEFORE_RETRY_BYTES = 4 * 1024 * 1024
"""What the loop reads itself before a body that was slow gets a thread again."""
RELAY_FIRST_BYTES = 32 * 1024
"""What it reads of each body before it gets one at all: hundreds of clients that send a little and fall silent get none."""

Waiting = Callable[[asyncio.Timeout | None], None]


class Sink(Protocol):
    """Where a body goes."""

    async def write(self, data: bytes) -> None:
        """Take the next bytes."""
        ...


@runtime_checkable
class BlockSink(Protocol):
    """A sink that can take bytes in a thread: an extra capability (`isinstance` asks for it)."""

    def block_taker(self) -> BlockTaker | None:
        """What takes them, in order with `write` and never beside it; None if that cannot be at present."""
        ...


class Body:
    """One request's body. `pour` takes it once."""

    def __init__(self, request: Request, idle_s: float) -> None:
        self._request = request
        self._idle_s = idle_s
        loan = request.scope.get("extensions", {}).get(EXTENSION)
        self._loan: BodyLoan | None = loan if isinstance(loan, BodyLoan) else None

    async def pour(self, sink: Sink, waiting: Waiting | None = None) -> None:
        """Give all of it to the sink. `waiting` is told of each wait for the client: its time limit, then None."""
        relayed_bytes = RELAY_BEFORE_RETRY_BYTES - RELAY_FIRST_BYTES
        while True:
            if relayed_bytes >= RELAY_BEFORE_RETRY_BYTES and self._loan is not None and self._loan.worthwhile:
                take = sink.block_taker() if isinstance(sink, BlockSink) else None
                if take is not None:
                    if await self._loan.lend(take):
                        return
                    relayed_bytes = 0
            try:
                async with asyncio.timeout(self._idle_s) as patience:
                    if waiting is not None:
                        waiting(patience)
                    message = await self._request.receive()
            finally:
                if waiting is not None:
                    waiting(None)
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            data, is_last = message.get("body", b""), not message.get("more_body", False)
            relayed_bytes += len(data)
            if data:
                await sink.write(data)
            if is_last:
                return
            del message, data  # up to 128 KiB, which a silent client would make us hold
