"""Wakes workers that do not look for jobs by themselves (Celery's): one wake-up for each due job nobody holds.

A wake-up says "take the next job of this lane" and no more; which job that is the claim decides. So a lost, late or doubled
one harms nobody: a job still queued when its wake-up is `WOKEN_S` old gets another, and a wake-up without a job ends at
once. Several instances can run this side by side. With the broker away the loop fails and is started again.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from filemill.chassis.database.database import Database
from filemill.chassis.doorbell import Doorbell
from filemill.chassis.jobs.queue import JobQueue
from filemill.chassis.jobs.recovery import Recovery
from filemill.chassis.telemetry import metrics

WOKEN_S = 30.0
"""How long a wake-up counts as under way; the broker forgets it at the same age."""
UNDER_WAY_MOST = 1000
"""Per lane: a long backlog needs no more wake-ups than the workers can use in `WOKEN_S`."""
BATCH_MOST = 100
IDLE_S = 2.0

Send = Callable[[str, int], Awaitable[None]]
"""Send so many wake-ups to a lane; they are the broker's when it returns. Raises `Unavailable`."""


@dataclass(frozen=True, slots=True)
class Waker:
    """The loop of one service."""

    database: Database
    queue: JobQueue
    recovery: Recovery
    send: Send
    doorbell: Callable[[], Doorbell]

    async def run(self) -> None:
        """Wake for ever."""
        doorbell = self.doorbell()
        looked_s = 0.0
        try:
            while True:
                if time.monotonic() - looked_s > IDLE_S:
                    looked_s = time.monotonic()
                    await self.recovery.recover()
                while await self.wake_some():
                    pass
                await doorbell.wait(IDLE_S)
        finally:
            doorbell.close()

    async def wake_some(self) -> int:
        """One batch per lane; returns how many wake-ups were sent."""
        sent = 0
        for lane, (asleep, under_way) in (await self.database.read(self.queue.asleep)).items():
            most = min(BATCH_MOST, asleep, UNDER_WAY_MOST - under_way)
            if most > 0:
                sent += await self._wake(lane, most)
        return sent

    async def _wake(self, lane: str, most: int) -> int:
        woken = await self.database.write_unsynced("jobs.wake", self.queue.wake, lane, most, WOKEN_S)
        if not woken:
            return 0
        try:
            await self.send(lane, len(woken))
        except BaseException:
            # Not sent, or nobody knows: the next try must not wait until these are old.
            await self.database.write_unsynced("jobs.unwake", self.queue.unwake, woken)
            raise
        metrics.WAKE_UPS.labels(lane=lane).inc(len(woken))
        return len(woken)
