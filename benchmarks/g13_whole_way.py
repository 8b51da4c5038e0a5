"""G13: one 12 megapixel JPEG from the first byte of its upload until everybody can read that it is processed and analysed.

Anchor: what the steps take alone, one after the other: the upload until its 201, the picture's plan in a sandbox, the
analysis of what the plan found in a sandbox. What is between is queues, transactions and waking up. Each round has a photo
of its own (another comment in the same JPEG), since the same bytes are processed once.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import l1_thumbnail
import processes

from filemill.ai.capabilities import names
from filemill.chassis.sandbox import Limits, Sandbox
from filemill.processing.plan import PICTURE
from filemill.processing.steps.guarded import process
from filemill.processing.steps.run import ENTRY, PRELOAD

ROUNDS, WARM_UP = 15, 2
GOAL = 1.3
READY_S, END_S = 90.0, 60.0
LOOK_EVERY_S = 0.01
SERVICES = ("gateway", "access", "upload", "metadata", "ai", "processing", "notification")


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.jpg"
        l1_thumbnail.make_photo(photo)
        return asyncio.run(_measure(Path(folder), photo.read_bytes()))


async def _measure(folder: Path, photo: bytes) -> list[dict[str, Any]]:
    ports = {name: processes.free_port() for name in SERVICES}
    environment = os.environ | {f"FILEMILL_{name.upper()}_PORT": str(port) for name, port in ports.items()}
    environment["FILEMILL_DATA_DIR"] = str(folder / "data")
    plan = Sandbox(ENTRY, preload=PRELOAD, scratch=folder / "plan", ahead=True)
    analysis = Sandbox(names.ENTRY, preload=names.PRELOAD, scratch=folder / "analysis", ahead=True)
    await plan.start()
    await analysis.start()
    whole, steps, parts = [], [], []
    command = [sys.executable, "-m", "filemill.cli", "up"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True) as mill:
        try:
            _until_ready(mill)
            with httpx.Client(base_url=f"http://127.0.0.1:{ports['gateway']}", timeout=60) as client:
                for number in range(ROUNDS + WARM_UP):
                    content = _with_comment(photo, f"round {number}")
                    upload_s, whole_s = _whole_way(client, content)
                    alone = await _steps_alone(folder, plan, analysis, content, str(number))
                    whole.append(whole_s)
                    steps.append(upload_s + sum(alone))
                    parts.append((upload_s, *alone))
        finally:
            processes.stop(mill)
            await plan.stop()
            await analysis.stop()
    named = zip(("upload", "processing", "analysis"), zip(*parts[WARM_UP:], strict=True), strict=True)
    told = ", ".join(f"{name} {_ms(times)}" for name, times in named)
    ours, anchor = _ms(whole[WARM_UP:]), _ms(steps[WARM_UP:])
    return [
        {
            "id": "G13", "work": "12 MP JPEG: upload to processed and analysed, p50", "anchor_is": f"its steps alone: {told}",
            "goal": f"ratio <= {GOAL:g}", "met": ours / anchor <= GOAL, "ours": ours, "anchor": anchor,
            "ratio": round(ours / anchor, 2), "unit": "ms",
        }
    ]  # fmt: skip


def _with_comment(photo: bytes, words: str) -> bytes:
    """The same JPEG with a comment behind its first marker (ITU T.81, B.2.4.5)."""
    comment = words.encode()
    return photo[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + photo[2:]


def _whole_way(client: httpx.Client, content: bytes) -> tuple[float, float]:
    """(seconds until the 201, seconds until the document says all is done)."""
    began_s = time.perf_counter()
    answer = client.post("/api/upload/files", files={"file": ("photo.jpg", content)})
    upload_s = time.perf_counter() - began_s
    if answer.status_code != 201:
        raise RuntimeError(f"answered {answer.status_code}: {answer.text}")
    while time.perf_counter() - began_s < END_S:
        document = client.get(f"/api/metadata/files/{answer.json()['file_id']}").json()
        if document.get("analysis") == "done" and document.get("status") == "processed":
            return upload_s, time.perf_counter() - began_s
        time.sleep(LOOK_EVERY_S)
    raise RuntimeError(f"not done after {END_S:g} s: {document}")


async def _steps_alone(
    folder: Path, plan: Sandbox, analysis: Sandbox, content: bytes, name: str
) -> tuple[float, float]:
    source, out = folder / f"{name}.jpg", folder / "plan" / name
    source.write_bytes(content)
    request = {"filename": "photo.jpg", "content_type": "image/jpeg"}
    began_s = time.perf_counter()
    made = await process(plan, request, source=source, work_dir=out, limits=PICTURE.limits)
    plan_s = time.perf_counter() - began_s
    if made.result is None:
        raise RuntimeError(f"the plan ended {made.outcome}")
    looked_at = folder / "analysis" / name
    looked_at.mkdir(parents=True)
    preview = next(one["path"] for one in made.result["renditions"] if one["name"] == "preview")
    (looked_at / "preview").write_bytes((out / preview).read_bytes())
    text, words = folder / f"{name}.json", made.result["text"]["path"]
    text.write_bytes((out / words).read_bytes() if words else b'{"pages": []}')
    subject = {
        "file_id": name, "filename": "photo.jpg", "content_type": "image/jpeg", "size_bytes": len(content),
        "properties": made.result["properties"], "preview": "preview",
    }  # fmt: skip
    asked = {"capabilities": list(names.NAMES), "options": {}, "subject": subject}
    began_s = time.perf_counter()
    outcome = await analysis.run(asked, source=text, work_dir=looked_at, limits=Limits())
    analysis_s = time.perf_counter() - began_s
    if outcome.state != "ok":
        raise RuntimeError(f"the analysis ended {outcome}")
    source.unlink()
    return plan_s, analysis_s


def _until_ready(mill: "subprocess.Popen[str]") -> None:
    assert mill.stdout is not None
    until_s = time.monotonic() + READY_S
    for line in mill.stdout:
        if "all ready" in line:
            return
        if time.monotonic() > until_s:
            break
    raise RuntimeError("the mill was not ready")


def _ms(times_s: Sequence[float]) -> float:
    return round(statistics.median(times_s) * 1000, 1)


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
