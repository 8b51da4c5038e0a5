"""OpenTelemetry spans, exported over OTLP/HTTP when an endpoint is configured; otherwise no cost but a check.

The file's own timeline does not need this: it is built from events. Spans are for teams with a tracing backend.
A trace that begins in this process begins with a span of its own: the ids that `request_context` made up become that span's,
so that nothing has a parent nobody exported. So does a trace that NGINX began, which exports nothing (`begun_here`).
On failure of the collector: spans are lost, nothing else.
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from filemill import __version__
from filemill.chassis.telemetry import request_context
from filemill.chassis.telemetry.request_context import RequestContext
from filemill.chassis.telemetry.spans import SpanType

FLUSH_MS = 2_000
"""A collector that does not answer must not hold up a stop for longer."""
Attributes = Mapping[str, str | int | float]
Learnt = Mapping[str, str | int | float | None]


@runtime_checkable
class _Flushable(Protocol):
    def force_flush(self, timeout_millis: int) -> bool: ...


class Span:
    """What is going on, for whoever learns more about it before it ends. This one is nobody's: tracing is off."""

    def note(self, attributes: Learnt) -> None:
        """More about it; None is left out. What its name is made of may be among these."""

    def fail(self, why: str) -> None:
        """It did not end well. `why`: a code, never somebody's words."""


class _RealSpan(Span):
    def __init__(self, kind: SpanType, attributes: Attributes, span: trace.Span) -> None:
        self._kind = kind
        self._attributes = dict(attributes)
        self._span = span

    def note(self, attributes: Learnt) -> None:
        for name, value in attributes.items():
            if value is not None:
                self._attributes[name] = value
                self._span.set_attribute(name, value)
        self._span.update_name(_named(self._kind, self._attributes))

    def fail(self, why: str) -> None:
        self._span.set_status(Status(StatusCode.ERROR, why))


_propagator = TraceContextTextMapPropagator()
_enabled = False
_NO_SPAN: AbstractContextManager[Span] = nullcontext(Span())
_FIELD = re.compile(r"\{([a-z._]+)\}")
_given: ContextVar[tuple[int, int] | None] = ContextVar("filemill_span_ids", default=None)
"""Trace and span id of the span that is being made, where they are known already."""


def configure(service: str, endpoint: str | None) -> None:
    """Export this process's spans to the collector at `endpoint`, in the background, in batches. None: do nothing."""
    global _enabled
    if not endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            given = _given.get()
            return given[0] if given is not None else super().generate_trace_id()

        def generate_span_id(self) -> int:
            given = _given.get()
            return given[1] if given is not None else super().generate_span_id()

    resource = Resource.create({"service.name": f"filemill-{service}", "service.version": __version__})
    provider = TracerProvider(resource=resource, id_generator=Ids())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    _enabled = True


def enabled() -> bool:
    """Whether spans are exported; for what is not worth preparing otherwise."""
    return _enabled


def flush() -> None:
    """Send what is not sent yet: the process is about to end."""
    provider = trace.get_tracer_provider()
    if _enabled and isinstance(provider, _Flushable):
        provider.force_flush(FLUSH_MS)


def span(kind: SpanType, attributes: Attributes) -> AbstractContextManager[Span]:
    """A span around the block, child of the current context; the context inside is the span's own."""
    context = request_context.current()
    if not _enabled or context is None:
        return _NO_SPAN
    return _span(context, kind, attributes)


@contextmanager
def _span(context: RequestContext, kind: SpanType, attributes: Attributes) -> Iterator[Span]:
    parent, given = _place(context)
    token = _given.set(given)
    try:
        made = trace.get_tracer("filemill").start_span(
            _named(kind, attributes), context=parent, kind=kind.kind, attributes=attributes
        )
    finally:
        _given.reset(token)
    # Of an exception its kind alone: its words may be a user's.
    with trace.use_span(made, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        traceparent = carrier.get("traceparent", context.traceparent)
        with request_context.within(replace(context, traceparent=traceparent, begun_here=False)):
            try:
                yield _RealSpan(kind, attributes, made)
            except BaseException as error:
                made.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise


def record(
    kind: SpanType,
    attributes: Attributes,
    *,
    duration_s: float,
    context: RequestContext | None = None,
    traceparent: str | None = None,
    failed: str | None = None,
) -> None:
    """A span of something that has just ended; child of `context`, or of the present one.

    `traceparent`: the ids it was known by while it went on.
    """
    context = context or request_context.current()
    if not _enabled or context is None:
        return
    ended_ns = time.time_ns()
    parent, given = _place(context)
    token = _given.set(_ids(traceparent) if traceparent is not None else given)
    try:
        made = trace.get_tracer("filemill").start_span(
            _named(kind, attributes),
            context=parent,
            kind=kind.kind,
            attributes=attributes,
            start_time=ended_ns - int(duration_s * 1e9),
        )
    finally:
        _given.reset(token)
    if failed is not None:
        made.set_status(Status(StatusCode.ERROR, failed))
    made.end(ended_ns)


def exemplar() -> dict[str, str] | None:
    """What links a measurement to the trace it was made in; None where that is not kept."""
    context = request_context.current()
    if not _enabled or context is None or not context.is_sampled:
        return None
    return {"trace_id": context.trace_id, "span_id": context.traceparent[36:52]}


def _place(context: RequestContext) -> tuple[Context, tuple[int, int] | None]:
    """Below whom a span stands, and its ids where they are known before it is made."""
    if context.begun_here and context.is_sampled:
        return Context(), _ids(context.traceparent)
    return _propagator.extract({"traceparent": context.traceparent}, context=Context()), None


def _ids(traceparent: str) -> tuple[int, int]:
    return int(traceparent[3:35], 16), int(traceparent[36:52], 16)


def _named(kind: SpanType, attributes: Mapping[str, Any]) -> str:
    """A part that is not known (the route of a request nobody has) is left out."""
    return _FIELD.sub(lambda field: str(attributes.get(field[1], "")), kind.name).strip()
