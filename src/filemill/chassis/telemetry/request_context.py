"""Which request, trace and actor the present work belongs to; carried by context variables, events and headers.

The W3C `traceparent` is kept even when no tracing backend is configured: logs, events and the timeline use its trace id.
Source: W3C Trace Context, level 1.
"""

import os
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from filemill.chassis.ids import new_id

_dice = random.Random()  # noqa: S311 - a trace id is no secret, and the system's source lets go of the interpreter's lock
# The mill forks its processes after the imports: with one state of the dice all of them would make the same ids.
os.register_at_fork(after_in_child=_dice.seed)
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SILENT_EDGE = "filemill=edge"
"""As `tracestate`: the trace was begun by an edge that exports no spans (NGINX)."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Ids of the work at hand. `identity` is the token that proves who asked, for services that are asked in turn.

    `begun_here`: whoever is named as the parent exports no spans, so the first one of this context is that parent.
    """

    request_id: str
    traceparent: str
    identity: str | None = field(default=None, repr=False)
    begun_here: bool = False

    @property
    def trace_id(self) -> str:
        return self.traceparent[3:35]

    @property
    def is_sampled(self) -> bool:
        """Whether whoever began the trace wants it kept (the lowest bit of the flags)."""
        return self.traceparent[-1] in "13579bdf"


_current: ContextVar[RequestContext | None] = ContextVar("filemill_request", default=None)


def current() -> RequestContext | None:
    """The context of the work at hand; None outside of any request, event or job."""
    return _current.get()


def enter(context: RequestContext) -> None:
    """Make `context` current for the rest of this task."""
    _current.set(context)


def identify(identity: str | None) -> None:
    """Remember for the rest of this request by which token its caller is known."""
    context = _current.get()
    if context is not None and identity is not None:
        _current.set(replace(context, identity=identity))


def context_headers() -> dict[str, str]:
    """The ids of the work at hand as headers of a call to another service; none outside of any work."""
    context = _current.get()
    return {"X-Request-ID": context.request_id, "traceparent": context.traceparent} if context else {}


@contextmanager
def within(context: RequestContext) -> Iterator[None]:
    """Make `context` current inside the block."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


def begin(
    request_id: str | None = None, traceparent: str | None = None, tracestate: str | None = None
) -> RequestContext:
    """A context for incoming work: valid ids are kept, missing or malformed ones are made."""
    if request_id is None or not _REQUEST_ID.fullmatch(request_id):
        request_id = new_id()
    if traceparent is None or not _is_valid(traceparent):
        traceparent = f"00-{_dice.getrandbits(128):032x}-{_dice.getrandbits(64):016x}-01"
        return RequestContext(request_id, traceparent, begun_here=True)
    return RequestContext(request_id, traceparent, begun_here=tracestate == SILENT_EDGE)


def _is_valid(traceparent: str) -> bool:
    match = _TRACEPARENT.fullmatch(traceparent)
    return match is not None and set(match[1]) != {"0"} and set(match[2]) != {"0"}
