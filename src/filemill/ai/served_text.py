"""`sentiment`, `classification` and `names` by a model: the chunks of a text are asked about, and each finding shows its words.

A document is asked about, never obeyed: whatever stands in it is only text for the model, and what comes back is labels and
places. Evidence is cut from the document itself, not taken from the model's words. On failure: `ModelFailed`.
"""

import asyncio
from collections import defaultdict
from typing import Any

from filemill.ai.material import Chunk, Material, chunks_of, nothing
from filemill.ai.models.host import ModelHost
from filemill.ai.models.registry import Model

SENTIMENT_CHUNKS, CLASS_CHUNKS, NAMES_CHUNKS = 32, 2, 128
"""The first of a text that are looked at; the finding says how many characters that was."""
EVIDENCE_MOST = 50
EVIDENCE_CHARACTERS = 400
SURE_FROM, NAMED_FROM = 0.8, 0.5
"""As the rules of `classification` do: below them a class is only suggested, or not named."""
ALTERNATIVES = 3
BY_LANGUAGE = frozenset({"sentiment", "classification", "names"})
"""What is asked only about texts in a language of the model's entry."""

Outcome = dict[str, Any]


async def judge_sentiment(host: ModelHost, model: Model, material: Material) -> Outcome:
    """The mean over the chunks, by their length; the evidence is where the label is clearest."""
    chunks, whole = await _readable(model, material, SENTIMENT_CHUNKS)
    if not isinstance(chunks, list):
        return chunks
    answers = await host.ask(model, [chunk.text for chunk in chunks])
    scores = _mean([(answer["scores"], len(chunk.text)) for answer, chunk in zip(answers, chunks, strict=True)])
    label = max(scores, key=lambda name: scores[name])
    ranked = sorted(zip(answers, chunks, strict=True), key=lambda one: -one[0]["scores"][label])
    telling = [chunk for answer, chunk in ranked if answer["scores"][label] >= NAMED_FROM][:5]
    result = {"label": label.lower(), "scores": {name.lower(): round(share, 4) for name, share in scores.items()}}
    return _done(result, scores[label], telling, chunks, whole)


async def classify(host: ModelHost, model: Model, material: Material) -> Outcome:
    """The class whose sentence follows best from the beginning of the text, in the form of the rules' finding."""
    chunks, whole = await _readable(model, material, CLASS_CHUNKS)
    if not isinstance(chunks, list):
        return chunks
    answers = await host.ask(model, [chunk.text for chunk in chunks])
    scores = _mean([(answer["scores"], len(chunk.text)) for answer, chunk in zip(answers, chunks, strict=True)])
    ranked = sorted(scores.items(), key=lambda one: (-one[1], one[0]))
    name, probability = ranked[0]
    if probability < NAMED_FROM:
        return nothing("no-class-fits", "None of the classes that the model was asked for fits clearly.")
    result = {
        "class": name,
        "probability": round(probability, 3),
        "suggested": probability < SURE_FROM,
        "sure_from": SURE_FROM,
        "alternatives": [{"class": one, "probability": round(share, 3)} for one, share in ranked[1 : ALTERNATIVES + 1]],
        "because": [f"a sentence saying so follows from its beginning, says {model.entry.id}"],
    }
    return _done(result, probability, chunks[:1], chunks, whole)


async def find_names(host: ModelHost, model: Model, material: Material) -> Outcome:
    """Names of people, organisations and places in running text, each where it stands."""
    chunks, whole = await _readable(model, material, NAMES_CHUNKS)
    if not isinstance(chunks, list):
        return chunks
    answers = await host.ask(model, [chunk.text for chunk in chunks])
    found: dict[tuple[str, str], dict[str, Any]] = {}
    evidence: list[dict[str, Any]] = []
    for answer, chunk in zip(answers, chunks, strict=True):
        for one in answer["found"]:
            text = chunk.text[one["start"] : one["end"]]
            if not text.strip():
                continue
            said = found.setdefault(
                (one["label"], text), {"kind": one["label"], "name": text, "count": 0, "confidence": 0.0}
            )
            said["count"] += 1
            said["confidence"] = max(said["confidence"], one["confidence"])
            place = {
                "page": chunk.page,
                "start": chunk.start + one["start"],
                "end": chunk.start + one["end"],
                "text": text,
            }
            evidence.append(place)
    if not found:
        return nothing("nothing-found", "The model found no names in the text.")
    names = sorted(found.values(), key=lambda one: (-one["count"], -one["confidence"], one["name"]))
    outcome = _done({"names": names[:200]}, max(one["confidence"] for one in names), [], chunks, whole)
    return outcome | {"evidence": evidence[:EVIDENCE_MOST]}


async def _readable(model: Model, material: Material, most: int) -> tuple[list[Chunk] | Outcome, int]:
    """The chunks to ask about and the characters of all; or the outcome where there is nothing to ask."""
    if material.is_too_large:
        return nothing("text-too-large", "The text of this file is too large for a model.", state="unsupported"), 0
    chunks = await asyncio.to_thread(chunks_of, material.text)
    if not chunks:
        return nothing("no-text", "There is no text in this file to look at."), 0
    languages = model.entry.languages
    if "*" not in languages and material.language not in languages:
        known = f"in {material.language!r}" if material.language else "in no language that was recognised"
        said = f"The model {model.entry.id} knows {', '.join(languages)} only, and the text is {known}."
        return nothing("language-not-supported", said, state="unsupported"), 0
    return chunks[:most], sum(len(chunk.text) for chunk in chunks)


def _mean(parts: list[tuple[dict[str, float], int]]) -> dict[str, float]:
    """The mean of each label's score, weighted."""
    sums: dict[str, float] = defaultdict(float)
    for scores, weight in parts:
        for label, score in scores.items():
            sums[label] += score * weight
    whole = sum(weight for _, weight in parts)
    return {label: total / whole for label, total in sums.items()}


def _done(result: Any, confidence: float, telling: list[Chunk], seen: list[Chunk], whole: int) -> Outcome:
    evidence = [
        {"page": one.page, "start": one.start, "end": one.start + len(text), "text": text}
        for one in telling
        if (text := one.text[:EVIDENCE_CHARACTERS])
    ]
    looked_at = sum(len(one.text) for one in seen)
    return {"state": "done", "result": result, "confidence": round(confidence, 4), "evidence": evidence,
            "looked_at_characters": looked_at, "of_characters": whole}  # fmt: skip
