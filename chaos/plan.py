"""What is done to a mill and when: all of it follows from the seed, so that a run can be had again.

The deeds are the same; what they hit is not: which process comes first to an armed point, and with what in its hands, is for
the machine to decide. Not for: doing it (`doing`).
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from support import crash_names
from support.crash_run import KILLABLE

Kind = Literal["kill at", "kill", "pause", "fault", "rolling restart", "engine down", "engine paused"]

FIRST_S = 8.0
"""Before anything is done: a peak to compare with."""
RESUMABLE = ("upload.session.begin", "upload.session.claim", "upload.session.release", "upload.session.advance")
POINTS = sorted(
    (crash_names.FILES | crash_names.VISITS)
    | {f"{point}.{moment}" for point in RESUMABLE for moment in ("in-tx", "committed")}
    | {"upload.session.appended", "upload.session.sealed", "upload.session.completed", "store.piece.written"}
)
"""Every point that the crowd comes to."""
FAULTS = (
    "broker-down", "duplicate-events", "reordered-events", "store-down", "slow-store", "disk-full", "database-down",
    "database-slow", "calls-down", "worker-crash", "poison-file", "model-crash",
)  # fmt: skip
ENGINES = ("postgresql", "rabbitmq", "redis")
_ONLY = ((), (), ("upload",), ("metadata",), ("processing",), ("ai",), ("notification",))


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing done to the mill. `for_s`: how long it lasts; `only`: of a fault, the processes."""

    at_s: float
    kind: Kind
    what: str
    for_s: float = 0.0
    only: tuple[str, ...] = ()

    def __str__(self) -> str:
        lasts = f" for {self.for_s:.1f} s" if self.for_s else ""
        return f"{self.at_s:7.1f} s  {self.kind} {self.what}{' in ' + ', '.join(self.only) if self.only else ''}{lasts}"


def make_plan(
    seed: int, duration_s: float, every_s: float, *, engines: bool, points: Sequence[str] = POINTS
) -> list[Deed]:
    """The deeds of a run, in their order; `every_s` is the mean time between two."""
    dice = random.Random(seed)
    deck = _deck(dice, points)
    weights: dict[Kind, int] = {"kill at": 62, "kill": 14, "pause": 7, "fault": 14, "rolling restart": 3}
    if engines:
        weights |= {"engine down": 2, "engine paused": 2}
    deeds, at_s = [], FIRST_S
    while at_s < duration_s:
        kind = dice.choices(list(weights), list(weights.values()))[0]
        deeds.append(_deed(dice, deck, kind, at_s))
        at_s += dice.expovariate(1 / every_s)
    return deeds


def _deck(dice: random.Random, points: Sequence[str]) -> Iterator[str]:
    """Each point once in every round, so that none is forgotten."""
    while True:
        yield from dice.sample(points, len(points))


def _deed(dice: random.Random, deck: Iterator[str], kind: Kind, at_s: float) -> Deed:
    if kind == "kill at":
        return Deed(at_s, kind, next(deck))
    if kind == "fault":
        return Deed(at_s, kind, dice.choice(FAULTS), dice.uniform(2, 9), dice.choice(_ONLY))
    if kind == "rolling restart":
        return Deed(at_s, kind, "every service")
    if kind in ("engine down", "engine paused"):
        return Deed(at_s, kind, dice.choice(ENGINES), dice.uniform(1, 6))
    return Deed(at_s, kind, dice.choice(KILLABLE), dice.uniform(1, 5) if kind == "pause" else 0.0)


def counted(deeds: Sequence[Deed]) -> dict[str, int]:
    """How many of each kind."""
    return {kind: len(list(group)) for kind, group in itertools.groupby(sorted(deed.kind for deed in deeds))}
