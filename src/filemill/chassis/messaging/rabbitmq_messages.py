"""Events as AMQP messages: the CloudEvents body, the trace in a header, and our own headers on what failed before.

Headers of a delivery are never copied as they are: the broker's own (`x-death`) would make it take a second retry for a loop.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractIncomingMessage

from filemill.chassis.clock import now
from filemill.chassis.messaging import wire
from filemill.chassis.messaging.rabbitmq_topology import DELIVERIES_MOST
from filemill.contracts.envelope import Event
from filemill.contracts.health import ParkedMessage
from filemill.contracts.model import rfc3339

CONTENT_TYPE = "application/cloudevents+json"
TRIES = "filemill-tries"
"""Tries spent before the message was put where it is."""
REASON = "filemill-reason"
PARKED_AT = "filemill-parked-at"
REASON_MOST = 2000


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message this process holds. `spent` counts the tries before this one."""

    message: AbstractIncomingMessage
    queue: str
    event: Event
    spent: int

    @property
    def sent_at(self) -> datetime:
        """When it was published."""
        return self.message.timestamp or self.event.time


def of_event(event: Event) -> Message:
    """A fresh message. Raises `ValueError` over 64 KB."""
    return Message(
        wire.encode(event),
        content_type=CONTENT_TYPE,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=event.id,
        timestamp=now(),
        type=event.type,
        app_id="filemill",
        headers={"traceparent": event.traceparent} if event.traceparent else {},
    )


def again(message: AbstractIncomingMessage, **headers: Any) -> Message:
    """A copy to be put somewhere else, with these headers of ours and no others."""
    trace = message.headers.get("traceparent")
    return Message(
        message.body,
        content_type=message.content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=identity(message),
        timestamp=message.timestamp,
        type=message.type,
        app_id=message.app_id,
        headers={**({"traceparent": trace} if trace else {}), **headers},
    )


def tried(message: AbstractIncomingMessage, spent: int, reason: str = "") -> Message:
    """A copy that remembers its tries."""
    headers: dict[str, Any] = {TRIES: spent} if spent else {}
    return again(message, **headers | ({REASON: reason[:REASON_MOST]} if reason else {}))


def set_aside(message: AbstractIncomingMessage, tries: int, reason: str) -> Message:
    """A copy for the parking queue."""
    return again(message, **{TRIES: tries, REASON: reason[:REASON_MOST], PARKED_AT: rfc3339(now())})


def number(headers: Mapping[str, Any], name: str) -> int:
    """A header that counts something; 0 if it is missing or somebody else's idea of a number."""
    value = headers.get(name)
    return value if isinstance(value, int) else 0


def identity(message: AbstractIncomingMessage) -> str:
    """The event's id; for a body that is no event, and has no id, one made from its bytes."""
    return message.message_id or f"unreadable-{hashlib.sha256(message.body).hexdigest()[:16]}"


def shown(message: AbstractIncomingMessage, queue: str) -> ParkedMessage:
    """A parked message as an operator sees it."""
    headers = message.headers
    # Without our header it was the broker that gave up.
    reason = str(headers.get(REASON) or f"nobody settled it in {DELIVERIES_MOST} deliveries")
    try:
        event = wire.decode(message.body)
        kind, file_id, trace = event.type, event.subject, event.traceparent
    except ValueError:
        kind, file_id, trace = message.type or "unreadable", None, None
    return ParkedMessage(
        id=identity(message),
        queue=queue,
        type=kind,
        file_id=file_id,
        tries=number(headers, TRIES) or DELIVERIES_MOST,
        reason=reason,
        parked_at=str(headers.get(PARKED_AT) or rfc3339(_given_up_at(message))),
        trace_id=trace[3:35] if trace else None,
        retry_command=f"filemill parked retry {identity(message)}",
    )


def _given_up_at(message: AbstractIncomingMessage) -> datetime:
    deaths = message.headers.get("x-death")
    newest = deaths[0] if isinstance(deaths, list) and deaths else {}
    at = newest.get("time") if isinstance(newest, dict) else None
    return at.astimezone(UTC) if isinstance(at, datetime) else message.timestamp or now()
