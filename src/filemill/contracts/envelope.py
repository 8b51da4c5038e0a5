"""The event envelope: CloudEvents 1.0 in JSON structured mode, with the trace and the request that caused the event.

Source: CloudEvents specification 1.0.2 and its distributed-tracing extension (`traceparent`). `requestid` is ours.
An event is at most 64 KB: it carries keys and digests, never content.
"""

from typing import Any, Literal

from filemill.contracts.ids import Id
from filemill.contracts.model import Contract, Time

EVENT_MAX_BYTES = 64 * 1024


class Event(Contract):
    """One thing that happened to one file. `subject` is the file's id; `id` is what an inbox remembers."""

    specversion: Literal["1.0"] = "1.0"
    id: Id
    source: str
    type: str
    subject: str
    time: Time
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, Any]
    traceparent: str | None = None
    requestid: str | None = None
