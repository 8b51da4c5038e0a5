"""Running a plan from outside the sandbox so that one step that brings the child down does not take the others with it.

The child says which step it starts; when it crashes, hangs or eats memory, it is run again without that step, and the
step is recorded as failed with the reason. Not for: stating limits or storing what comes out. On failure: the last
outcome comes back without a result, as from `Sandbox.run`.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from filemill.chassis.sandbox import Limits, Outcome, Sandbox
from filemill.chassis.telemetry import spans, tracing
from filemill.processing import plan
from filemill.processing.steps import earlier, identify
from filemill.processing.steps.results import RunResult, StepState, check

# Each run again costs up to a full time limit; two steps of one plan that both break are hopeless.
_RUNS_MAX = 3
_STEPS = frozenset(step.NAME for one in plan.PLANS for step in one.steps)
_STATES = frozenset(get_args(StepState))
_LONGEST_MS = 3_600_000
_SURVIVABLE = frozenset({"crashed", "out-of-memory", "timeout", "output-too-large"})


@dataclass(frozen=True)
class Processed:
    """How processing one file ended: the outcome of the last run and, if there is one, its checked result."""

    outcome: Outcome
    result: RunResult | None
    runs: int


async def process(
    sandbox: Sandbox,
    request: dict[str, Any],
    *,
    source: Path,
    work_dir: Path,
    limits: Limits,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> Processed:
    """Run the plan for one file in the sandbox, again without a step that broke it, at most three times."""
    skip: dict[str, dict[str, str]] = dict(request.get("skip") or {})
    for number in range(1, _RUNS_MAX + 1):
        watcher = _Watcher(on_progress)
        outcome = await sandbox.run(
            {**request, "skip": skip}, source=source, work_dir=work_dir, limits=limits, on_progress=watcher.hear
        )
        if outcome.state == "ok":
            return _checked(outcome, number)
        broken = watcher.running
        if outcome.state not in _SURVIVABLE or outcome.code == "sandbox-lost" or broken in {None, identify.NAME, *skip}:
            return Processed(outcome, None, number)
        assert broken is not None
        skip[broken] = {"code": outcome.code or outcome.state, "detail": outcome.detail or ""}
        _empty(work_dir)
    return Processed(outcome, None, _RUNS_MAX)


def _checked(outcome: Outcome, runs: int) -> Processed:
    try:
        return Processed(outcome, check(outcome.result or {}), runs)
    except ValidationError:
        detail = "The program that read this file gave an answer that makes no sense; the file may be hostile."
        broken = Outcome("failed", None, "untrusted-result", detail, outcome.duration_ms, outcome.peak_rss_bytes)
        return Processed(broken, None, runs)


def _empty(folder: Path) -> None:
    for left in folder.iterdir():
        if left.name == earlier.FOLDER:
            continue
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()


def _record(step: Any, state: Any, duration_ms: Any) -> None:
    """A span of a step that has ended. The child said so, so nothing of it is taken on trust."""
    told = (isinstance(step, str) and step in _STEPS) and (isinstance(state, str) and state in _STATES)
    if told and isinstance(duration_ms, int | float) and 0 <= duration_ms < _LONGEST_MS:
        attributes = {"filemill.step": str(step), "filemill.outcome": str(state)}
        tracing.record(spans.STEP, attributes, duration_s=duration_ms / 1000)


class _Watcher:
    """Follows the progress messages to know which step is running."""

    def __init__(self, on_progress: Callable[[dict[str, Any]], None] | None) -> None:
        self._on_progress = on_progress
        self.running: str | None = None

    def hear(self, progress: dict[str, Any]) -> None:
        step, state = progress.get("step"), progress.get("state")
        self.running = step if state == "started" and isinstance(step, str) else None
        if tracing.enabled() and state != "started":
            _record(step, state, progress.get("duration_ms"))
        if self._on_progress is not None:
            self._on_progress(progress)
