"""One crash run: a mill with clients, kills at named points and from outside, then time to heal, then the audit."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support import crash_names
from support.audit import audit, orphan_blobs
from support.engines import Engines
from support.killer import Killer
from support.mill import Mill, wait_for
from support.quiet import wait_until_processed, wait_until_quiet
from support.uploads import Clients, Upload, make_uploads

HEAL_S = 120.0
KILLABLE = (
    "access", "upload", "metadata", "ai", "processing", "notification", "ai-worker", "processing-worker", "gateway",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run goes. `points` is `FILEMILL_TEST_CRASH`; `outside_every_s` the mean time between kills from outside.

    The kills go on until this share of the files is processed and so many were killed at named points, then the mill
    heals. `check`: what is wrong, beside the audit.
    """

    uploads: int
    points: str
    outside_every_s: float = 0.0
    broken: str = ""
    kill_until_share: float = 0.6
    kills_least: int = 0
    visit: Callable[[Mill, Clients, threading.Event], None] | None = None
    engines: Engines | None = None
    instances: int = 1
    clients: Callable[[list[str]], Clients] = Clients
    settings: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[Mill, Clients], list[str]] | None = None


@dataclass(slots=True)
class Report:
    """What came of it."""

    seed: int
    plan: Plan
    wrong: list[str] = field(default_factory=list)
    acknowledged: int = 0
    gave_up: list[str] = field(default_factory=list)
    retries: int = 0
    points: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    outside_effective: Counter[str] = field(default_factory=Counter)
    orphans: int = 0
    load_s: float = 0.0
    heal_s: float = 0.0

    @property
    def effective_kills(self) -> int:
        """Kills that hit a process with work in its hands."""
        working = sum(count for point, count in self.points.items() if point not in crash_names.STARTING)
        return working + self.outside_effective.total()

    def __str__(self) -> str:
        kills = max(1, self.effective_kills)
        return (
            f"seed {self.seed}: {self.acknowledged} of {self.plan.uploads} uploads acknowledged after {self.retries} retries; "
            f"{self.effective_kills} effective kills ({self.points.total()} at named points, {self.outside.total()} from "
            f"outside), {len(self.wrong)} promises broken (0 of {kills} would bound the loss at {min(1.0, 3 / kills):.1%} of "
            f"kills); {self.orphans} orphan blobs; load {self.load_s:.1f} s, heal {self.heal_s:.1f} s\n"
            f"points: {dict(self.points.most_common())}\noutside: {dict(self.outside)}"
        )


def crash_run(folder: Path, plan: Plan, seed: int) -> Report:
    """Run it on a data folder below `folder`; the report's `wrong` is what the audit found."""
    dice, log = random.Random(seed), folder / "kills.log"
    environment = {
        "FILEMILL_TEST_CRASH": plan.points,
        "FILEMILL_TEST_CRASH_LOG": str(log),
        "FILEMILL_RESTART_PAUSE_MOST_S": "0.5",
        "FILEMILL_TEST_BREAK": plan.broken,
        **plan.settings,
    }
    uploads = make_uploads(plan.uploads, dice)
    report = Report(seed, plan)
    mill = Mill(folder / "data", plan.engines, **environment)
    mill.peers = [Mill(folder / f"data{at}", plan.engines, **environment) for at in range(2, plan.instances + 1)]
    mill.engines.sabotaged = bool(plan.broken) and mill.engines.name == "servers"
    try:
        mill.start()
        clients = plan.clients(mill.urls)
        killers = [Killer(one, lambda: clients.in_flight) for one in (mill, *mill.peers)]
        _load(mill, plan, clients, killers, uploads, dice, report, log)
        # No restart: what heals a mill are loops that always run.
        log.with_name(f"{log.name}.over").touch()
        began_s = time.monotonic()
        wait_until_quiet(mill, HEAL_S)
        report.heal_s = time.monotonic() - began_s
        report.wrong = audit(mill, uploads, clients.acknowledged)
        if plan.check:
            report.wrong += plan.check(mill, clients)
        report.orphans = orphan_blobs(mill)
        report.acknowledged, report.gave_up, report.retries = (
            len(clients.acknowledged),
            clients.gave_up,
            clients.retries,
        )
        for killer in killers:
            report.outside += killer.kills
            report.outside_effective += killer.effective
    finally:
        mill.stop()
        report.points = _killed(log)
        print(report)
    return report


def _load(
    mill: Mill,
    plan: Plan,
    clients: Clients,
    killers: list[Killer],
    uploads: list[Upload],
    dice: random.Random,
    report: Report,
    log: Path,
) -> None:
    began_s, done = time.monotonic(), threading.Event()
    clients.start(uploads)
    others = [threading.Thread(target=_kill_sometimes, args=(killers, plan.outside_every_s, dice, done))]
    if plan.visit:
        others.append(threading.Thread(target=plan.visit, args=(mill, clients, done)))
    for thread in others:
        thread.start()
    try:
        clients.wait()
        wait_until_processed(mill, int(plan.uploads * plan.kill_until_share), HEAL_S)
        wait_for(lambda: _killed(log).total() >= plan.kills_least, f"{plan.kills_least} kills at named points", HEAL_S)
    finally:
        done.set()
        for thread in others:
            thread.join()
    report.load_s = time.monotonic() - began_s


def _killed(log: Path) -> Counter[str]:
    return Counter(log.read_text(encoding="ascii").split() if log.exists() else [])


def _kill_sometimes(killers: list[Killer], every_s: float, dice: random.Random, done: threading.Event) -> None:
    while every_s and not done.wait(dice.uniform(0.5, 1.5) * every_s):
        dice.choice(killers).kill(dice.choice(KILLABLE))
