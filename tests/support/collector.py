"""An OTLP collector on a real socket: keeps the spans that it gets, as the protocol's own messages, and knows their tree."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage


@dataclass(frozen=True)
class Span:
    """A finished span as a collector sees it."""

    process: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]
    duration_ms: float


@dataclass
class Collector:
    """An OTLP/HTTP endpoint that keeps what it gets."""

    url: str
    spans: list[Span] = field(default_factory=list)

    def of(self, trace_id: str) -> list[Span]:
        """The spans of one trace that have come so far."""
        return [span for span in list(self.spans) if span.trace_id == trace_id]


def orphans(spans: list[Span], root_id: str = "") -> list[Span]:
    """Those whose parent nobody exported. `root_id`: a span of the caller's own, above all; else one of them has none."""
    known = {span.span_id for span in spans} | {root_id}
    return [span for span in spans if span.parent_id not in known]


def ancestors(span: Span, spans: list[Span]) -> list[str]:
    """Names from its parent up to the root; ends at a span that is not there."""
    by_id = {one.span_id: one for one in spans}
    names = []
    while (parent := by_id.get(span.parent_id)) is not None:
        names.append(parent.name)
        span = parent
    return names


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector, until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if self.path == "/v1/traces":
                found.spans.extend(_spans(ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Collector(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for resource in request.resource_spans:
        names = {one.key: one.value.string_value for one in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Span(
                    names["service.name"],
                    span.name,
                    SpanMessage.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    {one.key: _value(one.value) for one in span.attributes},
                    (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,
                )


def _value(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))
