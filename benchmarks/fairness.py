"""Whether new uploads wait behind bulk work: the time from a photo's upload to the end of its processing, 95 of 100, with
1,000 files waiting in the bulk lane, against the same with nothing else to do. One upload at a time, a default worker.

Both are measured in turns, so that a change of the machine meets both. Not for: analysis, which has a queue of its own.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import processing_rig

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from support import made_files

BULK, UPLOADS, ROUNDS, WARM_UP = 1000, 50, 3, 5
GOAL = 1.10


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory() as folder, processing_rig.running(Path(folder)) as rig:
        photos = _photos()
        alone_s: list[float] = []
        beside_s: list[float] = []
        _fill(rig)
        for _ in range(ROUNDS):
            rig.set_due(time.time() + 1e6)
            with rig.worker():
                alone_s += _uploads(rig, photos)
            rig.set_due(0)
            with rig.worker():
                beside_s += _uploads(rig, photos)
        left = int(rig.rows("SELECT count(*) FROM jobs WHERE lane = 'bulk' AND state = 'queued'")[0][0])
    if not left:
        raise RuntimeError("the bulk work ended before the uploads did: there was nothing beside them")
    (alone_p50, alone), (beside_p50, beside) = map(processing_rig.median_and_p95_ms, (alone_s, beside_s))
    work = f"upload to processed beside {BULK} bulk files"
    return [
        _figure("fairness", f"{work}: p95", beside, alone),
        _figure("fairness-p50", f"{work}: p50", beside_p50, alone_p50),
    ]


def _figure(name: str, work: str, beside_ms: float, alone_ms: float) -> dict[str, Any]:
    return {
        "id": name, "work": work, "anchor_is": "the same uploads with nothing else to do", "goal": f"ratio <= {GOAL:g}",
        "met": beside_ms / alone_ms <= GOAL, "ours": beside_ms, "anchor": alone_ms,
        "ratio": round(beside_ms / alone_ms, 2), "unit": "ms",
    }  # fmt: skip


def _photos() -> Iterator[bytes]:
    number = BULK
    while True:
        number += 1
        yield made_files.MAKERS["jpg"](number)


def _fill(rig: processing_rig.Rig) -> None:
    """Upload the bulk files while no worker runs."""
    kinds = list(made_files.MAKERS)
    for number in range(BULK):
        kind = kinds[number % len(kinds)]
        rig.send(f"bulk-{number}.{kind}", made_files.MAKERS[kind](number))
    rig.wait_for_jobs(BULK, ["queued"])
    rig.to_bulk()


def _uploads(rig: processing_rig.Rig, photos: Iterator[bytes]) -> list[float]:
    times_s = []
    for number in range(UPLOADS + WARM_UP):
        content = next(photos)
        began_s = time.perf_counter()
        rig.wait_for_file(rig.send(f"photo-{number}.jpg", content))
        times_s.append(time.perf_counter() - began_s)
    return times_s[WARM_UP:]


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
