"""The dispatcher: takes deliveries that are due, sends them, writes down what came of it. One in each instance.

A try that was sent and not written down (the process died in between) is sent again with the same `webhook-id` and body:
at least once, and the receiver can tell. On failure of the database: the lease ends, and the delivery is claimed anew.
"""

import asyncio
import contextlib

import structlog

from filemill.chassis import process_identity
from filemill.chassis.clock import now, unix_s
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import StorageFull, Unavailable
from filemill.chassis.messaging import wire
from filemill.chassis.sealing import Seal, Unreadable
from filemill.chassis.telemetry import request_context, spans, tracing
from filemill.notification import claims_repository, counting, deliveries_repository, notices, webhooks_repository
from filemill.notification.claims_repository import Claimed, Limits
from filemill.notification.deliveries_repository import Outcome
from filemill.notification.schedule import WAITS_S, rest_s, wait_s
from filemill.notification.sending import Message, Sender

LOOK_EVERY_S = 1.0
"""Retries become due by themselves, and other instances ring no bell here."""
GONE_STATUS = 410

_log = structlog.get_logger()


class Dispatcher:
    """Sends what is due, a bounded number at once."""

    def __init__(self, database: Database, sender: Sender, seal: Seal, limits: Limits) -> None:
        self._database = database
        self._sender = sender
        self._seal = seal
        self._limits = limits
        self._sending: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        database.on_commit(deliveries_repository.MARK, self._news.set)

    async def run(self) -> None:
        """Deliver for ever."""
        try:
            while True:
                self._news.clear()
                if not await self._fill():
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_EVERY_S):
                            await self._news.wait()
        finally:
            for task in self._sending:
                task.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)

    async def _fill(self) -> int:
        """Claim as much as there is room for and begin to send it; returns how many those were."""
        free = self._limits.most - len(self._sending)
        if free <= 0 or not await self._database.read(claims_repository.is_due):
            return 0
        limits = Limits(free, self._limits.per_host, self._limits.per_webhook, self._limits.per_owner)
        holder = process_identity.me()
        claimed = await self._database.write_unsynced(
            "notification.webhooks.claim", claims_repository.claim, holder, limits
        )
        for one in claimed:
            task = asyncio.create_task(self._deliver(one))
            self._sending.add(task)
            task.add_done_callback(self._ended)
        counting.IN_FLIGHT.set(len(self._sending))
        return len(claimed)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._sending.discard(task)
        counting.IN_FLIGHT.set(len(self._sending))
        self._news.set()

    async def _deliver(self, one: Claimed) -> None:
        try:
            await self.attempt(one)
        except (Unavailable, StorageFull) as error:
            _log.warning("webhooks.delivery.unsettled", delivery_id=one.delivery_id, problem=error.detail)
        except Exception:  # noqa: BLE001 - one delivery must not take the others along; its lease brings it back
            _log.exception("webhooks.delivery.broken", delivery_id=one.delivery_id)

    async def attempt(self, one: Claimed) -> Outcome:
        """One try, written down. It belongs to the request that the event comes from."""
        event = wire.decode(one.body)
        with request_context.within(request_context.begin(event.requestid, event.traceparent)):
            return await self._attempt(one)

    async def _attempt(self, one: Claimed) -> Outcome:
        try:
            outcome = await self._send(one)
        except Unreadable:
            outcome = Outcome(None, 0.0, None, notices.DETAILS[notices.SECRET_UNREADABLE])
            await self._database.write("notification.webhooks.unreadable", _unreadable, one, outcome)
            return outcome
        crash_point("notification.webhooks.sent")
        state = await self._database.write("notification.webhooks.settle", settle, one, outcome)
        counting.TRIES.labels(outcome=state).inc()
        _log.info(
            "webhooks.delivery.tried", delivery_id=one.delivery_id, webhook_id=one.webhook_id, event_id=one.event_id,
            tries=one.attempts, status=outcome.status_code, duration_ms=outcome.duration_ms, outcome=state,
        )  # fmt: skip
        return outcome

    async def _send(self, one: Claimed) -> Outcome:
        attributes: dict[str, str | int] = {
            "http.request.method": "POST",
            "filemill.webhook.id": one.webhook_id,
            "filemill.attempt": one.attempts,
        }
        with tracing.span(spans.WEBHOOK, attributes) as span:
            ids = request_context.context_headers()
            outcome = await self._sender.send(Message(one.url, one.event_id, one.body, self._secrets(one), ids))
            span.note({"http.response.status_code": outcome.status_code})
            span.note({"filemill.outcome": "taken" if outcome.went_well else "refused"})
            if not outcome.went_well:
                span.fail(str(outcome.status_code or "no-answer"))
            return outcome

    def _secrets(self, one: Claimed) -> list[str]:
        secrets = [self._seal.open(one.secret)]
        if one.old_secret and one.old_secret_until and one.old_secret_until > now():
            with contextlib.suppress(Unreadable):
                secrets.append(self._seal.open(one.old_secret))
        return secrets


def settle(tx: Tx, one: Claimed, outcome: Outcome) -> str:
    """Write what came of a try, and what follows for the webhook; returns what became of the delivery."""
    if one.cause == "test":
        state = "done" if outcome.went_well else "failed"
        return state if deliveries_repository.settle(tx, one.delivery_id, one.fence, outcome, state) else "not-ours"
    again_s = None if outcome.went_well else wait_s(one.attempts, outcome.asked_s)
    state = "done" if outcome.went_well else "failed" if again_s is None else "queued"
    gone = outcome.status_code == GONE_STATUS
    if gone:
        state = "failed"
    if not deliveries_repository.settle(tx, one.delivery_id, one.fence, outcome, state, again_s or 0.0):
        return "not-ours"  # another has it by now, or it is gone: nothing may be said about it
    if outcome.went_well:
        webhooks_repository.went_well(tx, one.webhook_id)
        return state
    failures, last_success_s = webhooks_repository.failed(tx, one.webhook_id)
    webhooks_repository.rest(tx, one.webhook_id, rest_s(failures, outcome.asked_s))
    if gone:
        notices.disable(tx, one.webhook_id, notices.GONE)
    elif state == "failed" and last_success_s < unix_s() - WAITS_S[-1]:
        # One that takes others meanwhile works: one bad event must not stop them.
        notices.disable(tx, one.webhook_id, notices.RETRIES_USED_UP)
    return state


def _unreadable(tx: Tx, one: Claimed, outcome: Outcome) -> None:
    state = "failed" if one.cause == "test" else "queued"
    if deliveries_repository.settle(tx, one.delivery_id, one.fence, outcome, state):
        notices.disable(tx, one.webhook_id, notices.SECRET_UNREADABLE)
