"""Faults that somebody switches on in a mill of his own, to see what it does then: the table, and what is on now.

`filemill up` on loopback says where the switches lie (`take_switches`) before it forks its processes. In every other process
nothing can be on, whatever an environment or a request says (decision 0042). Each fault acts at one place, named in the table:
there the methods of an adapter are given a look ahead of them (`ahead`), and only where switches lie.
Not for: tests that kill at named points (`crash_points`).
On failure: a file of switches that is gone or cannot be read means that everything is off. A switch is noticed within a second.
"""

import functools
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOOK_EVERY_S = 1.0
WORKERS = ("processing-worker", "ai-worker")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that can be made to fail. `acts_in`: where in the code; `within`: the processes it can hit, all if empty."""

    name: str
    says: str
    acts_in: str
    within: tuple[str, ...] = ()


FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("broker-down", "No event can be published or taken.", "messaging/faulty"),
        Fault("duplicate-events", "Each event is handed out again after it was handled.", "messaging/faulty"),
        Fault("reordered-events", "Events are handed out in another order, some of them later.", "messaging/faulty"),
        Fault("store-down", "Nothing can be stored or opened.", "storage/faulty"),
        Fault("slow-store", "The store takes two seconds more for each blob.", "storage/faulty"),
        Fault("disk-full", "The store has no room for another byte.", "storage/faulty"),
        Fault("database-down", "No transaction can begin.", "database/faulty"),
        Fault("database-slow", "Each transaction waits 0.4 s before it begins.", "database/faulty"),
        Fault("clock-ahead", "The clock has jumped two minutes ahead.", "clock"),
        Fault("clock-behind", "The clock has jumped two minutes back.", "clock"),
        Fault("calls-down", "Services do not reach each other over HTTP.", "resilience/service_client"),
        Fault("worker-crash", "The first try of each job kills its worker.", "jobs/faulty", WORKERS),
        Fault("worker-slow", "Each job takes ten seconds more.", "jobs/faulty", WORKERS),
        Fault(
            "poison-file", "Files with `poison` in their name break each try.", "jobs/faulty", ("processing-worker",)
        ),
        Fault(
            "model-crash", "What looks at a file for ai dies for lack of memory.", "sandbox/client", ("ai", "ai-worker")
        ),
    )
}


@dataclass(slots=True)
class _Switches:
    """What this process knows: where the switches lie, its own name in the mill, what it read last."""

    path: Path | None = None
    process: str = ""
    looked_s: float = float("-inf")
    stamp: tuple[int, int] = (0, 0)
    on: dict[str, list[str]] = field(default_factory=dict)

    def look(self) -> dict[str, list[str]]:
        """What is on, at most `LOOK_EVERY_S` old: fault -> the processes it was asked for, all if empty."""
        if self.path is not None and (now_s := time.monotonic()) - self.looked_s > LOOK_EVERY_S:
            self.looked_s = now_s
            try:
                there = self.path.stat()
            except OSError:
                self.on, self.stamp = {}, (0, 0)
            else:
                # Each change is a new file, so its number and time tell whether it was read already.
                if (there.st_ino, there.st_mtime_ns) != self.stamp:
                    self.on, self.stamp = read(self.path), (there.st_ino, there.st_mtime_ns)
        return self.on


_here = _Switches()


def take_switches(path: Path | None) -> None:
    """From here on, in this process and those it forks, the switches in this file count; None: none do."""
    _here.path, _here.looked_s, _here.on, _here.stamp = path, float("-inf"), {}, (0, 0)


def name_process(name: str) -> None:
    """Say which process of the mill this is (`upload`, `ai-worker`): a fault can be for some of them only."""
    _here.process = name


def possible() -> bool:
    """Whether a fault can ever be on in this process: if not, nobody needs to look."""
    return _here.path is not None


def is_on(name: str) -> bool:
    """Whether this fault is to act in this process now."""
    on = _here.look()
    return name in on and _concerns(FAULTS[name], on[name], _here.process)


def on_at(service: str) -> list[Fault]:
    """What is on that acts in this service or in its worker, for `/health`."""
    on = _here.look()
    hit = (service, f"{service}-worker")
    return [
        fault for name, fault in FAULTS.items() if name in on and any(_concerns(fault, on[name], one) for one in hit)
    ]


def _concerns(fault: Fault, asked_for: list[str], process: str) -> bool:
    if fault.within and process not in fault.within:
        return False
    return not asked_for or process in asked_for or process.removesuffix("-worker") in asked_for


def read(path: Path) -> dict[str, list[str]]:
    """The switches that are on in a file; none if it cannot be read. Names that this version does not know are left out."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(said, dict):
        return {}
    return {
        name: [str(one) for one in only] for name, only in said.items() if name in FAULTS and isinstance(only, list)
    }


def write(path: Path, on: Mapping[str, Iterable[str]]) -> None:
    """Replace the switches in one step; whoever looks sees the old ones or the new ones. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps({name: list(only) for name, only in on.items()}) + "\n", encoding="utf-8")
    fresh.replace(path)


def ahead(target: object, methods: Iterable[str], before: Callable[[str], Awaitable[None]]) -> None:
    """Await `before(name)` ahead of each call of these methods of one object, while anything is on.

    In place, since a wrapper would hide from `isinstance` which extra capabilities an adapter has.
    """
    for name in methods:
        method = getattr(target, name, None)
        if method is not None:
            setattr(target, name, _looking(name, method, before))


def _looking(
    name: str, method: Callable[..., Awaitable[Any]], before: Callable[[str], Awaitable[None]]
) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(method)
    async def looked(*arguments: Any, **named: Any) -> Any:
        if _here.look():
            await before(name)
        return await method(*arguments, **named)

    return looked
