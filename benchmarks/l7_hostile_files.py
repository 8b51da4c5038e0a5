"""L7: thousands of real, odd and broken files through the plans in the real sandbox: how each ends, and whether wrongly.

Every file of the corpus once, then damaged copies of some of them and of our own samples until `FILES` are reached. Wrong is:
the zygote gone, an end without a name, a step that failed in a way we did not expect, a child that crashed, a file past the
wall limit of its plan. There is no anchor. Each wrong one is printed with how to make it again; the limit on time is told if
it is what ended the run.
"""

import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import corpus

from filemill.chassis.sandbox import Sandbox
from filemill.processing import plan
from filemill.processing.steps import guarded
from filemill.processing.steps.run import ENTRY, PRELOAD

FILES = 5000
BUDGET_S = 420
AT_ONCE = 2
SEED = 7
GRACE_S = 2.0
"""Of a plan's wall limit: the time to notice and to kill."""
OWN_SAMPLES = Path(__file__).parent.parent / "test_data"
BROKEN_MAX_BYTES = 1 << 20
# Words in a damaged picture are read from its preview, as in a good one: that takes half a second and tells nothing here.
_NOT_FOR_COPIES = frozenset({"image_text", "video_preview", "preview_sheet", "loudness"})


@dataclass
class Found:
    """What came out so far."""

    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    longest_s: float = 0.0
    longest: str = ""


def run() -> list[dict[str, Any]]:
    """Run them and return the figure."""
    with tempfile.TemporaryDirectory() as folder:
        began_s = time.monotonic()
        found, files = asyncio.run(_run(Path(folder)))
    print(f"{files} files in {time.monotonic() - began_s:.0f} s: {dict(found.ends.most_common())}", file=sys.stderr)
    print(f"the longest: {found.longest_s:.1f} s, {found.longest}", file=sys.stderr)
    for line in found.wrong:
        print(f"wrong: {line}", file=sys.stderr)
    return [
        {
            "id": "L7",
            "work": f"{files} real and broken files in the sandbox: wrong ends",
            "anchor_is": "none",
            "goal": "0",
            "met": not found.wrong and files > 1000,
            "ours": len(found.wrong),
            "anchor": "-",
            "ratio": "-",
            "unit": "files",
        }
    ]


async def _run(folder: Path) -> tuple[Found, int]:
    sandbox = Sandbox(ENTRY, preload=PRELOAD, scratch=folder / "scratch")
    await sandbox.start()
    found, until_s, files = Found(), time.monotonic() + BUDGET_S, 0
    waiting = _files()
    zygote = sandbox.zygote_pid

    async def work(number: int) -> None:
        nonlocal files
        for name, suffix, content, only in waiting:
            if time.monotonic() > until_s:
                return
            files += 1
            await _one(sandbox, folder, number, name, f"file{suffix}", content, only, found)
            if sandbox.zygote_pid != zygote:
                found.wrong.append(f"{name}: the zygote is gone")
                return

    try:
        await asyncio.gather(*(work(number) for number in range(AT_ONCE)))
    finally:
        await sandbox.stop()
    return found, files


def _files() -> Iterator[tuple[str, str, bytes, bool]]:
    """Name, suffix, bytes, and whether only the steps for damaged copies are run."""
    samples = [(f"{one.package}/{one.name}", one.path) for one in corpus.samples()]
    own = [(f"test_data/{path.name}", path) for path in sorted(OWN_SAMPLES.iterdir())]
    noise = random.Random(SEED)
    left = FILES
    for name, path in noise.sample(samples, len(samples)):
        yield name, path.suffix, path.read_bytes(), False
        left -= 1
    small = [(name, path) for name, path in (*samples, *own) if path.stat().st_size <= BROKEN_MAX_BYTES]
    # Of each kind as many, or half of it would be PNG.
    kinds: dict[str, list[tuple[str, Path]]] = {}
    for name, path in small:
        kinds.setdefault(path.suffix, []).append((name, path))
    for number in range(left):
        name, path = noise.choice(kinds[noise.choice(sorted(kinds))])
        yield f"{name} broken, number {number}", path.suffix, corpus.broken(path.read_bytes(), noise), True


async def _one(
    sandbox: Sandbox, folder: Path, number: int, name: str, filename: str, content: bytes, few: bool, found: Found
) -> None:
    source, work_dir = folder / f"source-{number}", folder / "scratch" / f"work-{number}"
    source.write_bytes(content)
    request: dict[str, Any] = {"filename": filename}
    if few:
        steps = {step.NAME for one in plan.PLANS for step in one.steps} - _NOT_FOR_COPIES
        request["only"] = sorted(steps)
    limits = plan.OTHER.limits
    began_s = time.monotonic()
    processed = await guarded.process(sandbox, request, source=source, work_dir=work_dir, limits=limits)
    took_s = time.monotonic() - began_s
    if took_s > found.longest_s:
        found.longest_s, found.longest = took_s, name
    end = _end_of(processed)
    found.ends[end] += 1
    if reason := _wrong(processed, took_s):
        found.wrong.append(f"{name}: {reason}")
    shutil.rmtree(work_dir, ignore_errors=True)


def _end_of(processed: guarded.Processed) -> str:
    if processed.result is None:
        return f"no result: {processed.outcome.code}"
    if processed.result["reject"]:
        return f"rejected: {processed.result['reject']['code']}"
    return "empty" if processed.result["text"]["state"] == "empty" and not processed.result["renditions"] else "done"


def _wrong(processed: guarded.Processed, took_s: float) -> str | None:
    if processed.result is None:
        return f"{processed.outcome.state} {processed.outcome.code}: {processed.outcome.detail}"
    for step in processed.result["steps"]:
        if step["code"] == "step-failed" or (step["code"] or "").startswith("crashed-"):
            return f"{step['name']} {step['code']}: {step['detail']}"
        if step["code"] in {"wall-limit", "cpu-limit"}:
            return f"{step['name']} ran into its limit"
    chosen = next(one for one in plan.PLANS if one.name == processed.result["plan"])
    if took_s > chosen.limits.wall_s + GRACE_S:
        return f"{took_s:.1f} s, more than the plan {chosen.name} may take"
    return None


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
