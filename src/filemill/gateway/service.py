"""A connection to a service: splits what comes back into heads and bodies, and waits in the pool between requests.

Not for: deciding what happens to an answer (`exchange`).
On failure: bytes that are no HTTP, or come when nothing was asked, close the connection; the exchange is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from filemill.gateway.heads import HeadError, parse_response
from filemill.gateway.limits import KIB
from filemill.gateway.peer import Peer

if TYPE_CHECKING:
    from filemill.gateway.exchange import Exchange
    from filemill.gateway.pool import Pool

# A service's head may be longer than a client's: cookies and links are written by us.
RESPONSE_HEAD_BYTES = 64 * KIB


class ServiceConnection(Peer):
    """One kept connection to one service; carries one exchange at a time."""

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self.pool = pool
        self.exchange: Exchange | None = None
        self.reused = False
        self.answered = False  # a byte of the current answer has come
        self.idle_since_s = 0.0
        self._buffer = b""
        self._in_body = False

    def begin(self, exchange: Exchange) -> None:
        """Carry this exchange from now on."""
        self.exchange, self.answered, self._in_body, self._buffer = exchange, False, False, b""

    def other_side(self) -> Peer | None:
        return self.exchange.client if self.exchange else None

    def data_received(self, data: bytes) -> None:
        if self.exchange is None:
            return self.abort()  # nothing was asked: whatever this is, it must not become someone's answer
        self.answered = True
        if self._in_body:
            return self.exchange.response_body(data)
        self._buffer += data
        while not self._in_body and self.exchange is not None:
            end = self._buffer.find(b"\r\n\r\n") + 4
            if end < 4:
                return self._broken() if len(self._buffer) > RESPONSE_HEAD_BYTES else None
            try:
                head = parse_response(self._buffer[:end])
            except HeadError:
                return self._broken()
            rest, self._buffer = self._buffer[end:], b""
            if head.status < 200:
                self._buffer = rest
                self.exchange.interim(head)
            else:
                self._in_body = True
                self.exchange.response_head(head, rest)
        return None

    def _broken(self) -> None:
        self.pool.stats.service_failures[self.pool.service, "bad-answer"] += 1
        self.abort()

    def detach(self, *, reusable: bool) -> None:
        """The exchange is over: back to the pool, or closed."""
        self.exchange = None
        self.release_all()
        if reusable and not self.closed:
            self.pool.give_back(self)
        else:
            self.abort()

    def lost(self) -> None:
        self.pool.forget(self)
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.service_lost(self, clean=self.lost_cleanly)
