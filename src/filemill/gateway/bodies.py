"""Decodes a chunked body with httptools and writes it anew, so that nothing but the body itself goes on.

Not for: bodies with a Content-Length; those are counted, never parsed.
On failure: `BodyError`. httptools cannot say where a message ended inside a block, so the connection that carried a
chunked request is closed after its answer: what follows it can never pass as a request.
"""

from __future__ import annotations

import httptools

LAST_CHUNK = b"0\r\n\r\n"


class BodyError(ValueError):
    """The chunked framing is broken; a retry of the same bytes cannot help."""


class ChunkedBody:
    """The httptools callbacks for one body, and what they found since the last `feed`."""

    def __init__(self) -> None:
        self.parser: httptools.HttpRequestParser | httptools.HttpResponseParser | None = None
        self.complete = False
        self.overrun = False  # bytes came after the end of the message
        self._pieces: list[bytes] = []

    def on_message_begin(self) -> None:
        if self.complete:
            self.overrun = True

    def on_body(self, piece: bytes) -> None:
        if not self.complete:  # what follows a complete message is not its body
            self._pieces.append(piece)

    def on_message_complete(self) -> None:
        self.complete = True

    def feed(self, data: bytes) -> bytes:
        """Return the decoded bytes of `data`; sets `complete` at the end of the body; raises BodyError."""
        if not self.complete:
            return self._decode(data)
        self.overrun = self.overrun or bool(data)
        return b""

    def _decode(self, data: bytes) -> bytes:
        assert self.parser is not None
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not self.complete:
                raise BodyError("The chunked body is broken.") from error
            self.overrun = True
        if self.complete:
            self.parser = None  # parser and callbacks refer to each other: spare the garbage collector the cycle
        pieces, self._pieces = self._pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def chunk(data: bytes) -> bytes:
    """One chunk on the wire; nothing for nothing, because an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
