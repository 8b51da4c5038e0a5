"""Who asks and under which name the request is followed: request id and W3C trace context.

The edge is where both begin. A client's request id is kept when it is harmless in a log and a header; a client's
trace is continued when it is valid (https://www.w3.org/TR/trace-context/), otherwise a new one starts here.
On failure: nothing fails; what is not valid is replaced.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

import uuid_utils

from filemill.gateway.heads import Head

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
SAMPLED = 0x01


@dataclass(frozen=True)
class Identity:
    request_id: str
    traceparent: str
    continues_trace: bool  # the client's trace goes on, so its tracestate may go with it
    parent: str | None = None  # the client's traceparent, where the edge has a span of its own below it

    @property
    def trace_id(self) -> str:
        return self.traceparent[3:35]


def identify(head: Head, sample_ratio: float, *, own_span: bool = False) -> Identity:
    """Take over or create the request id and the trace; `sample_ratio` is the share of new traces that are kept.

    `own_span`: the edge exports spans, so what goes on is the id of its own.
    """
    ids = head.values(b"x-request-id")
    accepted = len(ids) == 1 and REQUEST_ID.fullmatch(ids[0])
    request_id = ids[0].decode("ascii") if accepted else new_request_id()
    parents = head.values(b"traceparent")
    continued = _continued(parents[0]) if len(parents) == 1 else None
    if continued is None:
        return Identity(request_id, _new_trace(sample_ratio), False)
    own = f"{continued[:36]}{os.urandom(8).hex()}{continued[52:]}" if own_span else continued
    return Identity(request_id, own, True, continued)


def new_request_id() -> str:
    return str(uuid_utils.uuid7())


def _continued(value: bytes) -> str | None:
    """The traceparent to pass on, or None when it is not valid.

    A version from the future is written down
    to the one we know, with only the flag we know.
    """
    match = TRACEPARENT.fullmatch(value)
    if match is None:
        return None
    version, trace, span, flags, rest = match.groups()
    if version == b"ff" or (version == b"00" and rest is not None) or not trace.strip(b"0") or not span.strip(b"0"):
        return None
    if version == b"00":
        return value.decode("ascii")
    return f"00-{trace.decode()}-{span.decode()}-{int(flags, 16) & SAMPLED:02x}"


def _new_trace(sample_ratio: float) -> str:
    """A new trace; the decision hangs on the id itself, so that every part of the mill would decide the same."""
    random = os.urandom(24)
    sampled = int.from_bytes(random[9:16], "big") < sample_ratio * (1 << 56)
    return f"00-{random[:16].hex()}-{random[16:].hex()}-{SAMPLED if sampled else 0:02x}"
