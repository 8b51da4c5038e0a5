"""Answers whose bytes are a blob's, whole or in parts: by `sendfile` where blob and connection allow it, else streamed.

`blob_response` answers with a whole blob of ours (a rendition): ETag from its key, which never changes its content.
On failure: a blob that turns out shorter breaks the connection off; a reader is never told that a part is the whole.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from filemill.chassis.storage.store import BlobReader, BlobStore, HasDescriptor
from filemill.chassis.web.drain_protocol import ZERO_COPY

BY_FILE_ABOVE_BYTES = 256 * 1024
"""Fewer bytes cost more to hand over to a thread than to copy."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a blob."""

    start: int
    length: int


Piece = bytes | Span


class BlobResponse(StreamingResponse):
    """The pieces of a body, in order. The headers hold its Content-Length. Closes the reader, whatever happens."""

    def __init__(self, reader: BlobReader, pieces: Sequence[Piece], status: int, headers: Mapping[str, str]) -> None:
        super().__init__(self._chunks(), status, headers)
        self._reader = reader
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        try:
            if self._goes_by_file(scope):
                await self._send_by_file(send)
            else:
                await super().__call__(scope, receive, send)
        finally:
            await self._reader.close()

    def _goes_by_file(self, scope: Scope) -> bool:
        offered = ZERO_COPY in scope.get("extensions", {}) and isinstance(self._reader, HasDescriptor)
        return offered and any(isinstance(one, Span) and one.length > BY_FILE_ABOVE_BYTES for one in self._pieces)

    async def _send_by_file(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in self._pieces:
            if isinstance(piece, Span) and piece.length > BY_FILE_ABOVE_BYTES:
                span = {"file": self._reader, "offset": piece.start, "count": piece.length}
                await send({"type": ZERO_COPY, **span, "more_body": True})
                continue
            async for chunk in self._read(piece):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _chunks(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            async for chunk in self._read(piece):
                yield chunk

    async def _read(self, piece: Piece) -> AsyncIterator[bytes]:
        if isinstance(piece, bytes):
            yield piece
            return
        async for chunk in self._reader.read(piece.start, piece.length):
            yield chunk


async def blob_response(request: Request, store: BlobStore, key: str, media_type: str) -> Response:
    """The blob, or 304 if the caller has it. Raises `NotFound`, `Unavailable` as the store does."""
    etag = f'"{key.rpartition("/")[2]}"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=86400", "Content-Security-Policy": "sandbox"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    reader = await store.open(key)
    headers |= {"Content-Length": str(reader.size_bytes), "Content-Type": media_type}
    return BlobResponse(reader, [Span(0, reader.size_bytes)], 200, headers)
