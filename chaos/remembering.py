"""What a run knows when its load is over, on the disk: whoever judges may die, or run out of time, and another judges later."""

import pickle
from dataclasses import replace
from pathlib import Path

from crowd import Promises
from report import Run

NAME = "promises.pickle"


class NothingToJudge(Exception):
    """The folder holds no run that can be judged; the message says why. A retry is useless."""


def remember(folder: Path, run: Run, promises: Promises) -> None:
    """Write both into the run's folder."""
    run = replace(run, looks=list(run.looks))  # the run still looks, and a list must not grow while it is written
    (folder / NAME).write_bytes(pickle.dumps((run, promises)))


def recall(folder: Path) -> tuple[Run, Promises]:
    """What was written there, by this program (a pickle of somebody else's is a program of his). Raises `NothingToJudge`."""
    if not (folder / NAME).exists():
        raise NothingToJudge(f"{folder} has no {NAME}: give the folder of a run with --keep whose load came to its end")
    run, promises = pickle.loads((folder / NAME).read_bytes())
    if run.engines != "embedded":
        raise NothingToJudge(f"{folder} is of a run on {run.engines}: its servers and what they held are gone")
    return run, promises
