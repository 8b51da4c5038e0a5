"""The sandbox's entry for processing: identify the file, run the steps of its plan in order, return one result.

Each step is alone: when one fails, its record says why and the others go on. Not for: choosing limits or storing
(outside). Request: `filename`, `content_type` (declared), optional `options` (fields of `Options`), `renditions`
(names; default all), `only` (step names; default all), `earlier` (what the plan's first steps found in an earlier run:
earlier.py), `skip` (`{step: {"code", "detail"}}`: steps that brought an earlier run down, recorded as failed without
being run). A request with `unpack` is another kind of work: unpack.py.
"""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from filemill.processing import plan
from filemill.processing.steps import identify, text_blob, text_pages, unpack
from filemill.processing.steps.context import ALL_RENDITIONS, Step, StepContext
from filemill.processing.steps.earlier import Earlier, give_back
from filemill.processing.steps.options import Options
from filemill.processing.steps.results import (
    Reject,
    RunResult,
    StepAdded,
    StepEnd,
    StepError,
    StepRecord,
    TextResult,
    TextState,
)

ENTRY = "filemill.processing.steps.run:run"
# Imported once by the zygote; a module that starts threads there is left to the child.
PRELOAD = (
    "filemill.processing.steps.pictures",  # first: it sets what libvips reads when it is loaded
    "filemill.processing.steps.warm",
)

_UNEXPECTED = "This step failed in a way we did not expect; the rest of the file was processed."


def run(
    request: dict[str, Any], work_dir: Path, source: Path, report: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Process one file, or unpack it (`unpack`); called in the confined child."""
    if "unpack" in request:
        return unpack.run(request, work_dir, source, report)
    declared = str(request.get("content_type") or "")
    context = StepContext(
        source=source,
        work_dir=work_dir,
        filename=str(request.get("filename") or ""),
        declared_type=declared,
        content_type=declared or "application/octet-stream",
        report=report,
        options=Options(**request.get("options", {})),
        wanted_renditions=tuple(request.get("renditions", ALL_RENDITIONS)),
    )
    skip: dict[str, dict[str, str]] = request.get("skip") or {}
    found: Earlier | None = request.get("earlier")
    records: list[StepRecord] = []
    added: list[StepAdded] = []
    known = len(found["renditions"]) if found else 0

    def run_step(step: Step) -> StepRecord:
        before = _Before(context)
        records.append(_run_step(step, context, skip, report))
        added.append(before.added(step.NAME))
        return records[-1]

    if found:
        give_back(found, context)
    else:
        run_step(identify)
    chosen = plan.plan_for(context.content_type, context.filename)
    only = request.get("only")
    for step in chosen.steps[len(found["steps"]) if found else 1 :]:
        if (only is None or step.NAME in only) and run_step(step)["state"] == "rejected":
            break
    texts = [one["text"] for one in added if one["text"] is not None]
    result: RunResult = {
        "content_type": context.content_type,
        "type_evidence": context.type_evidence,
        "plan": chosen.name,
        "steps": records,
        "added": added,
        "properties": context.properties,
        "text": texts[-1] if texts else _no_text(context.text_state),
        "renditions": context.renditions[known:],
        "reject": reject_of(records),
    }
    return dict(result)


class _Before:
    """The context as it was before a step, to say afterwards what the step added."""

    def __init__(self, context: StepContext) -> None:
        self._context = context
        self._properties = _frozen(context.properties)
        self._words = (context.text_state, id(context.pages), len(context.pages), context.markdown)
        self._renditions = len(context.renditions)

    def added(self, step: str) -> StepAdded:
        context = self._context
        after = _frozen(context.properties)
        changed = [name for name, value in after.items() if self._properties.get(name) != value]
        words = (context.text_state, id(context.pages), len(context.pages), context.markdown)
        return {
            "step": step,
            "properties": {name: context.properties[name] for name in changed},
            "text": None if words == self._words else _text(context, step),
            "renditions": [made["name"] for made in context.renditions[self._renditions :]],
        }


def _frozen(properties: dict[str, Any]) -> dict[str, str]:
    """As text, so that a list that grew is seen to have changed; these are bounded by what is kept of them."""
    return {name: json.dumps(value, default=str) for name, value in properties.items()}


def _run_step(
    step: Step, context: StepContext, skip: dict[str, dict[str, str]], report: Callable[[dict[str, Any]], None]
) -> StepRecord:
    started = time.perf_counter()
    report({"step": step.NAME, "state": "started"})
    end = _end_of(step, context, skip)
    duration_ms = round((time.perf_counter() - started) * 1000, 2)
    report({"step": step.NAME, "state": end.state, "code": end.code, "detail": end.detail, "duration_ms": duration_ms})
    return {
        "name": step.NAME,
        "version": step.VERSION,
        "state": end.state,
        "code": end.code,
        "detail": end.detail,
        "duration_ms": duration_ms,
    }


def _end_of(step: Step, context: StepContext, skip: dict[str, dict[str, str]]) -> StepEnd:
    if step.NAME in skip:
        return StepEnd("failed", skip[step.NAME]["code"], skip[step.NAME]["detail"])
    try:
        return step.run(context)
    except StepError as error:
        return error.end
    except MemoryError:
        detail = "This step needed more memory than one file may use."
        return StepEnd("failed", "out-of-memory", detail)
    except Exception as error:  # noqa: BLE001  isolation: the record says which step and what kind of error
        return StepEnd("failed", "step-failed", f"{_UNEXPECTED} ({type(error).__name__})")


def _text(context: StepContext, step: str) -> TextResult:
    if context.text_state != "found":
        return _no_text(context.text_state)
    path = text_blob.write(context.pages, context.markdown, context.work_dir, by=step)
    return {"state": "found", "path": path, "characters": text_pages.count_characters(context.pages), "language": None}


def _no_text(state: TextState) -> TextResult:
    return {"state": state, "path": None, "characters": 0, "language": None}


def reject_of(records: Sequence[StepRecord]) -> Reject | None:
    """Return why the whole file counts as failed: a step refused it, or its main step could not read it at all."""
    for record in records:
        code = record["code"] or ""
        if record["state"] == "rejected" or (record["state"] == "failed" and code.startswith("unreadable-")):
            return {"code": code or "rejected", "detail": record["detail"] or ""}
    return None
