"""One request id and one trace through every process; metrics of each; documentation that needs no internet."""

import html.parser
import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from filemill.chassis.ids import new_id
from journey.conftest import Finished, Upload
from support.collector import Collector
from support.mill import Mill, wait_for

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
HTTP_SERVICES = ("access", "upload", "metadata", "ai", "processing", "notification")


@pytest.fixture(scope="module")
def traced(upload: Upload, finished: Finished) -> dict[str, Any]:
    """A file whose upload came with a request id and a trace of the caller's own."""
    request_id = f"journey-{new_id()}"
    headers = {"X-Request-ID": request_id, "traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"}
    file = upload("traced.txt", b"Dear Ada, please send the traced parcel.", headers=headers)
    finished(file["file_id"])
    return {"file_id": file["file_id"], "request_id": request_id}


def test_ids_when_a_caller_brings_them_then_every_process_logs_them(mill: Mill, traced: dict[str, Any]) -> None:
    """Gateway, upload and both workers say the same request id and trace id about the same file."""

    def said() -> set[tuple[str, str]]:
        lines = [line for line in mill.logs() if line.get("request_id") == traced["request_id"]]
        return {(line["service"], line["event"]) for line in lines if line.get("trace_id", TRACE_ID) == TRACE_ID}

    wanted = {
        ("gateway", "gateway.request.done"), ("upload", "upload.file.accepted"), ("upload", "http.request.done"),
        ("processing-worker", "processing.job.ended"), ("ai-worker", "ai.job.ended"),
    }  # fmt: skip
    wait_for(lambda: wanted <= said(), f"these log lines: {wanted}", 10)


def test_ids_when_a_caller_brings_them_then_events_and_timeline_carry_them(
    mill: Mill, client: httpx.Client, traced: dict[str, Any]
) -> None:
    """The story of a file is found by the request that began it."""
    story = client.get(f"/api/metadata/files/{traced['file_id']}/timeline").json()["items"]
    assert {(one["request_id"], one["trace_id"]) for one in story} == {(traced["request_id"], TRACE_ID)}
    assert {one["service"] for one in story} == {"upload", "metadata", "processing", "ai"}
    found = client.get(f"/api/metadata/requests/{traced['request_id']}/file").json()
    assert found["file_id"] == traced["file_id"]
    for service in ("upload", "processing", "ai", "metadata"):
        file_id = traced["file_id"].encode()
        bodies = [row for row in mill.rows(service, "SELECT body FROM outbox") if file_id in row[0]]
        assert bodies, service
        assert all(traced["request_id"].encode() in body and TRACE_ID.encode() in body for (body,) in bodies), service


def test_spans_when_a_collector_is_set_then_one_trace_goes_through_upload_and_both_workers(
    collector: Collector, traced: dict[str, Any]
) -> None:
    """OpenTelemetry shows the same path, with the caller's trace id."""

    def processes() -> set[str]:
        return {span.process for span in collector.spans if span.trace_id == TRACE_ID}

    wanted = {
        f"filemill-{name}" for name in ("upload", "metadata", "processing", "processing-worker", "ai", "ai-worker")
    }
    wait_for(lambda: wanted <= processes(), f"spans of {wanted}; there are {processes()}", 20)

    def names() -> set[str]:
        return {span.name for span in collector.spans if span.trace_id == TRACE_ID}

    wait_for(
        lambda: {"POST /files", "run processing", "run ai"} <= names(), f"the named spans; there are {names()}", 20
    )


@pytest.mark.parametrize("service", HTTP_SERVICES)
def test_metrics_when_a_service_is_scraped_then_it_counts_its_requests_and_the_gateway_hides_it(
    mill: Mill, client: httpx.Client, service: str
) -> None:
    """Prometheus reads each process on its own port; the world does not."""
    direct = httpx.get(f"http://127.0.0.1:{mill.ports[service]}/metrics")
    assert direct.status_code == 200
    assert "filemill_http_requests_total" in direct.text
    prefix = {"notification": "notifications"}.get(service, service)
    assert client.get(f"/api/{prefix}/metrics").status_code == 404


def test_metrics_when_the_gateway_is_scraped_then_it_counts_by_service(mill: Mill, client: httpx.Client) -> None:
    """The edge has metrics of its own, on a port of their own."""
    client.get("/api/upload/stats")
    text = httpx.get(f"http://127.0.0.1:{mill.environment['FILEMILL_GATEWAY_METRICS_PORT']}/metrics").text
    assert re.search(r'filemill_gateway_requests_total\{service="upload",status="2', text)


class _Links(html.parser.HTMLParser):
    """Every address a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href") and value and tag != "a"]


@pytest.mark.parametrize("service", ["upload", "metadata", "ai", "processing", "notifications", "access"])
def test_docs_when_a_machine_has_no_internet_then_swagger_ui_is_whole(client: httpx.Client, service: str) -> None:
    """Page, script, style and description come through the gateway; no other host is named."""
    page = client.get(f"/api/{service}/docs")
    assert page.status_code == 200
    links = _Links()
    links.feed(page.text)
    addresses = [*links.found, *re.findall(r"url: '([^']+)'", page.text)]
    assert len(addresses) >= 4
    for address in addresses:
        assert not urlsplit(address).netloc, address
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert len(answer.content) > 200, address
    described = client.get(f"/api/{service}/openapi.json").json()
    assert described["servers"] == [{"url": f"/api/{service}"}]
    assert "/health" in described["paths"]
