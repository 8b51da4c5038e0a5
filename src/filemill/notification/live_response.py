"""A live stream as an answer: one task sends, another hears the client go. A client that takes nothing is cut off.

Starlette's own streaming answer would wait for such a client for ever, and hold what waits for it.
"""

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from filemill.notification.live import LiveStreams, Reader

SEND_S = 20.0
"""How long a client may take nothing while something is being sent."""


class LiveResponse(Response):
    """Sends the pieces of one reader until it goes, takes nothing, or the process stops."""

    media_type = "text/event-stream"

    def __init__(self, streams: LiveStreams, reader: Reader) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]  # it has no end
        self._streams = streams
        self._reader = reader

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.current_task()
        assert sending is not None
        gone = asyncio.Event()

        async def hear() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()
            sending.cancel()

        hearing = asyncio.create_task(hear())
        try:
            await self._send(send)
        except TimeoutError:
            self._reader.dropped = True  # what was begun is not ended: the server closes the connection
        except asyncio.CancelledError:
            if not gone.is_set():
                raise
            sending.uncancel()
        finally:
            self._streams.end(self._reader)
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for piece in self._streams.pieces(self._reader):
            async with asyncio.timeout(SEND_S):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
