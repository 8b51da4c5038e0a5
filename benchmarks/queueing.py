"""From the cost of one thing to what many of them need: the capacity model behind `docs/capacity.md`, and its check.

Two parts. `cores` multiplies: things a second times processor seconds each. `simulate` adds what multiplying cannot say: how
long one waits when they come by chance (Poisson) at `servers` workers that each take an exponentially distributed time, a queue
without bound before them; for one worker that is M/M/1, whose answer is known, and a test compares the two.
Not for: memory, disks, networks; these are on the page.
"""

import heapq
import random
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Waiting:
    """Seconds from coming to being done; `busy`: which share of their time the workers worked."""

    mean_s: float
    p95_s: float
    busy: float


def simulate(per_s: float, service_s: float, servers: int, count: int = 50_000, seed: int = 1) -> Waiting:
    """`count` arrivals at `per_s`, each taking `service_s` on average at one of `servers` workers, first come first served."""
    dice = random.Random(seed)
    free_at = [0.0] * servers
    now_s, worked_s, times = 0.0, 0.0, []
    for _ in range(count):
        now_s += dice.expovariate(per_s)
        took_s = dice.expovariate(1 / service_s)
        done_s = max(now_s, heapq.heappop(free_at)) + took_s
        heapq.heappush(free_at, done_s)
        worked_s += took_s
        times.append(done_s - now_s)
    times.sort()
    return Waiting(sum(times) / count, times[int(count * 0.95)], worked_s / (max(free_at) * servers))


def cores(per_s: float, ms_each: float, busy: float = 0.6) -> float:
    """Cores for `per_s` things a second of `ms_each` processor milliseconds, kept `busy` for this share of the time."""
    return per_s * ms_each / 1000 / busy


def main() -> None:
    """`queueing.py INTAKE_MS WORK_MS`: a table for 1, 10, 1,000 uploads a second."""
    intake_ms, work_ms = (float(one) for one in sys.argv[1:3])
    for per_s in (1, 10, 100, 1000):
        workers = max(1, round(cores(per_s, work_ms)))
        waiting = simulate(per_s, work_ms / 1000, workers)
        print(
            f"{per_s:5d}/s  intake {cores(per_s, intake_ms):7.2f} cores  work {cores(per_s, work_ms):8.2f} cores, "
            f"{workers} workers: "
            f"p95 {waiting.p95_s:8.2f} s, busy {waiting.busy:.2f}"
        )


if __name__ == "__main__":
    main()
