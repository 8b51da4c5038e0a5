"""What the edge answers itself: the web page, the health of the whole, its probes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from filemill.gateway.addresses import Address, TcpAddress
from filemill.gateway.limits import Limits
from filemill.gateway.proxy import PAGE_DIR, best_page

from .conftest import Puppet, RunningGateway, read_head, wait_until

Start = Callable[..., RunningGateway]
NOWHERE = TcpAddress("127.0.0.1", 1)


def ask(
    gateway: RunningGateway, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection("127.0.0.1", gateway.port, timeout=10)) as connection:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer, answer.read()


def test_page_when_asked_for_then_it_and_all_it_names_come_with_safe_headers(start: Start) -> None:
    """The page loads nothing from elsewhere, and every file it names exists with the right type."""
    gateway = start({})
    page, body = ask(gateway, "/")
    assert (page.status, page.getheader("content-type")) == (200, "text/html; charset=utf-8")
    assert page.getheader("x-content-type-options") == "nosniff"
    policy = page.getheader("content-security-policy", "")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    text = body.decode()
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|<style|javascript:|https?://(?!localhost)", text)
    types = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
    named = set(re.findall(r'(?:src|href)="(/ui/[^"]+)"', text))
    scripts = [ask(gateway, path)[1].decode() for path in named if path.endswith(".js")]
    for script in (path.read_text() for path in PAGE_DIR.glob("*.js")):
        assert "innerHTML" not in script
        named |= {"/ui/" + name for name in re.findall(r'from "\./([^"]+)"', script)}
    assert len(named) >= 7
    assert scripts
    for path in named:
        answer, _ = ask(gateway, path)
        assert (answer.status, answer.getheader("content-type")) == (200, types[path.rpartition(".")[2]]), path
        assert answer.getheader("x-content-type-options") == "nosniff"


def test_page_when_the_browser_has_it_then_304(start: Start) -> None:
    """An unchanged file costs a head only, in the strong, weak, list and star forms."""
    gateway = start({})
    etag = ask(gateway, "/")[0].getheader("etag", "")
    assert re.fullmatch(r'"[0-9a-f]{32}"', etag)
    for value in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer, body = ask(gateway, "/", headers={"If-None-Match": value})
        assert (answer.status, body, answer.getheader("etag")) == (304, b"", etag)
    assert ask(gateway, "/", headers={"If-None-Match": '"other"'})[0].status == 200


def test_page_when_head_or_post_then_head_is_bare_and_post_is_405(start: Start) -> None:
    """The page can only be read."""
    gateway = start({})
    answer, body = ask(gateway, "/", method="HEAD")
    assert (answer.status, body) == (200, b"")
    assert int(answer.getheader("content-length", "0")) > 1000
    answer, body = ask(gateway, "/", method="POST")
    assert (answer.status, answer.getheader("allow")) == (405, "GET, HEAD")
    assert json.loads(body)["code"] == "bad-request"


def test_page_when_the_folder_holds_more_then_hidden_files_are_not_served(start: Start, tmp_path: Path) -> None:
    """Only plain files below the folder exist; names that start with a dot or underscore do not."""
    (tmp_path / "index.html").write_text("<h1>mine</h1>")
    (tmp_path / ".secret").write_text("x")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.js").write_text("1")
    gateway = start({}, page_dir=tmp_path)
    assert ask(gateway, "/")[1] == b"<h1>mine</h1>"
    assert ask(gateway, "/ui/assets/a.js")[0].status == 200
    assert ask(gateway, "/ui/.secret")[0].status == 404
    assert ask(gateway, "/ui/assets")[0].status == 404


def test_page_when_an_address_of_the_console_is_asked_for_then_it_is_the_page(start: Start, tmp_path: Path) -> None:
    """A reload or a bookmark comes back; nothing else becomes a page; a name with a hash in it is kept for ever."""
    (tmp_path / "index.html").write_text("<h1>console</h1>")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-BxYz1_34.js").write_text("1")
    gateway = start({}, page_dir=tmp_path)
    for path in (
        "/live",
        "/operations",
        "/operations/jobs",
        "/signin",
        "/files/01a22650-63d2-72aa-9e8f-a1161ebdb3d9",
        "/live?service=ai",
    ):
        answer, body = ask(gateway, path)
        assert (answer.status, body) == (200, b"<h1>console</h1>"), path
        assert answer.getheader("cache-control") == "no-cache"
    for path in ("/files/x", "/files", "/live/", "/operations/a/b", "/index.html", "/metrics"):
        assert ask(gateway, path)[0].status == 404, path
    hashed, _ = ask(gateway, "/ui/assets/index-BxYz1_34.js")
    assert hashed.getheader("cache-control") == "public, max-age=31536000, immutable"


def test_page_when_the_console_was_built_then_it_is_served_and_the_plain_page_when_not(tmp_path: Path) -> None:
    """Half a build, a folder without index.html, is none."""
    assert best_page(tmp_path) == PAGE_DIR
    (tmp_path / "index.html").write_text("<h1>console</h1>")
    assert best_page(tmp_path) == tmp_path


def test_health_when_all_services_answer_then_ok(start: Start, service: Address) -> None:
    """The sum names every service with status, version and dependencies."""
    gateway = start({"upload": service, "ai": service}, version="9.9")
    answer, body = ask(gateway, "/health")
    one = {"status": "ok", "version": "1.2", "dependencies": {"database": "ok"}}
    expected = {"status": "ok", "service": "gateway", "version": "9.9", "services": {"ai": one, "upload": one}}
    assert (answer.status, json.loads(body)) == (200, expected)


def test_health_when_detail_is_off_then_dependencies_are_not_shown(start: Start, service: Address) -> None:
    """Beyond local mode the sum says which service works, not what it leans on."""
    gateway = start({"upload": service}, health_detail=False)
    assert json.loads(ask(gateway, "/health")[1])["services"] == {"upload": {"status": "ok", "version": "1.2"}}


def test_health_when_one_service_is_down_then_degraded(start: Start, service: Address) -> None:
    """What works is still served, so the sum is 200."""
    gateway = start({"upload": service, "ai": NOWHERE})
    answer, body = ask(gateway, "/health")
    sum_of_all = json.loads(body)
    assert (answer.status, sum_of_all["status"]) == (200, "degraded")
    assert sum_of_all["services"]["ai"] == {"status": "down"}


def test_health_when_no_service_works_then_503(start: Start) -> None:
    """With nothing behind it the edge cannot do its job."""
    gateway = start({"upload": NOWHERE, "ai": NOWHERE})
    answer, body = ask(gateway, "/health")
    assert (answer.status, json.loads(body)["status"]) == (503, "down")
    assert answer.getheader("retry-after") == "1"


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (b"", "down"),  # nothing, for longer than a service may take
        (b"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\n{}", "down"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "down"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n" + b'{"status":"degraded"}', "degraded"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "ok"),
    ],
)
def test_health_when_a_service_is_slow_or_strange_then_the_sum_says_so(
    start: Start, puppet: Puppet, said: bytes, state: str
) -> None:
    """One service cannot hold the sum up or break it."""
    gateway = start({"upload": puppet.address}, limits=Limits(health_s=0.3))
    with closing(gateway.connect()) as sock:
        sock.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        upstream = puppet.accept()
        assert read_head(upstream).startswith(b"GET /health HTTP/1.1")
        upstream.sendall(said)
        head = read_head(sock)
        body = sock.recv(10_000)
    assert json.loads(body)["services"]["upload"]["status"] == state
    assert head.startswith(b"HTTP/1.1 503" if state == "down" else b"HTTP/1.1 200")


def test_probes_when_asked_then_they_ask_nobody(start: Start, puppet: Puppet) -> None:
    """Alive and ready are facts about the edge alone."""
    gateway = start({"upload": puppet.address})
    for path in ("/livez", "/readyz"):
        answer, body = ask(gateway, path)
        assert (answer.status, json.loads(body)["status"]) == (200, "ok")
    assert not puppet.was_contacted()


def test_access_event_when_a_request_ends_then_it_says_who_where_how_long(start: Start, service: Address) -> None:
    """One event a request: ids, path without the query, service, status, bytes, time; and the counters agree."""
    gateway = start({"upload": service})
    ask(gateway, "/api/upload/headers?q=secret", headers={"X-Request-ID": "r-1"})
    ask(gateway, "/")
    wait_until(lambda: len(gateway.events) == 2, "both events")
    event = gateway.events[0]
    assert event["duration_ms"] > 0
    assert re.fullmatch(r"[0-9a-f]{32}", event["trace_id"])
    expected = {
        "event": "gateway.request.finished",
        "request_id": "r-1",
        "client": "127.0.0.1",
        "method": "GET",
        "path": "/api/upload/headers",
        "upstream": "upload",
        "status": 200,
        "outcome": "ok",
        "retried": False,
        "bytes_in": 0,
    }
    assert {key: event[key] for key in expected} == expected
    stats = gateway.gateway.stats
    assert stats.requests == {("upload", "2xx"): 1, ("edge", "2xx"): 1}
    assert stats.bytes_to_clients == sum(event["bytes_out"] for event in gateway.events)
