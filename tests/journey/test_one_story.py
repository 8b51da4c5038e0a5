"""One id through every process, on both sets of engines: joined logs, spans that are one tree, headers of webhooks."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from filemill.chassis.ids import new_id
from support import telemetry
from support.collector import Collector, Span, ancestors, collecting, orphans
from support.engines import ServerEngines
from support.mill import Mill, wait_for
from support.model_files import own_model
from support.receiver import Receiver, receiving
from support.servers import nginx
from support.servers.nginx import EdgeNginx
from support.servers.plugin import Servers
from support.servers.ports import free_ports
from support.tiny_models import encoder, tokenizer

CLIENT_SPAN = "00f067aa0ba902b7"
SERVICES = {"gateway", "upload", "metadata", "processing", "processing-worker", "ai", "ai-worker", "notification"}


@dataclass
class Told:
    """A mill, who listens to it, and the requests that were made of it."""

    mill: Mill
    collector: Collector
    receiver: Receiver

    def send(self, url: str, name: str, **headers: str) -> tuple[str, str]:
        """Upload a small text; returns (request id, file id)."""
        request_id = f"story-{new_id()}"
        files = {"file": (name, b"An invoice, the total of the river.")}
        answer = httpx.post(
            f"{url}/api/upload/files", files=files, headers={"X-Request-ID": request_id, **headers}, timeout=30
        )
        assert answer.status_code == 201, answer.text
        assert answer.headers["x-request-id"] == request_id
        return request_id, answer.json()["file_id"]

    def ended(self, file_id: str) -> None:
        """Wait until it is processed, analysed, and the webhook was told of it."""

        def look() -> bool:
            said = httpx.get(f"{self.mill.url}/api/metadata/files/{file_id}", timeout=30).json()
            told = {call.headers["webhook-id"] for call in self.receiver.calls if file_id.encode() in call.body}
            return said.get("analysis") == "done" and len(told) >= 3

        wait_for(look, f"{file_id} to be analysed and told", 90, every_s=0.2)

    def metrics(self) -> dict[str, str]:
        """Where each process that has metrics answers for them."""
        ports = {name: port for name, port in self.mill.ports.items() if name != "gateway"}
        ports["gateway"] = int(self.mill.environment["FILEMILL_GATEWAY_METRICS_PORT"])
        if self.mill.engines.name == "embedded":
            ports["processing-worker"] = int(self.mill.environment["FILEMILL_PROCESSING_WORKER_METRICS_PORT"])
        ports["ai-worker"] = int(self.mill.environment["FILEMILL_AI_WORKER_METRICS_PORT"])
        return {name: f"http://127.0.0.1:{port}/metrics" for name, port in ports.items()}

    def logs(self, request_id: str, *more: str) -> list[dict[str, Any]]:
        """What `filemill logs --request` prints."""
        command = [sys.executable, "-m", "filemill.cli", "logs", "--request", request_id, "--json", *more]
        done = subprocess.run(command, env=self.mill.environment, capture_output=True, text=True, timeout=60)
        assert done.stderr == ""
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module", params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A mill with a model, a webhook and a collector; on servers the workers are Celery's."""
    make: Callable[[], ServerEngines] | None = None
    if request.param == "servers":
        make = request.getfixturevalue("server_engines")
    data_dir = tmp_path_factory.mktemp("story") / "data"
    own_model(data_dir / "models", {"model.onnx": encoder(), "tokenizer.json": tokenizer()})
    gateway, processing, ai = map(str, free_ports(3))
    with collecting() as collector, receiving() as receiver:
        mill = Mill(
            data_dir,
            make() if make else None,
            FILEMILL_LOG_FORMAT="json",
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_BSP_SCHEDULE_DELAY="200",
            FILEMILL_GATEWAY_METRICS_PORT=gateway,
            FILEMILL_PROCESSING_WORKER_METRICS_PORT=processing,
            FILEMILL_AI_WORKER_METRICS_PORT=ai,
        )
        try:
            mill.start()
            hook = {"url": f"{receiver.url}/hook", "event_types": ["file.uploaded", "file.processed", "file.analyzed"]}
            answer = httpx.post(f"{mill.url}/api/notifications/webhooks", json=hook, timeout=30)
            assert answer.status_code == 201, answer.text
            yield Told(mill, collector, receiver)
        finally:
            mill.stop()


@pytest.fixture(scope="module")
def story(told: Told) -> tuple[str, str, str]:
    """(request id, file id, trace id) of a file whose client has a trace of its own."""
    trace_id = new_id().replace("-", "")
    request_id, file_id = told.send(told.mill.url, "story.txt", traceparent=f"00-{trace_id}-{CLIENT_SPAN}-01")
    told.ended(file_id)
    return request_id, file_id, trace_id


def _whole(told: Told, trace_id: str, root_id: str = "") -> list[Span]:
    """The spans of a trace once every process has sent its own, and no more come."""

    def look() -> list[Span]:
        spans = told.collector.of(trace_id)
        names = {span.name for span in spans}
        there = {span.process.removeprefix("filemill-") for span in spans} >= SERVICES - {"gateway"}
        ends = {"POST webhook", "process metadata.catalogue"} <= names
        return spans if there and ends and not orphans(spans, root_id) else []

    return wait_for(
        look,
        "every process to send its spans; there are "
        f"{sorted({(span.process, span.name) for span in told.collector.of(trace_id)})}",
        30,
        every_s=0.2,
    )


def test_logs_when_asked_for_a_request_then_every_process_is_in_them_in_order(
    told: Told, story: tuple[str, str, str]
) -> None:
    """From the gateway's line to the webhook's; a batch is found by each request in it."""
    request_id, _, trace_id = story
    wait_for(
        lambda: {line["service"] for line in told.logs(request_id)} >= SERVICES,
        f"lines of {SERVICES}; there are {[(line['service'], line['event']) for line in told.logs(request_id)]}",
        20,
        every_s=0.5,
    )
    lines = told.logs(request_id)
    assert [line["timestamp"] for line in lines] == sorted(line["timestamp"] for line in lines)
    assert {
        "gateway.request.done", "upload.file.accepted", "messaging.events.published", "messaging.events.handled",
        "processing.job.ended", "ai.job.ended", "webhooks.delivery.tried",
    } <= {line["event"] for line in lines}  # fmt: skip
    assert {line["trace_id"] for line in lines if line.get("request_id") == request_id} == {trace_id}
    assert told.logs(f"nobody-{new_id()}") == []


def test_spans_when_a_client_brings_a_trace_then_all_stand_below_its_own_span(
    told: Told, story: tuple[str, str, str]
) -> None:
    """Gateway, service, outbox, broker, consumers, jobs, sandbox, steps, model, webhook: one tree without an orphan."""
    _, file_id, trace_id = story
    spans = _whole(told, trace_id, CLIENT_SPAN)
    roots = [span for span in spans if span.parent_id == CLIENT_SPAN]
    assert [(span.process, span.name) for span in roots] == [("filemill-gateway", "POST /api/upload")]
    by_name = {span.name: span for span in spans}
    wanted = {"embedded": "sqlite", "servers": "rabbitmq"}[told.mill.engines.name]
    assert {span.attributes["messaging.system"] for span in spans if "messaging.system" in span.attributes} == {wanted}
    for name, above in {
        "POST /files": ["POST /api/upload"],
        "send files": ["POST /files"],
        "run processing": ["process processing.intake"],
        "step plain_text": ["sandbox filemill.processing.steps.run:run", "run processing"],
        "capability language": ["run ai"],
        "model of-test": ["run ai"],
        "inference of-test": ["run ai"],
        "POST webhook": ["POST /api/upload"],
    }.items():
        names = [ancestors(span, spans) for span in spans if span.name == name]
        assert names, (name, sorted(by_name))
        assert any(set(above) <= set(one) for one in names), (name, names)
    assert by_name["run processing"].attributes["filemill.outcome"] == "done"
    assert by_name["run processing"].attributes["filemill.file.id"] == file_id
    assert by_name["POST /files"].attributes["http.response.status_code"] == 201


def test_webhook_when_it_is_called_then_it_hears_the_ids_of_the_request(
    told: Told, story: tuple[str, str, str]
) -> None:
    """In its headers, so that a receiver logs them without reading the body."""
    request_id, file_id, trace_id = story
    calls = [call for call in told.receiver.calls if file_id.encode() in call.body]
    assert {call.headers["x-request-id"] for call in calls} == {request_id}
    assert {call.headers["traceparent"][3:35] for call in calls} == {trace_id}
    known = {span.span_id for span in _whole(told, trace_id, CLIENT_SPAN) if span.name == "POST webhook"}
    assert {call.headers["traceparent"][36:52] for call in calls} <= known


def test_spans_when_nobody_brings_a_trace_then_the_gateway_is_the_root(told: Told) -> None:
    """The only span without a parent."""
    request_id, file_id = told.send(told.mill.url, "rootless.txt")
    told.ended(file_id)
    [trace_id] = {line["trace_id"] for line in told.logs(request_id) if "trace_id" in line}
    spans = _whole(told, trace_id)
    assert [(one.process, one.name) for one in spans if not one.parent_id] == [("filemill-gateway", "POST /api/upload")]


@pytest.mark.servers
def test_spans_when_nginx_is_the_edge_then_the_first_service_is_the_root(told: Told, servers: Servers) -> None:
    """NGINX exports none: the service behind it takes the ids that NGINX made up. Its line is joined by naming its file."""
    if not nginx.PROGRAM.exists():
        servers.missing("NGINX is not installed (Debian: nginx-light)")
    upstreams = {name: (f"127.0.0.1:{port}",) for name, port in told.mill.ports.items() if name != "gateway"}
    edge = EdgeNginx(upstreams, asks_for_credentials=False)
    edge.start()
    try:
        request_id, file_id = told.send(f"http://127.0.0.1:{edge.port}", "nginx.txt")
        told.ended(file_id)
        lines = told.logs(request_id, str(edge.folder / "access.log"))
    finally:
        edge.stop()
    [asked] = [line for line in lines if "service" not in line or line["event"] == "gateway.request.done"]
    trace_id = asked["traceparent"][3:35]
    spans = _whole(told, trace_id)
    assert [(one.process, one.name) for one in spans if not one.parent_id] == [("filemill-upload", "POST /files")]
    assert {line["service"] for line in lines} >= SERVICES - {"gateway"}


def test_telemetry_when_a_mill_runs_then_every_name_is_in_the_schema(told: Told, story: tuple[str, str, str]) -> None:
    """Spans, lines and metrics of every process; an exemplar leads from a bucket to a trace that was kept."""
    _whole(told, story[2], CLIENT_SPAN)
    assert telemetry.strange_spans(told.collector.spans) == set()
    assert telemetry.strange_lines(told.mill.logs()) == set()
    texts = {name: httpx.get(url).text for name, url in told.metrics().items()}
    assert {name: telemetry.strange_metrics(text) for name, text in texts.items()} == {name: set() for name in texts}
    asked = httpx.get(told.metrics()["upload"], headers={"Accept": "application/openmetrics-text"})
    assert asked.headers["content-type"].startswith("application/openmetrics-text")
    exemplars = {
        sample.exemplar.labels["trace_id"]
        for family in text_string_to_metric_families(asked.text)
        if family.name == "filemill_http_request_duration_seconds"
        for sample in family.samples
        if sample.exemplar is not None
    }
    assert exemplars
    assert exemplars & {span.trace_id for span in told.collector.spans}


def test_metrics_when_a_file_went_through_then_every_part_of_its_way_is_counted(
    told: Told, story: tuple[str, str, str]
) -> None:
    """Queues, outbox, consumers, jobs; where the workers are one process each also sandboxes and the models in memory."""
    del story
    upload, metadata, processing = (
        httpx.get(told.metrics()[name]).text for name in ("upload", "metadata", "processing")
    )
    for text, wanted in (
        (upload, 'filemill_http_requests_total{method="POST",route="/files",status="201"}'),
        (upload, "filemill_outbox_oldest_seconds "),
        (upload, 'filemill_database_works_waiting{database="'),
        (metadata, 'filemill_queue_messages{queue="metadata.catalogue",state="waiting"}'),
        (metadata, 'filemill_consumer_last_look_timestamp_seconds{queue="metadata.catalogue"}'),
        (metadata, 'filemill_consumer_last_handled_timestamp_seconds{queue="metadata.catalogue"}'),
        (processing, 'filemill_queue_oldest_seconds{queue="processing.intake"}'),
    ):
        assert wanted in text, wanted
    assert "filemill_measure_failures_total{" not in metadata + upload
    if told.mill.engines.name == "servers":
        return  # Celery's pool is counted in a folder: see tests/adapters/jobs
    worker, ai = (httpx.get(told.metrics()[name]).text for name in ("processing-worker", "ai-worker"))
    assert 'filemill_sandbox_runs_total{entry="filemill.processing.steps.run:run",outcome="ok"}' in worker
    assert 'filemill_jobs_total{kind="processing",outcome="done"}' in worker
    assert 'filemill_model_cache_total{model="of-test",outcome="loaded"} 1.0' in ai
