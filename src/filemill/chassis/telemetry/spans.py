"""Every kind of span there is: how it is named, and which attributes it may have. `docs/telemetry.yaml` is made from this.

Attributes are those of OpenTelemetry's semantic conventions where these have one (HTTP 1.23 and later, messaging), else
`filemill.…`. Never in one: paths with ids, queries, names of files, anything a user wrote.
"""

from dataclasses import dataclass

from opentelemetry.trace import SpanKind


@dataclass(frozen=True, slots=True)
class SpanType:
    """`name` is a template over the span's own attributes. `what`: a sentence for people."""

    name: str
    kind: SpanKind
    attributes: tuple[str, ...]
    what: str


GATEWAY = SpanType(
    "{http.request.method} {http.route}",
    SpanKind.SERVER,
    ("http.request.method", "http.route", "http.response.status_code", "filemill.upstream", "filemill.outcome"),
    "A request as the local gateway saw it, from its first byte to the last of the answer.",
)
HTTP_SERVER = SpanType(
    "{http.request.method} {http.route}",
    SpanKind.SERVER,
    ("http.request.method", "http.route", "http.response.status_code", "filemill.file.id"),
    "A request as the service saw it.",
)
HTTP_CLIENT = SpanType(
    "{http.request.method} {peer.service}",
    SpanKind.CLIENT,
    ("http.request.method", "peer.service", "http.response.status_code"),
    "A question to another service of the mill, one try.",
)
WEBHOOK = SpanType(
    "{http.request.method} webhook",
    SpanKind.CLIENT,
    ("http.request.method", "http.response.status_code", "filemill.webhook.id", "filemill.attempt", "filemill.outcome"),
    "One try of a delivery.",
)
SEND = SpanType(
    "send {messaging.destination.name}",
    SpanKind.PRODUCER,
    (
        "messaging.system", "messaging.operation.name", "messaging.operation.type", "messaging.destination.name",
        "messaging.message.id", "filemill.event.type", "filemill.waited_ms",
    ),
    "An event on its way from the outbox to the broker; `filemill.waited_ms`: how long it waited in the outbox.",
)  # fmt: skip
PROCESS = SpanType(
    "process {messaging.destination.name}",
    SpanKind.CONSUMER,
    (
        "messaging.system", "messaging.operation.name", "messaging.operation.type", "messaging.destination.name",
        "messaging.message.id", "filemill.event.type", "filemill.file.id",
    ),
    "What an event changes in one service.",
)  # fmt: skip
JOB = SpanType(
    "run {filemill.job.kind}",
    SpanKind.CONSUMER,
    (
        "filemill.job.kind", "filemill.job.id", "filemill.file.id", "filemill.attempt", "filemill.lane",
        "filemill.waited_ms", "filemill.outcome",
    ),
    "One try of a job by a worker; `filemill.waited_ms`: since it was queued.",
)  # fmt: skip
SANDBOX = SpanType(
    "sandbox {filemill.entry}",
    SpanKind.INTERNAL,
    ("filemill.entry", "filemill.outcome", "filemill.peak_memory_bytes"),
    "A confined child, from its question to its end.",
)
STEP = SpanType(
    "step {filemill.step}",
    SpanKind.INTERNAL,
    ("filemill.step", "filemill.outcome"),
    "A step of a plan, as the confined child told of it.",
)
CAPABILITY = SpanType(
    "capability {filemill.capability}",
    SpanKind.INTERNAL,
    ("filemill.capability", "filemill.outcome"),
    "What was looked for in a file by rules, as the confined child told of it.",
)
MODEL = SpanType(
    "model {filemill.model.id}",
    SpanKind.INTERNAL,
    ("filemill.model.id", "filemill.capability", "filemill.outcome"),
    "What a model was asked about a file, waiting included.",
)
INFERENCE = SpanType(
    "inference {filemill.model.id}",
    SpanKind.INTERNAL,
    ("filemill.model.id", "filemill.batch", "filemill.outcome"),
    "A batch in the child that holds the model; it stands in the trace of the first who asked.",
)
ALL = {
    "gateway": GATEWAY,
    "http.server": HTTP_SERVER,
    "http.client": HTTP_CLIENT,
    "webhook": WEBHOOK,
    "send": SEND,
    "process": PROCESS,
    "job": JOB,
    "sandbox": SANDBOX,
    "step": STEP,
    "capability": CAPABILITY,
    "model": MODEL,
    "inference": INFERENCE,
}
