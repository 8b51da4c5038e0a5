"""OpenTelemetry spans, exported over OTLP/HTTP when an endpoint is configured; otherwise no cost but a check.

The file's own timeline does not need this: it is built from events. Spans are for teams with a tracing backend.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Protocol, runtime_checkable

from opentelemetry import trace
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from filemill import __version__
from filemill.chassis.telemetry import request_context
from filemill.chassis.telemetry.request_context import RequestContext

FLUSH_MS = 2_000
"""A collector that does not answer must not hold up a stop for longer."""


@runtime_checkable
class _Flushable(Protocol):
    def force_flush(self, timeout_millis: int) -> bool: ...


_propagator = TraceContextTextMapPropagator()
_enabled = False
_NO_SPAN = nullcontext()


def configure(service: str, endpoint: str | None) -> None:
    """Export this process's spans to the collector at `endpoint`, in the background, in batches. None: do nothing."""
    global _enabled
    if not endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": f"filemill-{service}", "service.version": __version__})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    _enabled = True


def flush() -> None:
    """Send what is not sent yet: the process is about to end."""
    provider = trace.get_tracer_provider()
    if _enabled and isinstance(provider, _Flushable):
        provider.force_flush(FLUSH_MS)


def span(
    name: str, kind: SpanKind = SpanKind.INTERNAL, **attributes: str | int | float
) -> AbstractContextManager[None]:
    """A span around the block, child of the current context; the context inside is the span's own."""
    context = request_context.current()
    if not _enabled or context is None:
        return _NO_SPAN
    return _span(context, name, kind, attributes)


@contextmanager
def _span(
    context: RequestContext, name: str, kind: SpanKind, attributes: Mapping[str, str | int | float]
) -> Iterator[None]:
    parent = _propagator.extract({"traceparent": context.traceparent})
    tracer = trace.get_tracer("filemill")
    with tracer.start_as_current_span(name, context=parent, kind=kind, attributes=attributes):
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        with request_context.within(replace(context, traceparent=carrier.get("traceparent", context.traceparent))):
            yield
