"""The capabilities that a model of the shelf serves: what it is asked about a file, and the finding made of its answers.

Runs in the worker and sees what processing made of a file (text and preview), never the file; the model itself is in a confined
child (`models.host`). Text is data: a chunk goes to a model as it is and is not obeyed by anybody. On failure: `ModelFailed`.
"""

import asyncio
import base64
import math
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from filemill.ai.models.host import ModelHost
from filemill.ai.models.loading import HostLimits
from filemill.ai.models.registry import Model
from filemill.ai.repository import Vector
from filemill.ai.settings import AiSettings
from filemill.contracts.ai import Finding
from filemill.contracts.upload import Reason

CHUNKS_MOST = 512
"""Of a text; about half a million characters. What is behind is not embedded, and the finding says so."""
SLICE = 64
"""Chunks asked about at once, in reading order: the clock is looked at between."""
TEXT_MOST_BYTES = 64 * 1024 * 1024
PREVIEW_MOST_BYTES = 16 * 1024 * 1024
EVIDENCE_MOST = 50


@dataclass(frozen=True, slots=True)
class Chunk:
    """Characters `start` to `end` of a page, numbered in reading order."""

    number: int
    page: int
    start: int
    end: int
    text: str


@dataclass(slots=True)
class Material:
    """What there is of a file to ask about: paths of processing's text and preview, None where there is none."""

    text: Path | None
    preview: Path | None
    until_s: float = math.inf
    """On the monotonic clock: what takes long stops here with what it has."""
    vectors: list[Vector] = field(default_factory=list)
    """Filled by `embeddings`."""


def limits_of(settings: AiSettings) -> HostLimits:
    """What the models of one process may use."""
    return HostLimits(
        memory_bytes=settings.models_memory_bytes,
        idle_s=settings.models_idle_s,
        batch_most=settings.models_batch,
        answer_s=settings.models_answer_s,
        threads=settings.models_threads or os.cpu_count() or 1,
    )


async def look(host: ModelHost, model: Model, material: Material) -> Finding:
    """What a model finds in a file. Raises `ModelFailed`."""
    began_s = time.perf_counter()
    found = await _SERVED[model.entry.capability](host, model, material)
    entry = model.entry
    return Finding(
        capability=entry.capability, model=entry.id, model_version=entry.version, model_digest=model.digest,
        quality=entry.quality, duration_ms=round((time.perf_counter() - began_s) * 1000, 2), **found,
    )  # fmt: skip


def failed(model: Model, code: str, detail: str) -> Finding:
    """That a model failed, where everything else is worth keeping."""
    entry = model.entry
    return Finding(
        capability=entry.capability, state="failed", model=entry.id, model_version=entry.version,
        model_digest=model.digest, quality=entry.quality, reason=Reason(code=code, detail=detail, retryable=True),
    )  # fmt: skip


async def _embed(host: ModelHost, model: Model, material: Material) -> dict[str, Any]:
    if material.text is not None and material.text.stat().st_size > TEXT_MOST_BYTES:
        return _nothing("text-too-large", "The text of this file is too large to make vectors of.", state="unsupported")
    chunks = await asyncio.to_thread(_chunks, material.text)
    characters = sum(len(chunk.text) for chunk in chunks)
    if not chunks:
        return _nothing("no-text", "There is no text in this file to make vectors of.")
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


async def _find_objects(host: ModelHost, model: Model, material: Material) -> dict[str, Any]:
    if material.preview is None or material.preview.stat().st_size > PREVIEW_MOST_BYTES:
        return _nothing("no-preview", "There is no picture of this file to look at.", state="unsupported")
    picture = await asyncio.to_thread(material.preview.read_bytes)
    (answer,) = await host.ask(model, [base64.b64encode(picture).decode()])
    if "refused" in answer:
        return _nothing(
            "no-preview", f"The picture of this file cannot be used: {answer['refused']}.", state="unsupported"
        )
    found = answer["found"]
    if not found:
        return _nothing("nothing-found", "Nothing that this model knows is in the picture.")
    counts: dict[str, int] = {}
    for one in found:
        counts[one["label"]] = counts.get(one["label"], 0) + 1
    evidence = [
        {"box": one["box"], "text": one["label"], "confidence": one["confidence"]} for one in found[:EVIDENCE_MOST]
    ]
    return {"state": "done", "result": {"objects": found, "counts": counts}, "confidence": found[0]["confidence"],
            "evidence": evidence}  # fmt: skip


def _nothing(code: str, detail: str, state: str = "empty") -> dict[str, Any]:
    return {"state": state, "reason": Reason(code=code, detail=detail)}


def _chunks(text: Path | None) -> list[Chunk]:
    """The chunks that processing cut the text into; a text without them (of an older version) has none."""
    if text is None:
        return []
    document = orjson.loads(text.read_bytes())
    pages = {page["number"]: page["text"] for page in document["pages"]}
    cut = ((one["page"], one["start"], one["end"]) for one in document.get("chunks", ()))
    words = ((page, start, end, pages.get(page, "")[start:end]) for page, start, end in cut)
    return [Chunk(number, *one) for number, one in enumerate(words) if one[3].strip()]


_SERVED: dict[str, Callable[[ModelHost, Model, Material], Awaitable[dict[str, Any]]]] = {
    "embeddings": _embed,
    "objects": _find_objects,
}


def is_served(model: Model | None) -> bool:
    """Whether a capability is answered here, with this model or with why it failed, and not by the rules in the sandbox."""
    return model is not None and not model.entry.built_in and model.state in ("ready", "loaded", "failed")
