"""Faults of the work, where somebody can switch them on: a worker that dies, one that is slow, a file that breaks every try.

See `chassis.faults`. A worker dies as by `kill -9`: what it held is found by the others when its lease, or it, is gone.
"""

import asyncio
import os
import signal
from dataclasses import dataclass
from typing import Any

from filemill.chassis import faults
from filemill.chassis.jobs.table import ClaimedJob
from filemill.chassis.jobs.worker import Progress, Runner

SLOW_S = 10.0
POISON = "poison"


def with_faults(runner: Runner) -> Runner:
    """What runs a job, looking at the switches first where there are any."""
    return _Faulty(runner) if faults.possible() else runner


@dataclass(frozen=True, slots=True)
class _Faulty:
    runner: Runner

    async def __call__(self, job: ClaimedJob, progress: Progress) -> Any:
        """Raises what the runner raises."""
        # Not at a second try: five deaths would park every job, and there would be nothing left to heal by itself.
        if job.attempts == 1 and faults.is_on("worker-crash"):
            os.kill(os.getpid(), signal.SIGKILL)
        if POISON in str(job.payload.get("filename", "")).lower() and faults.is_on("poison-file"):
            raise RuntimeError("this file breaks each try: the fault poison-file is on")
        if faults.is_on("worker-slow"):
            await asyncio.sleep(SLOW_S)
        return await self.runner(job, progress)
