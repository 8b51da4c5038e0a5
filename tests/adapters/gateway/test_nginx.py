"""What NGINX alone does as the edge: TLS, limits, the question who calls, errors that are never HTML."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPSConnection

import httpx
import pytest

from filemill.gateway.addresses import TcpAddress
from filemill.gateway.nginx.options import ADDRESS_CONNECTIONS
from filemill.gateway.routes import build_routes

from .conftest import Puppet, RunningNginx, read_all, read_exactly, read_head, wait_until

pytestmark = pytest.mark.servers
Start = Callable[..., RunningNginx]
TOKEN = b"eyJ.signed.token"
KNOWN = b"HTTP/1.1 204 No Content\r\nConnection: close\r\nX-Filemill-Identity: " + TOKEN + b"\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def access() -> Iterator[Puppet]:
    with closing(Puppet(TcpAddress("127.0.0.1", 0))) as puppet:
        yield puppet


def body_of(sock: socket.socket, head: bytes) -> bytes:
    found = re.search(rb"Content-Length: (\d+)", head, re.IGNORECASE)
    assert found, head
    return read_exactly(sock, int(found[1]))


def assert_problem(head: bytes, body: bytes, status: int, code: str) -> None:
    assert head.startswith(b"HTTP/1.1 %d " % status), head
    assert b"Content-Type: application/problem+json" in head
    problem = json.loads(body)
    assert (problem["code"], problem["status"]) == (code, status)
    assert b"X-Request-ID: " + problem["request_id"].encode() in head
    assert set(problem) == {"type", "title", "status", "detail", "code", "retryable", "request_id"}


# --- who calls ---


def test_caller_when_known_then_the_service_gets_the_signed_word_and_no_credentials(
    start_nginx: Start, puppet: Puppet, access: Puppet
) -> None:
    """Access is asked once, without the body, with what the credentials are for; its answer goes on in their place."""
    edge = start_nginx({"upload": puppet.address, "metadata": puppet.address, "access": access.address})
    shown = b"Authorization: Bearer fm_key\r\nCookie: filemill_session=s; other=1\r\nX-CSRF-Token: c\r\n"
    for service, cookie in ((b"metadata", False), (b"upload", True)):
        with closing(edge.connect()) as sock:
            head = (
                b"PATCH /api/%b/files/x?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX-Filemill-Identity: root\r\n"
            )
            sock.sendall(head % service + shown + b"\r\nabc")
            question = access.accept()
            asked = read_head(question)
            assert asked.startswith(b"GET /verify HTTP/1.1\r\n")
            for line in (b"x-original-method: PATCH", b"Authorization: Bearer fm_key", b"x-csrf-token: c",
                         b"Cookie: filemill_session=s; other=1"):  # fmt: skip
                assert line in asked
            assert b"Content-Length" not in asked
            assert b"root" not in asked
            assert not puppet.was_contacted()  # not before it is known
            question.sendall(KNOWN)
            upstream = puppet.accept()
            got = read_head(upstream)
            assert b"x-filemill-identity: " + TOKEN + b"\r\n" in got
            assert b"Authorization" not in got
            assert (b"Cookie: filemill_session=s; other=1" in got) is cookie
            assert read_exactly(upstream, 3) == b"abc"
            upstream.sendall(OK.replace(b"\r\n\r\n", b"\r\nX-Filemill-Identity: leak\r\n\r\n"))
            assert b"leak" not in read_head(sock)


@pytest.mark.parametrize("answer", [b"401 No", b"403 No", b"429 No", b"503 No", b"204 No Content", b""])
def test_caller_when_not_known_or_not_to_be_asked_about_then_the_service_decides(
    start_nginx: Start, puppet: Puppet, access: Puppet, answer: bytes
) -> None:
    """Whatever access says, or if it says nothing: the credentials go on as they came, and no identity does."""
    edge = start_nginx({"upload": puppet.address, "access": access.address})
    with closing(edge.connect()) as sock:
        sock.sendall(b"GET /api/upload/files HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer fm_key\r\n\r\n")
        question = access.accept()
        read_head(question)
        if answer:
            question.sendall(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\n\r\n")
        else:
            question.close()
            with contextlib.suppress(TimeoutError):  # NGINX asks once more
                access.listener.settimeout(1)
                access.accept().close()
        upstream = puppet.accept()
        got = read_head(upstream)
        assert b"Authorization: Bearer fm_key" in got
        assert b"identity" not in got.lower()
        upstream.sendall(b"HTTP/1.1 401 No\r\nContent-Type: application/problem+json\r\nContent-Length: 2\r\n\r\n{}")
        assert read_head(sock).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    "shown", [b"", b"Authorization: Bearer fmu_token\r\n", b"authorization: bearer  fmu_x\r\n", b"Cookie: other=1\r\n"]
)
def test_caller_when_there_is_nothing_to_ask_then_access_is_left_alone(
    start_nginx: Start, puppet: Puppet, access: Puppet, shown: bytes
) -> None:
    """No credentials, or an upload token, which only upload can read."""
    edge = start_nginx({"upload": puppet.address, "access": access.address})
    with closing(edge.connect()) as sock:
        sock.sendall(b"GET /api/upload/files HTTP/1.1\r\nHost: a\r\n" + shown + b"\r\n")
        upstream = puppet.accept()
        assert shown.partition(b": ")[2] in read_head(upstream)
        upstream.sendall(OK)
        read_head(sock)
    assert not access.was_contacted()


def test_body_when_larger_than_a_question_may_be_then_who_calls_is_asked_all_the_same(
    start_nginx: Start, puppet: Puppet, access: Puppet
) -> None:
    """The limit of the route counts, before any byte came; the question has no body."""
    edge = start_nginx({"upload": puppet.address, "access": access.address})
    with closing(edge.connect()) as sock:
        head = b"PUT /api/upload/files HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000000\r\nAuthorization: Bearer fm_k\r\n\r\n"
        sock.sendall(head)
        question = access.accept()
        read_head(question)
        question.sendall(KNOWN)
        sock.sendall(b"first")
        upstream = puppet.accept()
        assert b"x-filemill-identity: " + TOKEN in read_head(upstream)
        assert read_exactly(upstream, 5) == b"first"  # it does not wait for the rest


# --- how much ---


def test_calls_when_too_many_then_429_with_when_to_come_back(start_nginx: Start, puppet: Puppet) -> None:
    """One caller's calls are counted apart from another's."""
    edge = start_nginx({"upload": puppet.address}, rate_per_s=1, burst=2)
    answers = []
    for key in (b"one", b"one", b"one", b"one", b"two"):
        with closing(edge.connect()) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key + b"\r\n\r\n")
            head = read_head(sock)
            answers.append((head, body_of(sock, head)))
    assert [head[9:12] for head, _ in answers] == [b"200", b"200", b"200", b"429", b"200"]
    assert_problem(*answers[3], 429, "rate-limited")
    assert b"Retry-After: 1" in answers[3][0]


def test_connections_when_one_address_holds_too_many_then_429_until_one_ends(
    start_nginx: Start, puppet: Puppet
) -> None:
    """Each with a request under way, as live streams have; another address is another matter, and so is `/livez`."""
    edge = start_nginx({"upload": puppet.address}, rate_per_s=10_000, burst=10_000)
    with contextlib.ExitStack() as stack:

        def ask(address: str = "127.0.0.1", path: bytes = b"/api/upload/files/x/content") -> socket.socket:
            sock = socket.create_connection(("127.0.0.1", edge.port), 30, source_address=(address, 0))
            stack.enter_context(closing(sock))
            sock.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
            return sock

        held = []
        for _ in range(ADDRESS_CONNECTIONS):
            sock = ask()
            upstream = puppet.accept()
            read_head(upstream)
            held.append((sock, upstream))
        refused = ask()
        head = read_head(refused)
        assert_problem(head, body_of(refused, head), 429, "rate-limited")
        assert b"Retry-After: 1" in head
        assert read_head(ask(path=b"/livez")).startswith(b"HTTP/1.1 200 ")
        ask("127.0.0.2")
        puppet.accept()
        sock, upstream = held.pop()
        upstream.sendall(OK)
        read_head(sock)
        sock.close()
        upstream.close()  # NGINX would send the next request over it, and nobody would be seen to call

        def let_in() -> bool:
            ask()
            return puppet.was_contacted()

        wait_until(let_in, "room for one more")


def test_livez_when_asked_too_often_then_it_answers_all_the_same(start_nginx: Start, puppet: Puppet) -> None:
    """It says only that NGINX is there, costs nothing, and a probe that met 429 would have it restarted under load."""
    edge = start_nginx({"upload": puppet.address}, rate_per_s=1, burst=1)
    for _ in range(30):
        for path in (b"/livez", b"/readyz"):
            with closing(edge.connect()) as sock:
                sock.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
                assert read_head(sock).startswith(b"HTTP/1.1 200 ")


# --- never HTML ---


def test_errors_of_nginx_itself_when_any_then_they_are_problems(start_nginx: Start, puppet: Puppet) -> None:
    """From each way to fail that a client can reach, a problem with the code of the local gateway."""
    edge = start_nginx({"upload": puppet.address, "ai": TcpAddress("127.0.0.1", 1)},
                       routes=build_routes(max_file_bytes=1000))  # fmt: skip
    head = b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    tries = {
        b"GET /nothing" + head + b"\r\n": (404, "not-found"),
        b"GET /_edge/400" + head + b"\r\n": (404, "not-found"),
        b"GET /_edge/identity" + head + b"\r\n": (404, "not-found"),
        b"GET /ui/" + head + b"\r\n": (404, "not-found"),
        b"GET /ui/.hidden" + head + b"\r\n": (404, "not-found"),
        b"GET /api/upload/verify" + head + b"\r\n": (404, "not-found"),
        b"GET /api/access/verify" + head + b"\r\n": (404, "not-found"),
        b"POST /" + head + b"Content-Length: 0\r\n\r\n": (405, "bad-request"),
        b"DELETE /health" + head + b"\r\n": (405, "bad-request"),
        b"GET /ui/app.js" + head + b"Range: bytes=9999999-\r\n\r\n": (416, "range-not-satisfiable"),
        b"GET /ui/app.js" + head + b'If-Match: "x"\r\n\r\n': (412, "precondition-failed"),
        b"PUT /api/upload/files" + head + b"Content-Length: 2000000\r\n\r\n": (413, "file-too-large"),
        b"POST /api/ai/x" + head + b"Content-Length: 2000000\r\n\r\n": (413, "file-too-large"),
        b"GET /" + b"x" * 20_000 + head + b"\r\n": (431, "bad-request"),
        b"GET /api/ai/x" + head + b"\r\n": (503, "service-unavailable"),
        b"GET /api/ai/x HTTP/1.1\r\n\r\n": (400, "bad-request"),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n": (400, "bad-request"),
        b"PUT /api/upload/x" + head + b"Transfer-Encoding: gzip\r\n\r\n": (400, "bad-request"),
    }  # fmt: skip
    for sent, (status, code) in tries.items():
        with closing(edge.connect()) as sock:  # to its end is not waited for: NGINX lingers for a body that never comes
            sock.sendall(sent)
            said = read_head(sock)
            body = body_of(sock, said)
        assert b"<html" not in body.lower(), sent[:60]
        assert_problem(said, body, status, code)
        assert (b"Retry-After: 1" in said) is (status == 503)
        assert (b"Allow: GET, HEAD" in said) is (status == 405)


# --- the page ---


def test_page_when_asked_for_then_as_the_local_gateway_has_it_and_hashed_names_are_kept(
    start_nginx: Start,
) -> None:
    """The same files, types and safe headers; a name with a hash may stay in a cache for a year."""
    edge = start_nginx({})
    assets = edge.server.folder / "page" / "assets"
    assets.mkdir()
    (assets / "index-BxYz1_34.js").write_text("1")
    base = f"http://127.0.0.1:{edge.port}"
    page = httpx.get(base + "/")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-cache"
    assert "strict-transport-security" not in page.headers
    for path in re.findall(r'(?:src|href)="(/ui/[^"]+)"', page.text):
        found = httpx.get(base + path)
        assert found.status_code == 200, path
        assert found.headers["x-content-type-options"] == "nosniff"
    for path in ("/live", "/operations/jobs", "/files/01a22650-63d2-72aa-9e8f-a1161ebdb3d9"):
        assert httpx.get(base + path).text == page.text, path
    for path in ("/files/x", "/live/", "/operations/a/b"):
        assert httpx.get(base + path).status_code == 404, path
    hashed = httpx.get(base + "/ui/assets/index-BxYz1_34.js")
    assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert hashed.headers["content-type"] == "text/javascript; charset=utf-8"


# --- TLS ---


def test_tls_when_spoken_then_modern_only_with_http2_and_hsts(start_nginx: Start, puppet: Puppet) -> None:
    """TLS 1.2 and 1.3, an old version is refused; a service hears that the client came by HTTPS; plain HTTP is told."""
    edge = start_nginx({"upload": puppet.address})
    certificate = edge.server.use_tls()
    edge.server.halt()
    edge.server.start()
    context = ssl.create_default_context(cafile=str(certificate))
    context.set_alpn_protocols(["h2"])
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context.minimum_version, context.maximum_version = version, version
        plain = socket.create_connection(("127.0.0.1", edge.server.tls_port), 10)
        with closing(plain), context.wrap_socket(plain, server_hostname="localhost") as sock:
            assert sock.selected_alpn_protocol() == "h2"
            cipher = sock.cipher()
            assert cipher is not None
            assert re.search("GCM|CHACHA20", cipher[0])
    old = ssl.create_default_context(cafile=str(certificate))
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # that it is old is what is tried
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with (
        closing(socket.create_connection(("127.0.0.1", edge.server.tls_port), 10)) as plain,
        pytest.raises(ssl.SSLError),
    ):
        old.wrap_socket(plain, server_hostname="localhost")
    trusting = ssl.create_default_context(cafile=str(certificate))
    with closing(HTTPSConnection("localhost", edge.server.tls_port, timeout=10, context=trusting)) as client:
        client.request("GET", "/api/upload/x", headers={"X-Forwarded-Proto": "http"})
        upstream = puppet.accept()
        assert b"X-Forwarded-Proto: https" in read_head(upstream)
        upstream.sendall(OK)
        assert client.getresponse().getheader("strict-transport-security") == "max-age=31536000"
    with closing(socket.create_connection(("127.0.0.1", edge.server.tls_port), 10)) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said, _, body = read_all(plain).partition(b"\r\n\r\n")
        assert_problem(said, body, 400, "bad-request")


def test_proxy_in_front_when_trusted_then_its_word_counts_and_else_nobodys(start_nginx: Start, puppet: Puppet) -> None:
    """The address and the scheme of the client, behind a load balancer."""
    said = b"X-Forwarded-For: 6.6.6.6, 198.51.100.7\r\nX-Forwarded-Proto: https\r\n"
    for trusted, address, scheme in (("127.0.0.0/8", b"198.51.100.7", b"https"), ("10.0.0.0/8", b"127.0.0.1", b"http")):
        edge = start_nginx({"upload": puppet.address}, trusted_proxies=(trusted,))
        with closing(edge.connect()) as sock:
            sock.sendall(b"GET /api/upload/x HTTP/1.1\r\nHost: a\r\n" + said + b"\r\n")
            upstream = puppet.accept()
            got = read_head(upstream)
            assert b"X-Forwarded-For: " + address + b"\r\n" in got
            assert b"X-Forwarded-Proto: " + scheme + b"\r\n" in got
            upstream.sendall(OK)
            read_head(sock)
