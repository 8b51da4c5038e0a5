"""The consumer: takes events from one queue and gives each to its handler, inbox row and effect in one transaction.

A handler is a plain function of the transaction and the event: it can touch nothing but the database, so running it twice
is impossible to notice. Messages are handled in batches that share a commit; if one of a batch fails, each is tried alone.
A message that fails five times (a killed process counts) is parked with its reason, and the others go on.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from filemill.chassis.crash_points import crash_point, paused
from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.errors import StorageFull, Unavailable
from filemill.chassis.messaging import inbox, wire
from filemill.chassis.messaging.transport import Delivery, Transport
from filemill.chassis.resilience.ending import to_its_end
from filemill.chassis.telemetry import metrics, request_context, spans, tracing
from filemill.contracts.envelope import Event

Handler = Callable[[Tx, Event], None]

BATCH_MOST = 50
LEASE_S = 30.0
IDLE_S = 2.0
TRIES_MOST = 5
RETRY_FIRST_S = 0.5
RETRY_LONGEST_S = 30.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Consumer:
    """One queue's consumer. `after` is told of the events whose effect was committed, outside the transaction.

    `silenced` says of an event that it comes too late to have an effect: its file is gone for good. `renamed` is the event
    without the names of owners who were erased meanwhile.
    """

    queue: str
    transport: Transport
    database: Database
    handlers: Mapping[str, Handler]
    after: Callable[[list[Event]], None] | None = None
    silenced: Callable[[Tx, Event], bool] | None = None
    renamed: Callable[[Tx, Event], Event] | None = None

    async def run(self) -> None:
        """Consume for ever."""
        while True:
            if paused("consumers") or not await to_its_end(self.consume_some()):
                await self.transport.wait(self.queue, IDLE_S)

    async def consume_some(self) -> int:
        """Handle one batch; returns how many messages were taken."""
        metrics.CONSUMER_LOOKED.labels(queue=self.queue).set_to_current_time()
        taken = await self.transport.take(self.queue, BATCH_MOST, LEASE_S)
        if not taken:
            return 0
        crash_point("consumer.taken")
        for delivery in [one for one in taken if one.tries > TRIES_MOST]:
            await self._bury(delivery)
        fresh = [one for one in taken if one.tries == 1]
        # Suspects, which failed or killed somebody before, go alone: they cannot take others along.
        again = [one for one in taken if 1 < one.tries <= TRIES_MOST]
        if len(fresh) <= 1 or not await self._handle(fresh):
            again = fresh + again
        for delivery in again:
            await self._handle([delivery])
        return len(taken)

    async def _handle(self, deliveries: list[Delivery]) -> bool:
        """Handle these in one transaction and ack them. A lone failure is retried or parked; a batch's is reported."""
        try:
            done = await self.database.write(f"consumer.{self.queue}", self._effects, deliveries)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, the message must be kept and the loop go on
            if len(deliveries) > 1:
                return False
            await self._failed(deliveries[0], error)
            return True
        crash_point("consumer.unacked")
        await self.transport.ack(deliveries)
        crash_point("consumer.acked")
        metrics.CONSUMED.labels(queue=self.queue, outcome="done").inc(len(deliveries))
        metrics.CONSUMER_HANDLED.labels(queue=self.queue).set_to_current_time()
        if done:
            _log.info("messaging.events.handled", queue=self.queue, count=len(done), request_ids=wire.request_ids(done))
            if self.after:
                self.after(done)
        return True

    def _effects(self, tx: Tx, deliveries: list[Delivery]) -> list[Event]:
        done = []
        hold(tx, *{delivery.event.subject for delivery in deliveries})  # events fold into what is known of their file
        for delivery in deliveries:
            event = delivery.event
            handler = self.handlers.get(event.type)
            if handler is None or not inbox.first_time(tx, self.queue, event.id):
                continue  # a type this version does not know, or a copy
            if self.silenced is not None and self.silenced(tx, event):
                continue
            if self.renamed is not None:
                event = self.renamed(tx, event)
            context = request_context.begin(event.requestid, event.traceparent)
            with request_context.within(context), tracing.span(spans.PROCESS, self._described(event)):
                handler(tx, event)
            done.append(event)
        return done

    def _described(self, event: Event) -> dict[str, str]:
        return {
            "messaging.system": self.transport.system,
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": self.queue,
            "messaging.message.id": event.id,
            "filemill.event.type": event.type,
            "filemill.file.id": event.subject,
        }

    async def _failed(self, delivery: Delivery, error: Exception) -> None:
        event = delivery.event
        reason = f"{type(error).__name__}: {error}"
        away = isinstance(error, Unavailable | StorageFull)
        _log.warning(
            "messaging.event.failed", queue=self.queue, event_id=event.id, type=event.type, file_id=event.subject,
            tries=delivery.tries, request_id=event.requestid, error=reason, exc_info=not away,
        )  # fmt: skip
        metrics.CONSUMED.labels(queue=self.queue, outcome="failed").inc()
        if delivery.tries >= TRIES_MOST and not away:
            await self._give_up(delivery, reason)
            return
        pause_s = min(RETRY_LONGEST_S, RETRY_FIRST_S * 2**delivery.tries)
        delay_s = random.uniform(pause_s / 2, pause_s)  # noqa: S311 - jitter, not a secret
        await self.transport.retry(delivery, delay_s, reason, counts=not away)

    async def _bury(self, delivery: Delivery) -> None:
        """Every process that took it died: it is to blame, unless one of them had handled it and only its answer was lost."""
        if await self.database.read(inbox.seen, self.queue, delivery.event.id):
            await self.transport.ack([delivery])
        else:
            await self._give_up(delivery, "the process handling it died each time")

    async def _give_up(self, delivery: Delivery, reason: str) -> None:
        event = delivery.event
        metrics.CONSUMED.labels(queue=self.queue, outcome="parked").inc()
        _log.error("messaging.event.parked", queue=self.queue, event_id=event.id, file_id=event.subject, reason=reason)
        await self.transport.park(delivery, reason)
