"""The capabilities that a model of the shelf serves: which function asks it, and the finding made of its answers.

Runs in the worker; the model itself is in a confined child (`models.host`). What is asked stands in `served_pictures`,
`served_text` and `served_vectors`. On failure: `ModelFailed`.
"""

import os
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from filemill.ai.material import Material
from filemill.ai.models.host import ModelHost
from filemill.ai.models.loading import HostLimits, ModelFailed
from filemill.ai.models.registry import Model
from filemill.ai.served_pictures import caption, find_objects
from filemill.ai.served_text import BY_LANGUAGE, classify, find_names, judge_sentiment
from filemill.ai.served_vectors import embed
from filemill.ai.settings import AiSettings
from filemill.chassis.telemetry import spans, tracing
from filemill.contracts.ai import Finding
from filemill.contracts.upload import Reason


def limits_of(settings: AiSettings) -> HostLimits:
    """What the models of one process may use."""
    return HostLimits(
        memory_bytes=settings.models_memory_bytes,
        idle_s=settings.models_idle_s,
        batch_most=settings.models_batch,
        answer_s=settings.models_answer_s,
        device=settings.models_device,
        threads=settings.models_threads or os.cpu_count() or 1,
    )


async def look(host: ModelHost, model: Model, material: Material) -> Finding:
    """What a model finds in a file. Raises `ModelFailed`."""
    began_s, entry = time.perf_counter(), model.entry
    with tracing.span(spans.MODEL, {"filemill.model.id": entry.id, "filemill.capability": entry.capability}) as span:
        try:
            found = await _SERVED[entry.capability](host, model, material)
        except ModelFailed as error:
            span.note({"filemill.outcome": error.code})
            span.fail(error.code)
            raise
        span.note({"filemill.outcome": "answered"})
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


_SERVED: dict[str, Callable[[ModelHost, Model, Material], Awaitable[dict[str, Any]]]] = {
    "captions": caption,
    "classification": classify,
    "embeddings": embed,
    "names": find_names,
    "objects": find_objects,
    "sentiment": judge_sentiment,
}


def is_served(model: Model | None) -> bool:
    """Whether a capability is answered here, with this model or with why it failed, and not by the rules in the sandbox."""
    return model is not None and not model.entry.built_in and model.state in ("ready", "loaded", "failed")


def needs_language(models: Iterable[Model | None]) -> bool:
    """Whether one of these is asked only about texts of its languages."""
    return any(
        model is not None and model.entry.capability in BY_LANGUAGE and "*" not in model.entry.languages
        for model in models
    )
