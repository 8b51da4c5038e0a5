"""`filemill plan FILE`: what would be done with a file and why. Its type is found in the sandbox; nothing else runs."""

import asyncio
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from filemill.chassis.errors import StartError
from filemill.chassis.sandbox import Sandbox
from filemill.cli import screen
from filemill.processing import plan as plans
from filemill.processing.settings import ProcessingSettings
from filemill.processing.step_options import options_of
from filemill.processing.steps import guarded
from filemill.processing.steps.ocr import OFF
from filemill.processing.steps.results import RunResult
from filemill.processing.steps.run import ENTRY


def show_plan(path: Path, settings: ProcessingSettings, *, as_json: bool) -> None:
    """Print it. Raises `StartError` if the file cannot be read or its type cannot be found."""
    result = asyncio.run(_identified(path, settings))
    plan = next(one for one in plans.PLANS if one.name == result["plan"])
    steps = plans.facts_of(plan, options_of(settings))
    if as_json:
        screen.json_line(
            {
                "file": str(path), "content_type": result["content_type"], "evidence": result["type_evidence"],
                "plan": plan.name, "why": plan.why, "steps": [asdict(step) for step in steps],
            }
        )  # fmt: skip
        return
    evidence = result["type_evidence"]
    screen.say(f"{path.name}: {result['content_type']} (decided by {evidence.get('decided_by')})")
    screen.say(f"plan {plan.name}: {plan.why}")
    for number, step in enumerate(steps, 1):
        screen.say(f"{number:>3}. {step.name} v{step.version}: {step.purpose}")
        if step.engine:
            screen.say("     skipped: it is switched off" if step.engine == OFF else f"     with {step.engine}")
        for program in step.missing:
            screen.say(f"     skipped: the program {program} is not installed (filemill doctor says how)")


async def _identified(path: Path, settings: ProcessingSettings) -> RunResult:
    scratch = Path(tempfile.mkdtemp(prefix="filemill-plan-"))
    sandbox = Sandbox(ENTRY, scratch=scratch, required=settings.sandbox)
    try:
        source, work_dir = scratch / "source", scratch / "work"
        work_dir.mkdir()
        shutil.copyfile(path, source)
        await sandbox.start()
        request = {"filename": path.name, "content_type": "", "only": []}
        done = await guarded.process(sandbox, request, source=source, work_dir=work_dir, limits=plans.OTHER.limits)
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror}") from error
    finally:
        await sandbox.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    if done.result is None:
        raise StartError(f"the type of {path} cannot be found: {done.outcome.detail}")
    return done.result
