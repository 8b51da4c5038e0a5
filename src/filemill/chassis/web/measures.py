"""What is counted only when a scraper asks: queues, the outbox, jobs. Nothing of it costs anything in between.

On failure: what could not be counted in time is absent from that answer, never old, and a counter says so.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from prometheus_client import Counter, Gauge

from filemill.chassis.database.database import Database, Tx
from filemill.chassis.messaging import outbox
from filemill.chassis.messaging.transport import ParkingLot
from filemill.contracts.topics import queues_of

Ages = tuple[str, str, int, float]
"""Lane, state, how many, seconds since the oldest was asked for."""
PATIENCE_S = 1.0
"""Prometheus gives a scrape ten seconds; a database that is away must not take the other figures along."""

QUEUE_MESSAGES = Gauge(
    "filemill_queue_messages",
    "Events in a queue: waiting, leased to a consumer, or parked after their last try.",
    ["queue", "state"],
)
QUEUE_OLDEST = Gauge("filemill_queue_oldest_seconds", "How long the oldest waiting event has waited.", ["queue"])
OUTBOX_OLDEST = Gauge("filemill_outbox_oldest_seconds", "How long ago the oldest event that is not published happened.")
JOBS_OPEN = Gauge("filemill_jobs_open", "Jobs that are queued or running.", ["kind", "lane", "state"])
JOBS_OLDEST = Gauge(
    "filemill_jobs_oldest_seconds", "How long ago the oldest of these was asked for.", ["kind", "lane", "state"]
)
FAILURES = Counter("filemill_measure_failures_total", "What could not be counted for a scraper in time.", ["what"])


@dataclass(frozen=True, slots=True)
class Measures:
    """The figures of one service. `jobs`: their kind, and what counts them (`JobQueue.ages`), where it has any."""

    service: str
    database: Database
    parking: ParkingLot
    jobs: tuple[str, Callable[[Tx], Sequence[Ages]]] | None = None

    async def take(self) -> None:
        """Count all of it, side by side."""
        asked: list[tuple[str, tuple[Gauge, ...], Callable[[], Awaitable[None]]]] = [
            ("queues", (QUEUE_MESSAGES, QUEUE_OLDEST), self._queues),
            ("outbox", (), self._outbox),
        ]
        if self.jobs is not None:
            asked.append(("jobs", (JOBS_OPEN, JOBS_OLDEST), self._jobs))
        await asyncio.gather(*[self._one(*one) for one in asked])

    async def _one(self, what: str, gauges: tuple[Gauge, ...], count: Callable[[], Awaitable[None]]) -> None:
        for gauge in gauges:
            gauge.clear()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await count()
        except Exception:  # noqa: BLE001 - whatever is away: the other figures are worth having, and this is counted
            FAILURES.labels(what=what).inc()

    async def _queues(self) -> None:
        for queue in queues_of(self.service):
            depth = await self.parking.depth(queue)
            for state, count in (("waiting", depth.waiting), ("leased", depth.leased), ("parked", depth.parked)):
                QUEUE_MESSAGES.labels(queue=queue, state=state).set(count)
            QUEUE_OLDEST.labels(queue=queue).set(depth.oldest_s)

    async def _outbox(self) -> None:
        OUTBOX_OLDEST.set(await self.database.read(outbox.oldest_s))

    async def _jobs(self) -> None:
        assert self.jobs is not None
        kind, ages = self.jobs
        for lane, state, count, age_s in await self.database.read(ages):
            JOBS_OPEN.labels(kind=kind, lane=lane, state=state).set(count)
            JOBS_OLDEST.labels(kind=kind, lane=lane, state=state).set(age_s)
