"""L2: 256 px WebP thumbnails of a mix of JPEG, PNG and WebP pictures: images per second of processor time.

Anchor: thumbor over HTTP, one process, reading the same files from a folder, keeping nothing. Ours: the sandboxed task as a
worker runs it (type, header, sandbox, rendition). Counted is the processor time of the whole tree of each side; of ours also
this process, which asks, of thumbor's not.
"""

import asyncio
import io
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import anchor_environment
import httpx
import l1_thumbnail
import processes
import psutil

from filemill.chassis.sandbox import Limits, Sandbox
from filemill.processing.steps.run import ENTRY, PRELOAD

ROUNDS = 8
GOAL = 2.0
SIDE_PX, QUALITY = 256, 80
SIZES_PX = ((4000, 3000), (1600, 1200))
ANCHOR = ("thumbor==7.8.0", "setuptools==80.9.0")
_WORK = "thumbnails of a JPEG, PNG, WebP mix"
_CONFIG = """
LOADER = "thumbor.loaders.file_loader"
FILE_LOADER_ROOT_PATH = {folder!r}
STORAGE = "thumbor.storages.no_storage"
ALLOW_UNSAFE_URL = True
USE_GIFSICLE_ENGINE = False
"""


def run() -> list[dict[str, Any]]:
    """Measure and return the figure."""
    python = anchor_environment.python_with("thumbor", *ANCHOR)
    goal = f"ratio >= {GOAL:g}"
    if python is None:
        return [anchor_environment.missing_row("L2", _WORK, "thumbor over HTTP", goal, "images/cpu-s")]
    with tempfile.TemporaryDirectory() as folder:
        pictures = make_pictures(Path(folder))
        ours_s, anchor_s = asyncio.run(_measure(python, Path(folder), pictures))
    images = len(pictures) * ROUNDS
    ours, anchor = round(images / ours_s, 1), round(images / anchor_s, 1)
    return [
        {
            "id": "L2",
            "work": _WORK,
            "anchor_is": "thumbor over HTTP",
            "goal": goal,
            "met": ours / anchor >= GOAL,
            "ours": ours,
            "anchor": anchor,
            "ratio": round(ours / anchor, 2),
            "unit": "images/cpu-s",
        }
    ]


def make_pictures(folder: Path) -> list[Path]:
    """Write the mix: each kind in each size, with the detail of a photo."""
    from PIL import Image

    photo = folder / "photo.jpg"
    l1_thumbnail.make_photo(photo)
    made = []
    with Image.open(photo) as picture:
        for width_px, height_px in SIZES_PX:
            sized = picture.resize((width_px, height_px))
            for kind, options in (("jpeg", {"quality": 88}), ("png", {"compress_level": 6}), ("webp", {"quality": 85})):
                path = folder / f"{width_px}.{kind}"
                sized.save(path, kind, **options)
                made.append(path)
    return made


async def _measure(python: Path, folder: Path, pictures: list[Path]) -> tuple[float, float]:
    """Processor seconds of each side, in turns."""
    config = folder / "thumbor.conf"
    config.write_text(_CONFIG.format(folder=str(folder)))
    port = processes.free_port()
    command = [str(python), "-m", "thumbor.server", "--ip", "127.0.0.1", "--port", str(port), "--conf", str(config)]
    sandbox = Sandbox(ENTRY, preload=PRELOAD, scratch=folder / "scratch", ahead=True)
    await sandbox.start()
    assert sandbox.zygote_pid is not None
    zygote = psutil.Process(sandbox.zygote_pid)
    ours_s = anchor_s = 0.0
    try:
        with processes.running(command, {}, port, pinned=False) as server, httpx.Client(timeout=60) as client:
            for number in range(-1, ROUNDS):
                began_s = _ours_cpu_s(zygote)
                for path in pictures:
                    await _ours(sandbox, path, folder / "scratch" / f"{path.name}-{number}")
                middle_s, their_start_s = _ours_cpu_s(zygote), server.cpu_s()
                for path in pictures:
                    _theirs(client, port, path)
                if number >= 0:  # the first round warms both up
                    ours_s += middle_s - began_s
                    anchor_s += server.cpu_s() - their_start_s
    finally:
        await sandbox.stop()
    return ours_s, anchor_s


def _ours_cpu_s(zygote: psutil.Process) -> float:
    times = zygote.cpu_times()
    return float(time.process_time() + times.user + times.system + times.children_user + times.children_system)


async def _ours(sandbox: Sandbox, path: Path, work_dir: Path) -> None:
    request = {"filename": path.name, "renditions": ["thumbnail"], "only": ["image_probe", "image_renditions"]}
    outcome = await sandbox.run(request, source=path, work_dir=work_dir, limits=Limits())
    made = (outcome.result or {}).get("renditions", [])
    if [one["width_px"] for one in made] != [SIDE_PX]:
        raise RuntimeError(f"{path.name} ended {outcome.state}: {outcome.result}")
    shutil.rmtree(work_dir)


def _theirs(client: httpx.Client, port: int, path: Path) -> None:
    from PIL import Image

    wanted = f"fit-in/{SIDE_PX}x{SIDE_PX}/filters:format(webp):quality({QUALITY})"
    answer = client.get(f"http://127.0.0.1:{port}/unsafe/{wanted}/{path.name}")
    answer.raise_for_status()
    with Image.open(io.BytesIO(answer.content)) as picture:
        if (picture.format, picture.width) != ("WEBP", SIDE_PX):
            raise RuntimeError(f"thumbor made {picture.format} of {picture.size}")


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
