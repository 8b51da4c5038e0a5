"""How processing grows with its workers: files a second of a mixed backlog, four at a time against one at a time.

The backlog is uploaded before the worker starts, so that nothing else is measured; each round has files of its own, since
equal bytes are processed once. Four cannot be four times one on fewer cores: the goal counts the cores that are there.
"""

import json
import os
import statistics
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import processing_rig

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from support import made_files

FILES, ROUNDS = 200, 3
FEW, MANY = 1, 4
GOAL_A_CORE = 0.8


def run() -> list[dict[str, Any]]:
    """Measure and return the figure."""
    cores = len(os.sched_getaffinity(0))
    goal = round(GOAL_A_CORE * min(MANY, cores), 2)
    rates: dict[int, list[float]] = {FEW: [], MANY: []}
    with tempfile.TemporaryDirectory() as folder, processing_rig.running(Path(folder)) as rig:
        files = iter(list(_no_media(FILES * ROUNDS * len(rates))))
        for _ in range(ROUNDS):
            for slots, found in rates.items():
                found.append(_rate(rig, files, slots))
    few, many = (round(statistics.median(found), 1) for found in rates.values())
    return [
        {
            "id": "scaling", "work": f"mixed files processed, {MANY} workers, {cores} cores", "anchor_is": f"{FEW} worker",
            "goal": f"ratio >= {goal:g}", "met": many / few >= goal, "ours": many, "anchor": few,
            "ratio": round(many / few, 2), "unit": "files/s",
        }
    ]  # fmt: skip


def _no_media(count: int) -> list[tuple[str, bytes]]:
    kinds = list(made_files.MAKERS)
    names = [(kinds[number % len(kinds)], number) for number in range(count)]
    return [(f"file-{number}.{kind}", made_files.MAKERS[kind](number)) for kind, number in names]


def _rate(rig: processing_rig.Rig, files: Any, slots: int) -> float:
    sent = [rig.send(name, content) for name, content in (next(files) for _ in range(FILES))]
    rig.wait_for_jobs(FILES, ["queued"])
    total = int(rig.rows("SELECT count(*) FROM jobs")[0][0])
    with rig.worker(slots):
        rig.wait_for_jobs(total, ["done", "failed"])
    marks = ",".join("?" * len(sent))
    query = f"SELECT min(finished_at), max(finished_at) FROM jobs WHERE state = 'done' AND file_id IN ({marks})"
    first, last = (datetime.fromisoformat(str(moment)) for moment in rig.rows(query, *sent)[0])
    return (FILES - 1) / (last - first).total_seconds()


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
