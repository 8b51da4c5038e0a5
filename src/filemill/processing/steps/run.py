"""The sandbox's entry for processing: identify the file, run the steps of its plan in order, return one result.

Each step is alone: when one fails, its record says why and the others go on. Not for: choosing limits or storing
(outside). Request: `filename`, `content_type` (declared), optional `options` (fields of `Options`), `renditions`
(names; default all), `only` (step names; default all), `skip` (`{step: {"code", "detail"}}`: steps that brought an
earlier run down, recorded as failed without being run).
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filemill.processing import plan
from filemill.processing.steps import identify, text_blob, text_pages
from filemill.processing.steps.context import ALL_RENDITIONS, Step, StepContext
from filemill.processing.steps.options import Options
from filemill.processing.steps.results import Reject, RunResult, StepEnd, StepError, StepRecord, TextResult

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
    """Process one file; called in the confined child."""
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
    records = [_run_step(identify, context, skip, report)]
    chosen = plan.plan_for(context.content_type, context.filename)
    only = request.get("only")
    for step in chosen.steps[1:]:
        if only is None or step.NAME in only:
            records.append(_run_step(step, context, skip, report))
            if records[-1]["state"] == "rejected":
                break
    result: RunResult = {
        "content_type": context.content_type,
        "type_evidence": context.type_evidence,
        "plan": chosen.name,
        "steps": records,
        "properties": context.properties,
        "text": _text(context),
        "renditions": context.renditions,
        "reject": _reject(records),
    }
    return dict(result)


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


def _text(context: StepContext) -> TextResult:
    if context.text_state != "found":
        return {"state": context.text_state, "path": None, "characters": 0, "language": None}
    path = text_blob.write(context.pages, context.markdown, context.work_dir)
    return {"state": "found", "path": path, "characters": text_pages.count_characters(context.pages), "language": None}


def _reject(records: list[StepRecord]) -> Reject | None:
    """Return why the whole file counts as failed: a step refused it, or its main step could not read it at all."""
    for record in records:
        code = record["code"] or ""
        if record["state"] == "rejected" or (record["state"] == "failed" and code.startswith("unreadable-")):
            return {"code": code or "rejected", "detail": record["detail"] or ""}
    return None
