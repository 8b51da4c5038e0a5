"""Requests made to be read differently by two programs, and headers made to be believed, at either edge."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from filemill.gateway.addresses import Address
from filemill.gateway.routes import build_routes

from .conftest import Puppet, RunningGateway, RunningNginx, read_exactly, read_head, wait_until

Start = Callable[..., RunningGateway | RunningNginx]
LINE = b"POST /api/upload/x HTTP/1.1\r\nHost: a\r\n"
SMUGGLED = b"GET /api/upload/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

AMBIGUOUS = {
    "length and chunked": LINE + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and length": LINE + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": LINE + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "two equal lengths": LINE + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "list of lengths": LINE + b"Content-Length: 5, 5\r\n\r\nhello",
    "signed length": LINE + b"Content-Length: +5\r\n\r\nhello",
    "hex length": LINE + b"Content-Length: 0x5\r\n\r\nhello",
    "negative length": LINE + b"Content-Length: -1\r\n\r\n",
    "huge length": LINE + b"Content-Length: 99999999999999999999\r\n\r\n",
    "empty length": LINE + b"Content-Length: \r\n\r\n",
    "length with a blank before the colon": LINE + b"Content-Length : 5\r\n\r\nhello",
    "chunked with a blank before the colon": LINE + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "folded header": LINE + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "folded first header": b"GET /api/upload/x HTTP/1.1\r\n Host: a\r\n\r\n",
    "chunked twice": LINE + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked in a list": LINE + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
    "chunked misspelt": LINE + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked with a vertical tab": LINE + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunked in HTTP/1.0": b"POST /api/upload/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare line feeds": b"POST /api/upload/x HTTP/1.1\nHost: a\n\n",
    "bare line feed in a header": LINE + b"X: a\nTransfer-Encoding: chunked\r\n\r\n",
    "bare carriage return": LINE + b"X: a\rTransfer-Encoding: chunked\r\n\r\n",
    "NUL in a value": LINE + b"X: a\x00b\r\n\r\n",
    "NUL in a name": LINE + b"X\x00Y: a\r\n\r\n",
    "no colon": LINE + b"Header\r\n\r\n",
    "empty name": LINE + b": value\r\n\r\n",
    "name with a bracket": LINE + b"X(: a\r\n\r\n",
    "two hosts": LINE + b"Host: b\r\n\r\n",
    "no host": b"GET /api/upload/x HTTP/1.1\r\n\r\n",
    "host with a path": b"GET /api/upload/x HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "host with a user": b"GET /api/upload/x HTTP/1.1\r\nHost: a@b\r\n\r\n",
    "two blanks": b"GET  /api/upload/x HTTP/1.1\r\nHost: a\r\n\r\n",
    "tab in the request line": b"GET\t/api/upload/x HTTP/1.1\r\nHost: a\r\n\r\n",
    "lower-case method": b"get /api/upload/x HTTP/1.1\r\nHost: a\r\n\r\n",
    "unknown method": b"BREW /api/upload/x HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT": b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "TRACE": b"TRACE /api/upload/x HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.2": b"GET /api/upload/x HTTP/1.2\r\nHost: a\r\n\r\n",
    "HTTP/0.9": b"GET /api/upload/x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "upgrade with chunks": LINE + b"Connection: upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "absolute form of another host": b"GET http://b/api/upload/x HTTP/1.1\r\nHost: a\r\n\r\n",
}
# NGINX takes these, reads them in one way, and writes the head anew.
TAKEN_BY_NGINX = {"bare line feeds", "no colon", "name with a bracket", "two blanks", "upgrade with chunks"}
CONFUSING_PATHS = [
    b"//api/upload/x",
    b"/api//upload/x",
    b"/api/upload//x",
    b"/api/upload/%2fx",
    b"/api/upload/a%2fb",
    b"/api/upload/a%5cb",
    b"/api/upload/%2Fx",
    b"/api/upload/..",
    b"/api/upload/../ai/x",
    b"/api/upload/..;/ai",
    b"/api/upload/.;a/x",
    b"/api/upload/./x",
    b"/api/upload/%2e%2e/ai",
    b"/api/upload/.%2e/ai",
    b"/api/upload/%2E./ai",
    b"/api/upload/%2e%2e%2fai",
    b"/api/upload/x%00",
    b"/api/upload/x%0a",
    b"/api/upload/x%7f",
    b"/api/upload/\xc3\xa9",
    b"/api/upload/%c0%ae%c0%ae/x",
    b"/api/upload/%ff",
    b"/api/upload/%5c..",
    b"/api/upload/\\..\\x",
    b"/api/upload/%zz",
    b"/api/upload/%",
    b"/api/upload/x#y",
    b"*",
    b"api/upload/x",
    b"/api/upload/x?q=\xc3\xa9",
    b"/%61pi/upload/x",
    b"/api/%75pload/x",
]


def assert_problem(answer: bytes, status: int, code: str) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), head
    assert b"Content-Type: application/problem+json" in head
    assert b"Connection: close" in head
    problem = json.loads(body)
    assert (problem["code"], problem["status"]) == (code, status)
    assert b"X-Request-ID: " + problem["request_id"].encode() in head


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_head_when_it_can_be_read_in_two_ways_then_400_and_no_service_sees_it(
    start_any: Start, edge_kind: str, puppet: Puppet, name: str
) -> None:
    """One answer, then the end: neither the request nor what hides behind it reaches a service."""
    gateway = start_any({"upload": puppet.address})
    if edge_kind == "nginx" and name in TAKEN_BY_NGINX:
        return assert_written_anew(gateway, puppet, AMBIGUOUS[name])
    answer = gateway.say(AMBIGUOUS[name] + SMUGGLED)
    if edge_kind == "nginx" and name == "HTTP/0.9":  # an answer without a head is all that such a client knows
        assert json.loads(answer)["code"] == "bad-request"
    else:
        assert_problem(answer, 405 if (edge_kind, name) == ("nginx", "TRACE") else 400, "bad-request")
    assert not puppet.was_contacted()
    return None


def assert_written_anew(gateway: RunningGateway | RunningNginx, puppet: Puppet, sent: bytes) -> None:
    """The service sees one head that no program could read in two ways, and none of what made the sent one odd."""
    with closing(gateway.connect()) as sock:
        sock.sendall(sent)
        first, *lines = read_head(puppet.accept()).removesuffix(b"\r\n\r\n").split(b"\r\n")
    assert re.fullmatch(rb"(GET|POST) /x HTTP/1.1", first)
    names = [line.partition(b": ")[0].lower() for line in lines]
    assert all(re.fullmatch(rb"[A-Za-z-]+:[ -~]*", line) for line in lines), lines
    assert len(names) == len(set(names))
    assert not {b"upgrade", b"transfer-encoding", b"connection"} & set(names)


@pytest.mark.parametrize("path", CONFUSING_PATHS)
def test_path_when_it_is_confusing_then_400_before_routing(start_any: Start, puppet: Puppet, path: bytes) -> None:
    """A path that gateway and service could read differently is refused."""
    gateway = start_any({"upload": puppet.address, "ai": puppet.address})
    assert_problem(gateway.say(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n" + SMUGGLED), 400, "bad-request")
    assert not puppet.was_contacted()


@pytest.mark.parametrize(
    "chunks",
    [
        b"5\nhello\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"zz\r\n",
        b"5\r\nhelloX\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5;\nx\r\nhello\r\n0\r\n\r\n",
    ],
)
def test_chunks_when_they_are_broken_then_400_and_the_body_is_never_completed(
    start_any: Start, edge_kind: str, puppet: Puppet, chunks: bytes
) -> None:
    """The service sees an unfinished body and the end of its connection, or nothing at all."""
    gateway = start_any({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        sock.sendall(LINE + b"Transfer-Encoding: chunked\r\n\r\n")
        upstream = puppet.accept() if edge_kind != "nginx" else None  # which waits for the first of the body
        sock.sendall(chunks + SMUGGLED)
        if edge_kind == "nginx" and chunks.startswith(b"5\n"):
            # It takes a bare line feed for an end of line, and writes none: it frames anew what it understood.
            upstream = puppet.accept()
            if b"Transfer-Encoding: chunked\r\n" in read_head(upstream):
                assert read_exactly(upstream, 15) == b"5\r\nhello\r\n0\r\n\r\n"
            else:
                assert read_exactly(upstream, 5) == b"hello"
            return
        assert read_head(sock).startswith(b"HTTP/1.1 400 ")
    if upstream is None and puppet.was_contacted():
        upstream = puppet.accept_waiting()
    seen = b""
    with suppress(ConnectionResetError):
        while upstream is not None and (piece := upstream.recv(1000)):
            seen += piece
    assert b"0\r\n\r\n" not in seen
    assert b"smuggled" not in seen


def test_chunks_when_they_carry_extensions_and_trailers_then_these_do_not_go_on(
    start_any: Start, edge_kind: str, puppet: Puppet
) -> None:
    """Only the body itself is written to the service."""
    gateway = start_any({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        sock.sendall(LINE + b"Transfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-User-Id: root\r\n\r\n")
        upstream = puppet.accept()
        head = read_head(upstream)
        if b"Content-Length: 5\r\n" in head and edge_kind == "nginx":  # it had all of it before it went on
            assert read_exactly(upstream, 5) == b"hello"
        else:
            assert read_exactly(upstream, 15) == b"5\r\nhello\r\n0\r\n\r\n"
        upstream.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
        assert read_head(sock).startswith(b"HTTP/1.1 204 ")


def test_head_when_it_is_too_long_then_431(start_any: Start, edge_kind: str, puppet: Puppet) -> None:
    """32 KB and a hundred lines are the most a head may have; NGINX counts bytes only, 16 KB of them in a line."""
    gateway = start_any({"upload": puppet.address})
    assert_problem(gateway.say(LINE + b"X: " + b"y" * 40_000 + b"\r\n\r\n"), 431, "bad-request")
    assert_problem(gateway.say(LINE + b"X: " + b"y" * 40_000), 431, "bad-request")
    lines = 200 if edge_kind != "nginx" else 20_000
    assert_problem(gateway.say(LINE + b"X: y\r\n" * lines + b"\r\n"), 431, "bad-request")


def test_identity_when_a_client_brings_its_own_then_the_service_does_not_see_it(
    start_any: Start, edge_kind: str, tcp_service: Address
) -> None:
    """Only the edge says who, from where and under which prefix; hop-by-hop headers end here."""
    gateway = start_any({"upload": tcp_service})
    lies = [
        b"X-Filemill-Identity: root",
        b"x-filemill-scope: admin",
        b"X-User-Id: root",
        b"X-USER-ROLES: admin",
        b"X_User_Id: root",
        b"x_filemill_identity: root",
        b"Host_: b",
        b"X-Forwarded-For: 1.2.3.4",
        b"X-Forwarded-Prefix: /evil",
        b"X-Forwarded-Host: evil",
        b"X-Forwarded-Proto: https",
        b"Forwarded: for=1.2.3.4",
        b"X-Real-IP: 1.2.3.4",
        b"Proxy-Authorization: x",
        b"Proxy-Connection: keep-alive",
        b"TE: trailers",
        b"Trailer: X-User-Id",
        b"Upgrade: h2c",
        b"Keep-Alive: 9",
        b"X-Listed: secret",
        b"Connection: close, X-Listed, Host",
    ]
    kept = [b"Authorization: Bearer fm_x", b"Cookie: session=1", b"Range: bytes=0-1", b"Idempotency-Key: k"]
    head = b"GET /api/upload/headers?a=%2F&b HTTP/1.1\r\nHost: files.example:8080\r\n"
    answer = gateway.say(head + b"\r\n".join(lies + kept) + b"\r\n\r\n")
    lines = answer.partition(b"\r\n\r\n")[2].split(b"\n")
    seen = dict(line.split(b": ", 1) for line in lines)
    assert len(seen) == len(lines)
    request_id = rb"[0-9a-f]{32}" if edge_kind == "nginx" else rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}"
    assert re.fullmatch(request_id, seen.pop(b"x-request-id"))
    if edge_kind == "nginx":  # takes off by name: these are nobody's
        assert (seen.pop(b"x-filemill-scope"), seen.pop(b"x-listed")) == (b"admin", b"secret")
        assert seen.pop(b"tracestate") == b"filemill=edge"  # it began the trace and exports no span of its own
    assert re.fullmatch(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-01", seen.pop(b"traceparent"))
    assert seen == {
        b"host": b"files.example:8080",
        b"authorization": b"Bearer fm_x",
        b"cookie": b"session=1",
        b"range": b"bytes=0-1",
        b"idempotency-key": b"k",
        b"x-forwarded-prefix": b"/api/upload",
        b"x-forwarded-for": b"127.0.0.1",
        b"x-forwarded-proto": b"http",
        b"x-forwarded-host": b"files.example:8080",
        b"path": b"/headers?a=%2F&b",
    }


@pytest.mark.parametrize(
    "path",
    [
        "/api/upload/metrics",
        "/api/upload/%6detrics",
        "/api/upload/metrics/",
        "/metrics",
        "/api/notifications/metrics",
        "/api/ai/metrics/x",
        "/api/nothing/x",
        "/api/uploads/x",
        "/nothing",
        "/uix",
        "/ui/index.htm",
        "/api",
        "/api/",
    ],
)
def test_path_when_nothing_is_there_then_404(start_any: Start, puppet: Puppet, path: str) -> None:
    """Metrics are hidden however they are written, and unknown paths reach nobody."""
    services = ("upload", "ai", "notification")
    gateway = start_any(dict.fromkeys(services, puppet.address))
    answer = gateway.say(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert_problem(answer, 404, "not-found")
    assert not puppet.was_contacted()


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        (b"localhost:8080", True),
        (b"LOCALHOST", True),
        (b"127.0.0.1", True),
        (b"[::1]:8080", True),
        (b"evil.example", False),
        (b"localhost.evil.example", False),
        (b"127.0.0.1.evil", False),
        (b"[::2]", False),
    ],
)
def test_host_when_a_list_is_set_then_others_get_421(start_any: Start, host: bytes, allowed: bool) -> None:
    """A page of another name that resolves to this machine cannot use the gateway (DNS rebinding)."""
    gateway = start_any({}, allowed_hosts=["localhost", "127.0.0.1", "[::1]"])
    answer = gateway.say(b"GET /livez HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    if allowed:
        assert answer.startswith(b"HTTP/1.1 200 ")
    else:
        assert_problem(answer, 421, "bad-request")


def test_body_when_its_length_is_above_the_limit_then_413_without_reading(start_any: Start, puppet: Puppet) -> None:
    """The header alone decides; the client reads the answer though it sends on."""
    gateway = start_any({"upload": puppet.address}, routes=build_routes(max_file_bytes=1_000_000))
    with closing(gateway.connect()) as sock:
        sock.sendall(b"PUT /api/upload/files HTTP/1.1\r\nHost: a\r\nContent-Length: 30000000\r\n\r\n")
        left = 30_000_000
        while left:
            left -= sock.send(b"x" * min(left, 100_000))
        head = read_head(sock)
        length = int(re.search(rb"Content-Length: (\d+)", head)[1])  # type: ignore[index]
        assert_problem(head + read_exactly(sock, length), 413, "file-too-large")
        assert sock.recv(1) == b""
    assert not puppet.was_contacted()


def test_body_when_its_chunks_grow_above_the_limit_then_413(start_any: Start, puppet: Puppet) -> None:
    """A body of unknown length is refused as soon as it is too long, and never completed at the service."""
    gateway = start_any({"upload": puppet.address}, routes=build_routes(max_file_bytes=1_000_000))
    with closing(gateway.connect()) as sock:
        sock.sendall(LINE + b"Transfer-Encoding: chunked\r\n\r\n")
        upstream = puppet.accept()
        read_head(upstream)
        for _ in range(40):
            sock.sendall(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
            if _ < 15:
                read_exactly(upstream, 100_000)
        assert read_head(sock).startswith(b"HTTP/1.1 413 ")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("expect", [[], ["-H", "Expect:"], ["-H", "Transfer-Encoding: chunked"]])
def test_curl_when_its_file_is_refused_then_it_shows_the_answer(
    start_any: Start, puppet: Puppet, tmp_path: Path, expect: list[str]
) -> None:
    """A refusal must not drown in a reset connection."""
    gateway = start_any({"upload": puppet.address}, routes=build_routes(max_file_bytes=1_000_000))
    (tmp_path / "big").write_bytes(b"x" * 20_000_000)
    url = f"http://127.0.0.1:{gateway.port}/api/upload/files"
    run = subprocess.run(
        ["curl", "-sS", "-T", str(tmp_path / "big"), *expect, url], capture_output=True, timeout=30, check=False
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["code"] == "file-too-large"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(b"abc-1.2_X", True), (b"x" * 64, True), (b"x" * 65, False), (b"a b", False), (b"a\xff", False), (b"", False)],
)
def test_request_id_when_a_client_sends_one_then_only_a_harmless_one_is_kept(
    start_any: Start, sent: bytes, kept: bool
) -> None:
    """Every answer has an id; a client's is used when it can do no harm."""
    gateway = start_any({})
    answer = gateway.say(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-ID: " + sent + b"\r\n\r\n")
    found = re.findall(rb"X-Request-ID: ([^\r]*)", answer)
    assert len(found) == 1
    assert (found[0] == sent) is kept
    wait_until(lambda: gateway.events, "the access event")
    assert gateway.events[-1]["request_id"] == found[0].decode()
