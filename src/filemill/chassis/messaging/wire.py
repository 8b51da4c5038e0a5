"""Events to bytes and back: CloudEvents JSON. One place, so that every transport carries the same body."""

from collections.abc import Iterable
from typing import Any

import orjson

from filemill.chassis.clock import now
from filemill.chassis.ids import new_id
from filemill.chassis.telemetry import request_context
from filemill.contracts.envelope import EVENT_MAX_BYTES, Event
from filemill.contracts.model import Contract
from filemill.contracts.topics import Topic


def make_event(source: str, topic: Topic, file_id: str, data: Contract) -> Event:
    """An event of `source` about a file, with the request and trace of the work at hand."""
    context = request_context.current()
    body: dict[str, Any] = data.model_dump(mode="json", exclude_none=True)
    return Event(
        id=new_id(),
        source=f"/filemill/{source}",
        type=topic.value,
        subject=file_id,
        time=now(),
        data=body,
        traceparent=context.traceparent if context else None,
        requestid=context.request_id if context else None,
    )


def encode(event: Event) -> bytes:
    """The body on the wire. Raises `ValueError` over 64 KB: a bug of the publisher, a retry is useless."""
    body = event.model_dump_json(exclude_none=True).encode()
    if len(body) > EVENT_MAX_BYTES:
        raise ValueError(f"event {event.type} is {len(body)} bytes; events carry keys and digests, at most 64 KB")
    return body


def decode(body: bytes | str) -> Event:
    """The event in a body. Raises `ValueError` (pydantic's or orjson's) for anything that is none."""
    return Event.model_validate(orjson.loads(body))


def request_ids(events: Iterable[Event]) -> list[str]:
    """The requests these come from, each once: a batch has one line in the log, and each of them finds it."""
    return list(dict.fromkeys(event.requestid for event in events if event.requestid))
