"""The anchor of S1: live events as most FastAPI tutorials do them. An `asyncio.Queue` without a bound for each reader, read by
a `StreamingResponse`; nothing is stored, so nothing can be resumed. Run by uvicorn with one worker."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

app = FastAPI()
readers: set["asyncio.Queue[bytes]"] = set()


@app.post("/tell")
async def tell(request: Request) -> dict[str, int]:
    """Give the body to every reader."""
    body = await request.body()
    for reader in readers:
        reader.put_nowait(body)
    return {"readers": len(readers)}


@app.get("/events")
async def events() -> StreamingResponse:
    """Server-sent events."""

    async def messages() -> AsyncIterator[bytes]:
        mine: asyncio.Queue[bytes] = asyncio.Queue()
        readers.add(mine)
        try:
            yield b": connected\n\n"
            while True:
                yield b"data: " + await mine.get() + b"\n\n"
        finally:
            readers.discard(mine)

    return StreamingResponse(messages(), media_type="text/event-stream")
