"""The request's body on its way from the client to the service.

A body with a length is counted and, when long, lent to a thread; a chunked one is decoded and written anew.
On failure: broken framing or too many bytes refuse the exchange; a client that ends inside the body is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from filemill.gateway import answers
from filemill.gateway.bodies import LAST_CHUNK, BodyError, chunk
from filemill.gateway.peer import A_THREAD_MOVES
from filemill.gateway.splice import End, Lending

if TYPE_CHECKING:
    from filemill.gateway.exchange import Exchange

DEAF_SERVICE_S = 5.0  # a service that stopped reading the body has this long to say why


class RequestBody:
    """Passes on what `feed` gets until the body is complete; `done` from the start when there is none."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._head = exchange.head
        self._left = exchange.head.length or 0
        self.done = not exchange.head.has_body
        self.lending = Lending(exchange.edge.mover)
        self._head_out = b""  # goes out together with the first of the body: one packet for a small request

    def start(self, head_out: bytes) -> None:
        """The service is connected: send the head and what came of the body meanwhile."""
        service = self._exchange.service
        assert service is not None
        if self.done:
            return service.write(head_out)
        self._head_out = head_out
        self.feed(self._exchange.client.take_buffer())
        service.write(self._take_head())
        return self._lend_if(self.lending.worthwhile(self._left))

    def _take_head(self) -> bytes:
        head, self._head_out = self._head_out, b""
        return head

    def feed(self, data: bytes) -> None:
        """Bytes from the client while the body is not complete."""
        exchange = self._exchange
        if not data or exchange.over or exchange.service is None:
            return None
        exchange.touch(exchange.route.idle_s)
        if self._head.chunked:
            return self._feed_chunked(data)
        mine, rest = data[: self._left], data[self._left :]
        self._left -= len(mine)
        exchange.record.bytes_in += len(mine)
        exchange.service.write(self._take_head() + mine)
        if not self._left:
            return self._complete(rest)
        return self._lend_if(self.lending.worthwhile_again(len(mine), self._left))

    def _feed_chunked(self, data: bytes) -> None:
        exchange, body = self._exchange, self._head.body
        assert exchange.service is not None
        try:
            decoded = body.feed(data)
        except BodyError:
            return exchange.refuse(answers.bad_request("The chunked body is not well-formed."))
        exchange.record.bytes_in += len(decoded)
        if exchange.record.bytes_in > exchange.route.max_body_bytes:
            return exchange.refuse(answers.file_too_large(f"{exchange.route.max_body_bytes:,}"))
        exchange.service.write(self._take_head() + chunk(decoded) + (LAST_CHUNK if body.complete else b""))
        return self._complete(b"") if body.complete else None

    def _complete(self, rest: bytes) -> None:
        self.done = True
        self._exchange.request_complete()
        self._exchange.client.keep_for_later(rest)

    def _lend_if(self, worthwhile: bool) -> None:
        if worthwhile and not self._exchange.over:
            self._exchange.client.hold(A_THREAD_MOVES)
            self._exchange.spawn(self._move())

    async def _move(self) -> None:
        exchange, service = self._exchange, self._exchange.service
        assert service is not None
        moved = await self.lending.move(exchange.client, service, self._left)
        self._left -= moved.count
        exchange.record.bytes_in += moved.count
        if exchange.over or exchange.service is not service:
            return None
        if moved.end is End.SOURCE:
            return exchange.client.abort()
        if moved.end is End.TARGET:  # its answer, or the end of its connection, will say what happened
            exchange.touch(DEAF_SERVICE_S)
        else:
            service.write(moved.leftover)
            exchange.touch(exchange.route.idle_s)
            if not self._left:
                self._complete(b"")
            exchange.client.release(A_THREAD_MOVES)
        exchange.edge.stats.bodies_spliced += 1
        return exchange.request_moved()
