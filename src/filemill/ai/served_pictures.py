"""`objects` and `captions`: what a model sees in the preview of a file. On failure: `ModelFailed`."""

import asyncio
import base64
from typing import Any

from filemill.ai.material import Material, nothing
from filemill.ai.models.host import ModelHost
from filemill.ai.models.registry import Model

PREVIEW_MOST_BYTES = 16 * 1024 * 1024
EVIDENCE_MOST = 50


async def find_objects(host: ModelHost, model: Model, material: Material) -> dict[str, Any]:
    """Each object with its label, confidence and box."""
    answer = await _shown(host, model, material)
    if "state" in answer:
        return answer
    found = answer["found"]
    if not found:
        return nothing("nothing-found", "Nothing that this model knows is in the picture.")
    counts: dict[str, int] = {}
    for one in found:
        counts[one["label"]] = counts.get(one["label"], 0) + 1
    evidence = [
        {"box": one["box"], "text": one["label"], "confidence": one["confidence"]} for one in found[:EVIDENCE_MOST]
    ]
    return {"state": "done", "result": {"objects": found, "counts": counts}, "confidence": found[0]["confidence"],
            "evidence": evidence}  # fmt: skip


async def caption(host: ModelHost, model: Model, material: Material) -> dict[str, Any]:
    """One sentence about the whole picture, which is its evidence; `confidence` is the mean probability of its words."""
    answer = await _shown(host, model, material)
    if "state" in answer:
        return answer
    if not answer["caption"]:
        return nothing("nothing-found", "The model has no words for this picture.")
    whole = {"left": 0.0, "top": 0.0, "width": 1.0, "height": 1.0}
    return {"state": "done", "result": {"caption": answer["caption"]}, "evidence": [{"box": whole}],
            "confidence": answer["confidence"]}  # fmt: skip


async def _shown(host: ModelHost, model: Model, material: Material) -> dict[str, Any]:
    """What the model answers to the preview, or the outcome that there is nothing to ask about."""
    if material.preview is None or material.preview.stat().st_size > PREVIEW_MOST_BYTES:
        return nothing("no-preview", "There is no picture of this file to look at.", state="unsupported")
    picture = await asyncio.to_thread(material.preview.read_bytes)
    (answer,) = await host.ask(model, [base64.b64encode(picture).decode()])
    if "refused" in answer:
        said = f"The picture of this file cannot be used: {answer['refused']}."
        return nothing("no-preview", said, state="unsupported")
    return answer
