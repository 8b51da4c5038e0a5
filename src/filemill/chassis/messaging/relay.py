"""The relay: the only one who publishes. Outbox -> broker, confirmed, then marked sent.

Killed between publishing and marking, it publishes again: the consumers' inboxes swallow the second copy. A claim of a
relay that died on this machine is freed at once, one elsewhere when its lease ends. With the broker away the loop fails and
is started again, for ever; the events wait in the outbox and nobody who writes notices.
"""

import asyncio
import time

import structlog

from filemill.chassis import process_identity
from filemill.chassis.clock import now
from filemill.chassis.crash_points import broken, crash_point
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.messaging import inbox, outbox, wire
from filemill.chassis.messaging.transport import Transport
from filemill.chassis.resilience.ending import to_its_end
from filemill.chassis.telemetry import metrics, request_context, spans, tracing
from filemill.contracts.envelope import Event
from filemill.contracts.topics import EXCHANGE

BATCH_MOST = 100
LEASE_S = 30.0
PACE_S = 0.01
"""From the end of a round to the next: what is written meanwhile goes together, so a busy writer pays for rounds by the
second and not by the event, and each of its requests waits less for the work of the one before. A lone event waits for none."""
IDLE_S = 2.0
"""How long an idle relay waits before it looks by itself: only for rows whose writer died before waking it."""
SWEEP_EVERY_S = 600.0
SWEPT_MOST = 1000
BEHIND_S = 1.0
"""From one sweep to the next while there is more: what is kept must not grow with the load."""

_log = structlog.get_logger()


class Relay:
    """Publishes what this service's outbox holds."""

    def __init__(self, database: Database, transport: Transport, pace_s: float = PACE_S) -> None:
        self._database = database
        self._pace_s = pace_s
        self._transport = transport
        self._wake = asyncio.Event()
        self._sweep_at_s = float("-inf")
        database.on_commit(outbox.MARK, self._wake.set)

    async def run(self) -> None:
        """Publish for ever."""
        while True:
            self._wake.clear()
            published = await to_its_end(self.publish_some())
            await self._sweep()
            if published == BATCH_MOST:
                continue
            if published:
                await asyncio.sleep(self._pace_s)
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._wake.wait()
            except TimeoutError:
                await self._free_the_dead()

    async def publish_some(self) -> int:
        """Publish one batch; returns how many events that were."""
        waiting = await self._database.read(outbox.unsent)
        metrics.OUTBOX_WAITING.set(waiting)
        if not waiting:
            return 0
        rows = await self._database.write_unsynced(
            "relay.claim", outbox.claim, process_identity.me(), BATCH_MOST, LEASE_S
        )
        if not rows:
            return 0
        if broken("confirm"):
            await self._mark(rows)
        try:
            began_s = time.perf_counter()
            crash_point("relay.publish.before")
            await self._transport.publish([row.event for row in rows])
            crash_point("relay.publish.after")
            took_s = time.perf_counter() - began_s
        except BaseException:
            # Not confirmed, or stopped in between: the next try must not wait for the end of this claim.
            await self._free(process_identity.me())
            raise
        await self._mark(rows)
        metrics.RELAYED.inc(len(rows))
        self._tell([row.event for row in rows], took_s)
        return len(rows)

    def _tell(self, events: list[Event], took_s: float) -> None:
        """A line a batch, and a span an event where these are kept."""
        _log.info(
            "messaging.events.published", count=len(events), duration_ms=round(took_s * 1000, 2),
            request_ids=wire.request_ids(events),
        )  # fmt: skip
        if not tracing.enabled():
            return
        published = now()
        for event in events:
            if event.traceparent is None:
                continue
            waited_s = (published - event.time).total_seconds() - took_s
            attributes: dict[str, str | float] = {
                "messaging.system": self._transport.system,
                "messaging.operation.name": "send",
                "messaging.operation.type": "send",
                "messaging.destination.name": EXCHANGE,
                "messaging.message.id": event.id,
                "filemill.event.type": event.type,
                "filemill.waited_ms": round(max(0.0, waited_s) * 1000, 2),
            }
            context = request_context.begin(event.requestid, event.traceparent)
            tracing.record(spans.SEND, attributes, duration_s=took_s, context=context)

    async def _mark(self, rows: list[outbox.OutboxRow]) -> None:
        await self._database.write_unsynced("relay.mark", outbox.mark_sent, [row.event.id for row in rows])

    async def _free_the_dead(self) -> None:
        for holder in await self._database.read(outbox.holders):
            if process_identity.is_dead(holder):
                await self._free(holder)
                _log.info("messaging.relay.freed", holder=holder)
                self._wake.set()

    async def _free(self, holder: str) -> None:
        await self._database.write_unsynced("relay.release", outbox.release, holder)

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._sweep_at_s:
            return
        is_behind = await self._database.write_unsynced("relay.sweep", _sweep_some)
        self._sweep_at_s = loop.time() + (BEHIND_S if is_behind else SWEEP_EVERY_S)


def _sweep_some(tx: Tx) -> bool:
    """Forget some of what is past its time; whether there may be more."""
    swept = outbox.sweep(tx, SWEPT_MOST), inbox.sweep(tx, SWEPT_MOST)
    return 2 * max(swept) > SWEPT_MOST  # of the oldest rows of the outbox one may have been sent again
