"""The entry for a sandboxed child: look at one file with the wanted capabilities and return plain JSON-able values.

Not for reading user files (processing did) nor for storing. One capability that fails gets the state `failed` and the
others go on; a request that makes no sense raises `ValueError`. Prints nothing, opens no network, writes no file.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from filemill.ai.capabilities.awaiting_model import awaiting_model
from filemill.ai.capabilities.results import Box, CapabilityResult, Evidence, Outcome, Reason
from filemill.ai.capabilities.subject import Page, PlacedLine, Subject
from filemill.ai.capabilities.table import ALL, DEFAULT, Capability, in_order
from filemill.ai.models.registry import Model, Registry, built_in_registry

MAX_TEXT_BYTES = 64 * 1024 * 1024  # of the source file; what is behind is not read
PAGE_BREAK = "\f"  # between pages in a plain-text source


def run(
    request: dict[str, Any],
    work_dir: Path,
    source: Path,
    report: Callable[[dict[str, Any]], None] = lambda _facts: None,
) -> dict[str, Any]:
    """Run `request["capabilities"]` (default: all) on `request["subject"]`.

    The subject's `pages` ([{number, text, lines}]) are in the request, or else in `source`: JSON with `pages`, or plain UTF-8
    text with form feeds between pages. `preview` is a file name inside `work_dir`. `disabled` lists model ids that are
    switched off. Returns `{"results": {capability: result}}` in the order of the table.
    """
    wanted = request.get("capabilities") or DEFAULT
    unknown = [name for name in wanted if name not in ALL]
    if unknown:
        raise ValueError(f"unknown capabilities: {', '.join(map(str, unknown))}")
    subject = _subject(request["subject"], work_dir, source)
    registry = registry_without(frozenset(request.get("disabled", ())))
    results: dict[str, Any] = {}
    for capability in in_order(wanted):
        report({"capability": capability.name, "done": len(results), "of": len(wanted)})
        result = look(subject, capability, registry)
        subject = subject.with_finding(result)
        if capability.name in wanted:
            results[capability.name] = result.as_json()
    return {"results": results}


@cache
def registry_without(disabled: frozenset[str]) -> Registry:
    """Return the built-in registry with these models switched off; read once per process and set."""
    return registry_without(frozenset()).without(disabled) if disabled else built_in_registry()


def look(subject: Subject, capability: Capability, registry: Registry) -> CapabilityResult:
    """Run one capability with its best model and add the provenance; never raises for what a file holds."""
    began = time.perf_counter()
    model = registry.best(capability.name)
    if model is None:
        raise ValueError(f"no model is registered for the capability {capability.name}")
    outcome = _outcome(subject, capability, model)
    return CapabilityResult(
        capability=capability.name,
        state=outcome.state,
        result=outcome.result,
        model=model.entry.id,
        model_version=model.entry.version,
        model_digest=model.digest,
        quality=model.entry.quality,
        confidence=outcome.confidence,
        evidence=tuple(_placed(subject, item) for item in outcome.evidence),
        reason=outcome.reason,
        looked_at_characters=outcome.looked_at_characters,
        of_characters=subject.characters,
        duration_ms=(time.perf_counter() - began) * 1000,
    )


def _placed(subject: Subject, item: Evidence | Box) -> Evidence | Box:
    """Say where on the page words stand, if it is known."""
    if isinstance(item, Box) or item.box is not None:
        return item
    return replace(item, box=subject.box_of(item.page, item.start, item.end))


def _outcome(subject: Subject, capability: Capability, model: Model) -> Outcome:
    if model.state == "disabled":
        detail = f"The model {model.entry.id} is switched off by the operator."
        return Outcome("unsupported", reason=Reason("model-disabled", detail))
    if model.state == "failed":
        return Outcome("failed", reason=Reason("model-failed", model.reason or "The model cannot be loaded."))
    if capability.apply is None or not model.usable:
        return awaiting_model(subject, model.entry, capability.purpose)
    try:
        return capability.apply(subject)
    except MemoryError:
        return Outcome(
            "failed", reason=Reason("out-of-memory", f"{capability.purpose} needed more memory than allowed.")
        )
    except Exception as error:  # noqa: BLE001 - one capability's bug or a hostile text must not take the others along
        detail = f"{capability.purpose} stopped on an unexpected error ({type(error).__name__})."
        return Outcome("failed", reason=Reason("capability-failed", detail))


def _subject(given: Mapping[str, Any], work_dir: Path, source: Path) -> Subject:
    return Subject(
        file_id=str(given["file_id"]),
        filename=str(given["filename"]),
        content_type=str(given["content_type"]).partition(";")[0].strip().lower(),
        size_bytes=int(given["size_bytes"]),
        pages=_pages(given["pages"]) if given.get("pages") is not None else _pages_of(source),
        properties=dict(given.get("properties") or {}),
        preview=_preview(given.get("preview"), work_dir),
    )


def _pages_of(source: Path) -> tuple[Page, ...]:
    if not source.is_file():
        return ()
    with source.open("rb") as file:
        raw = file.read(MAX_TEXT_BYTES).decode("utf-8", errors="replace")
    if raw.startswith("{"):
        try:
            held = json.loads(raw)
        except json.JSONDecodeError:  # a text that merely begins with a brace, or JSON cut by the cap
            held = None
        if isinstance(held, dict) and isinstance(held.get("pages"), list):
            return _pages(held["pages"])
    return tuple(Page(number, text) for number, text in enumerate(raw.split(PAGE_BREAK), start=1))


def _pages(rows: list[Mapping[str, Any]]) -> tuple[Page, ...]:
    return tuple(Page(int(row["number"]), str(row["text"]), _lines(row.get("lines") or ())) for row in rows)


def _lines(rows: Iterable[Mapping[str, Any]]) -> tuple[PlacedLine, ...]:
    """The places of lines as processing writes them; a line without one is left out."""
    placed = ((row, row["box"]) for row in rows if row.get("box"))
    return tuple(
        PlacedLine(int(row["start"]), int(row["end"]), Box(box["left"], box["top"], box["width"], box["height"]))
        for row, box in placed
    )


def _preview(name: str | None, work_dir: Path) -> Path | None:
    """The preview must be a plain name: a path could lead out of the work folder."""
    if name is None:
        return None
    if Path(name).name != name or name in {".", ".."}:
        raise ValueError("preview must be a file name inside the work folder")
    path = work_dir / name
    return path if path.is_file() else None
