"""What is done to a mill and when: all of it follows from the seed, so that a run can be had again.

The deeds are the same; what they hit is not: which process comes first to an armed point, and with what in its hands, is for
the machine to decide. Not for: doing it (`doing`).
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar, get_args

from support import crash_names
from support.crash_run import KILLABLE

Kind = Literal[
    "kill at", "kill", "pause", "fault", "rolling restart", "cut off", "slow link", "disk full",
    "engine killed", "engine stopped", "engine paused",
]  # fmt: skip

KINDS = get_args(Kind)

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
    "database-slow", "calls-down", "worker-crash", "poison-file", "model-crash", "clock-ahead", "clock-behind",
)  # fmt: skip
SERVICES = ("access", "upload", "metadata", "ai", "processing", "notification")
ENGINES = ("postgresql", "rabbitmq", "redis", "s3")
ENGINE_KINDS: tuple[Kind, ...] = ("engine killed", "engine stopped", "engine paused")
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
    seed: int, every_s: float, *, engines: bool, disk: bool, only: Sequence[Kind] = (), points: Sequence[str] = POINTS
) -> Iterator[Deed]:
    """The deeds of a run, in their order, for ever; `every_s` is the mean time between two.

    `disk`: whether it can be full. `only`: the kinds that may come, else every one.
    """
    dice = random.Random(seed)
    decks = _Decks(
        _deck(dice, points),
        _deck(dice, [(kind, engine) for kind in ENGINE_KINDS for engine in ENGINES]),
        _deck(dice, [*SERVICES, *(ENGINES * 2 if engines else ())]),  # servers are asked more than services
    )
    weights: dict[Kind, int] = {
        "kill at": 62, "kill": 14, "pause": 7, "fault": 14, "rolling restart": 3, "cut off": 4, "slow link": 3,
    }  # fmt: skip
    if disk:
        weights["disk full"] = 2
    if engines:
        weights["engine killed"] = 6  # which of the three kinds is drawn from a deck
    weights = {kind: weight for kind, weight in weights.items() if not only or kind in only}
    at_s = FIRST_S
    while True:
        kind = dice.choices(list(weights), list(weights.values()))[0]
        yield _deed(dice, decks, kind, at_s)
        at_s += dice.expovariate(1 / every_s)


def until(deeds: Iterator[Deed], end_s: float) -> list[Deed]:
    """Those before an end."""
    return list(itertools.takewhile(lambda deed: deed.at_s < end_s, deeds))


Card = TypeVar("Card")


class _Decks(NamedTuple):
    points: Iterator[str]
    engines: Iterator[tuple[Kind, str]]
    wires: Iterator[str]


def _deck(dice: random.Random, cards: Sequence[Card]) -> Iterator[Card]:
    """Each card once in every round, so that none is forgotten."""
    while True:
        yield from dice.sample(cards, len(cards))


def _deed(dice: random.Random, decks: _Decks, kind: Kind, at_s: float) -> Deed:
    if kind == "kill at":
        return Deed(at_s, kind, next(decks.points))
    if kind == "fault":
        return Deed(at_s, kind, dice.choice(FAULTS), dice.uniform(2, 9), dice.choice(_ONLY))
    if kind == "rolling restart":
        return Deed(at_s, kind, "every service")
    if kind in ("cut off", "slow link"):
        return Deed(at_s, kind, next(decks.wires), dice.uniform(2, 9))
    if kind == "disk full":
        return Deed(at_s, kind, "the data folder", dice.uniform(2, 6))
    if kind in ENGINE_KINDS:
        how, engine = next(decks.engines)
        return Deed(at_s, how, engine, dice.uniform(1, 6))
    return Deed(at_s, kind, dice.choice(KILLABLE), dice.uniform(1, 5) if kind == "pause" else 0.0)
