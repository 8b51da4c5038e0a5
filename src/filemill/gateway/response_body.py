"""The answer's body on its way from the service to the client.

Four ways in (none, counted, chunked, to the end of the connection), two ways out (counted, chunked), and for an
HTTP/1.0 client a third: as it is, to the end of the connection.
On failure: broken framing or an early end breaks the client's connection off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from filemill.gateway.bodies import LAST_CHUNK, BodyError, chunk
from filemill.gateway.heads import ResponseHead
from filemill.gateway.peer import A_THREAD_MOVES
from filemill.gateway.splice import End, Lending

if TYPE_CHECKING:
    from filemill.gateway.exchange import Exchange


class ResponseBody:
    """Passes on what `feed` gets and finishes the exchange after the last byte."""

    def __init__(self, exchange: Exchange, head: ResponseHead) -> None:
        self._exchange = exchange
        self._head = head
        self.bare = exchange.head.method == b"HEAD" or head.status in (204, 304)
        self.to_the_end = not (self.bare or head.chunked or head.length is not None)
        self.chunked_out = not self.bare and head.length is None and exchange.head.version != "1.0"
        self._left = head.length or 0
        self.lending = Lending(exchange.edge.mover)
        self._head_out = b""  # goes out together with the first of the body: one packet for a small answer

    def start(self, head_out: bytes, rest: bytes) -> None:
        """Send the head; `rest` came together with it."""
        if self.bare or self._head.length == 0:
            self._exchange.client.write(head_out)
            return self._exchange.finish(reusable=not rest)
        self._head_out = head_out
        self.feed(rest)
        self._exchange.client.write(self._take_head())
        return self._lend_if(self._counted and self.lending.worthwhile(self._left))

    def _take_head(self) -> bytes:
        head, self._head_out = self._head_out, b""
        return head

    @property
    def _counted(self) -> bool:
        return self._head.length is not None

    def feed(self, data: bytes) -> None:
        """Bytes from the service."""
        exchange = self._exchange
        if not data or exchange.over:
            return None
        exchange.touch_answer()
        if self._head.chunked:
            return self._feed_chunked(data)
        if not self._counted:
            return self._pass_on(data)
        mine, rest = data[: self._left], data[self._left :]
        self._left -= len(mine)
        self._pass_on(mine)
        if not self._left:
            return exchange.finish(reusable=not rest)
        return self._lend_if(self.lending.worthwhile_again(len(mine), self._left))

    def _feed_chunked(self, data: bytes) -> None:
        body = self._head.body
        try:
            decoded = body.feed(data)
        except BodyError:
            return self._exchange.break_off("bad-answer")
        self._pass_on(decoded)
        return self.end(reusable=not body.overrun) if body.complete else None

    def _pass_on(self, data: bytes) -> None:
        self._exchange.record.bytes_out += len(data)
        out = chunk(data) if self.chunked_out else data
        self._exchange.client.write(self._take_head() + out if self._head_out else out)

    def end(self, *, reusable: bool) -> None:
        """The body without a length is complete."""
        if self.chunked_out:
            self._exchange.client.write(LAST_CHUNK)
        self._exchange.finish(reusable=reusable)

    def _lend_if(self, worthwhile: bool) -> None:
        service = self._exchange.service
        if worthwhile and service is not None and not self._exchange.over:
            service.hold(A_THREAD_MOVES)
            self._exchange.spawn(self._move())

    async def _move(self) -> None:
        exchange, service = self._exchange, self._exchange.service
        assert service is not None
        moved = await self.lending.move(service, exchange.client, self._left)
        self._left -= moved.count
        exchange.record.bytes_out += moved.count
        if exchange.over:
            return None
        if moved.end is End.SOURCE:
            return exchange.break_off("cut-off")
        if moved.end is End.TARGET:
            return exchange.client.abort()
        exchange.edge.stats.bodies_spliced += 1
        exchange.client.write(moved.leftover)
        exchange.touch_answer()
        if not self._left:
            return exchange.finish(reusable=True)
        return service.release(A_THREAD_MOVES)
