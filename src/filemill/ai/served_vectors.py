"""`embeddings`: a vector for each chunk of a text, in reading order, bounded in number and time. On failure: `ModelFailed`."""

import asyncio
import base64
import time
from typing import Any

from filemill.ai.material import Chunk, Material, chunks_of, nothing
from filemill.ai.models.host import ModelHost
from filemill.ai.models.registry import Model
from filemill.ai.repository import Vector
from filemill.contracts.upload import Reason

CHUNKS_MOST = 512
"""Of a text; about half a million characters. What is behind is not embedded, and the finding says so."""
SLICE = 64
"""Chunks asked about at once, in reading order: the clock is looked at between."""


async def embed(host: ModelHost, model: Model, material: Material) -> dict[str, Any]:
    if material.is_too_large:
        return nothing("text-too-large", "The text of this file is too large to make vectors of.", state="unsupported")
    chunks = await asyncio.to_thread(chunks_of, material.text)
    characters = sum(len(chunk.text) for chunk in chunks)
    if not chunks:
        return nothing("no-text", "There is no text in this file to make vectors of.")
    made: list[Vector] = []
    while len(made) < min(len(chunks), CHUNKS_MOST) and (not made or time.monotonic() < material.until_s):
        made += await _vectors(host, model, chunks[len(made) : min(len(made) + SLICE, CHUNKS_MOST)])
    material.vectors = made
    looked_at = sum(len(chunk.text) for chunk in chunks[: len(made)])
    result = {"chunks": len(made), "of_chunks": len(chunks), "dimensions": len(made[0].vector) // 4}
    found = {"state": "done", "result": result, "looked_at_characters": looked_at, "of_characters": characters}
    if len(made) < len(chunks):
        detail = f"The first {len(made)} of {len(chunks)} chunks have vectors; for more there is no time or room."
        found["reason"] = Reason(code="cut-short", detail=detail)
    return found


async def _vectors(host: ModelHost, model: Model, chunks: list[Chunk]) -> list[Vector]:
    """Of like length together: a batch takes as long as its longest text."""
    by_length = sorted(chunks, key=lambda chunk: len(chunk.text))
    answers = await host.ask(model, [chunk.text for chunk in by_length])
    made = [
        Vector(one.number, one.page, one.start, one.end, base64.b64decode(answer["vector"]))
        for one, answer in zip(by_length, answers, strict=True)
    ]
    return sorted(made, key=lambda one: one.chunk)
