"""L1: a 12 megapixel JPEG's thumbnail through the whole sandboxed task, against the bare libvips call, in one run.

Prints one JSON line per figure. Both sides read the same file and write a 256 px WebP with the same settings; ours
adds the type check, the header check, the sandbox and the result. The anchor runs in a process that has libvips
loaded and warm.
"""

import asyncio
import json
import os
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from filemill.chassis.sandbox import Limits, Sandbox
from filemill.processing.steps.run import ENTRY, PRELOAD

ROUNDS = 30
WARM_UP = 3
WIDTH_PX, HEIGHT_PX = 4000, 3000
GOAL_RATIO, GOAL_SANDBOX_MS = 1.25, 6.0


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


def make_photo(path: Path) -> None:
    """Write a 12 megapixel JPEG with the detail of a photo: smooth shapes under fine noise."""
    from PIL import Image, ImageFilter

    random.seed(12)
    coarse = Image.frombytes("RGB", (80, 60), random.randbytes(80 * 60 * 3)).filter(ImageFilter.GaussianBlur(2))
    picture = coarse.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BICUBIC)
    noise = Image.effect_noise((WIDTH_PX, HEIGHT_PX), 24).convert("RGB")
    Image.blend(picture, noise, 0.25).save(path, "JPEG", quality=88)


async def _measure(folder: Path) -> list[dict[str, Any]]:
    source = folder / "photo.jpg"
    make_photo(source)
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # so that the zygote finds it
    sandbox = Sandbox(ENTRY, preload=PRELOAD, scratch=folder / "scratch", ahead=True)
    alone = Sandbox("empty_entry:nothing", preload=PRELOAD, scratch=folder / "alone", ahead=True)
    await sandbox.start()
    await alone.start()
    try:
        ours, anchor, empty, bare = [], [], [], []
        for number in range(ROUNDS + WARM_UP):
            work_dir = folder / "scratch" / str(number)
            anchor.append(_bare_vips(source, folder / "bare.webp"))
            ours.append(await _task(sandbox, source, work_dir, {"renditions": ["thumbnail"], "only": _THUMBNAIL_STEPS}))
            empty.append(await _task(alone, source, folder / "alone" / str(number), {}))
            bare.append(_fork_and_wait())
    finally:
        await sandbox.stop()
        await alone.stop()
    ours_ms, anchor_ms, empty_ms, fork_ms = (_median_ms(times[WARM_UP:]) for times in (ours, anchor, empty, bare))
    return [
        {
            "id": "L1",
            "work": "12 MP JPEG thumbnail through the sandboxed task",
            "anchor_is": "the bare libvips call",
            "goal": f"ratio <= {GOAL_RATIO}",
            "met": ours_ms / anchor_ms <= GOAL_RATIO,
            "ours": ours_ms,
            "anchor": anchor_ms,
            "ratio": round(ours_ms / anchor_ms, 3),
            "unit": "ms",
        },
        {
            "id": "L1-sandbox",
            "work": "the sandbox alone",
            "anchor_is": "a bare fork and wait",
            "goal": f"<= {GOAL_SANDBOX_MS:g} ms",
            "met": empty_ms <= GOAL_SANDBOX_MS,
            "ours": empty_ms,
            "anchor": fork_ms,
            "ratio": round(empty_ms / fork_ms, 3),
            "unit": "ms",
        },
    ]


_THUMBNAIL_STEPS = ["image_probe", "image_renditions"]


async def _task(sandbox: Sandbox, source: Path, work_dir: Path, options: dict[str, Any]) -> float:
    started = time.perf_counter()
    request = {"filename": "photo.jpg", "content_type": "image/jpeg", **options}
    outcome = await sandbox.run(request, source=source, work_dir=work_dir, limits=Limits())
    took_s = time.perf_counter() - started
    steps = (outcome.result or {}).get("steps", [])
    wrong = [step for step in steps if step["state"] != "done"]
    if outcome.state != "ok" or wrong:
        raise RuntimeError(f"the task ended {outcome.state}: {outcome.detail} {wrong}")
    return took_s


def _bare_vips(source: Path, target: Path) -> float:
    import pyvips

    started = time.perf_counter()
    picture = pyvips.Image.thumbnail(str(source), 256, height=256, size="down", output_profile="srgb")
    picture.webpsave(str(target), Q=80, effort=2, keep="none")
    return time.perf_counter() - started


def _fork_and_wait() -> float:
    started = time.perf_counter()
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return time.perf_counter() - started


def _median_ms(times: list[float]) -> float:
    return round(statistics.median(times) * 1000, 2)


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
