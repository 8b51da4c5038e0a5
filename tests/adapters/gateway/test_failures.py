"""What a client sees when a service is down, slow, dies or lies, and what a service sees when a client leaves."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from filemill.gateway.addresses import TcpAddress, UnixAddress
from filemill.gateway.limits import Limits
from filemill.gateway.routes import Route

from .conftest import Puppet, RunningGateway, RunningNginx, read_all, read_answer, read_exactly, read_head, wait_until

Start = Callable[..., RunningGateway]
AnyStart = Callable[..., RunningGateway | RunningNginx]
GET = b"GET /api/upload/x HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
QUICK = Limits(tick_s=0.02, client_head_s=0.3, client_idle_s=0.3, linger_s=0.5, connect_s=0.3)
QUICK_ROUTES = (
    Route("/api/notifications/events", "notification", strip="/api/notifications", streaming=True, idle_s=0.2),
    Route("/api/upload", "upload", strip="/api/upload", max_body_bytes=10_000_000, response_head_s=0.3, idle_s=0.3),
)


def assert_unavailable(answer: tuple[int, dict[str, str], bytes]) -> dict[str, Any]:
    status, headers, body = answer
    problem = json.loads(body)
    assert status == 503
    assert headers["content-type"] == "application/problem+json"
    assert headers["retry-after"] in ("1", "2")  # 2: NGINX, where every instance was away a moment ago
    assert problem["code"] == "service-unavailable"
    assert problem["retryable"] is True
    assert problem["request_id"] == headers["x-request-id"]
    assert problem["type"].endswith("/service-unavailable")
    assert set(problem) == {"type", "title", "status", "detail", "code", "retryable", "request_id"}
    return problem


def closed_port() -> TcpAddress:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return TcpAddress("127.0.0.1", listener.getsockname()[1])


def test_service_when_nobody_listens_then_503_and_the_connection_goes_on(start: Start, tmp_path: Path) -> None:
    """A service that is down is a problem with Retry-After, on TCP and Unix sockets, and only for its own routes."""
    gateway = start({"upload": closed_port(), "ai": UnixAddress(str(tmp_path / "none.sock"))})
    with closing(gateway.connect()) as sock:
        for path in (b"upload", b"ai", b"metadata"):
            sock.sendall(b"GET /api/%b/x HTTP/1.1\r\nHost: a\r\n\r\n" % path)
            assert_unavailable(read_answer(sock))
        sock.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_answer(sock)[0] == 200
    assert gateway.gateway.stats.service_failures["upload", "not-connected"] == 1


def test_service_when_it_does_not_answer_then_503_in_time(start: Start, puppet: Puppet) -> None:
    """The answer's head has a deadline; the silent connection is not used again."""
    gateway = start({"upload": puppet.address}, limits=QUICK, routes=QUICK_ROUTES)
    with closing(gateway.connect()) as sock:
        sock.sendall(GET)
        upstream = puppet.accept()
        assert_unavailable(read_answer(sock))
        read_head(upstream)
        assert upstream.recv(1) == b""


def test_service_when_it_dies_before_answering_then_503(start_any: AnyStart, puppet: Puppet) -> None:
    """A fresh connection that ends without an answer is not tried again."""
    gateway = start_any({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        sock.sendall(GET)
        upstream = puppet.accept()
        read_head(upstream)
        upstream.close()
        assert_unavailable(read_answer(sock))
        assert not puppet.was_contacted()


@pytest.mark.parametrize(
    "answer",
    [
        b"220 smtp ready\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\n b\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
    ],
)
def test_service_when_its_head_is_broken_then_503(start: Start, puppet: Puppet, answer: bytes) -> None:
    """What is no HTTP, or could be read in two ways, is never passed on."""
    gateway = start({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        sock.sendall(GET)
        upstream = puppet.accept()
        read_head(upstream)
        upstream.sendall(answer)
        assert_unavailable(read_answer(sock))


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Length: 100", b"x" * 40),
        (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n"),
        (b"Transfer-Encoding: chunked", b"5\r\nhello\r\nnonsense\r\n"),
        (b"Content-Length: 9000000", b"x" * 3_000_000),
    ],
)
@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_service_when_it_dies_inside_the_answer_then_the_client_sees_it_cut(
    start: Start, puppet: Puppet, head: bytes, body: bytes, version: bytes
) -> None:
    """A short body is never taken for a whole one, not even by a client that reads to the end of the connection."""
    gateway = start({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        sock.sendall(b"GET /api/upload/x HTTP/%b\r\nHost: a\r\n\r\n" % version)
        upstream = puppet.accept()
        read_head(upstream)
        upstream.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + body)
        upstream.close()
        with pytest.raises(ConnectionResetError):
            read_all(sock)
    wait_until(lambda: gateway.events, "the access event")
    assert gateway.gateway.stats.requests["upload", "2xx"] == 1
    assert gateway.events[-1]["outcome"] == "service-failed"


def prime(gateway: RunningGateway, puppet: Puppet, sock: socket.socket) -> socket.socket:
    """One good exchange, so that the pool keeps a connection; returns the service's end of it."""
    sock.sendall(GET)
    upstream = puppet.accept()
    read_head(upstream)
    upstream.sendall(OK)
    assert read_answer(sock)[2] == b"ok"
    return upstream


@pytest.mark.parametrize(
    ("method", "extra", "retried"),
    [(b"GET", b"", True), (b"DELETE", b"", True), (b"POST", b"", False), (b"POST", b"Idempotency-Key: k\r\n", True)],
)
def test_kept_connection_when_it_dies_under_a_request_then_only_a_safe_one_is_repeated(
    start: Start, puppet: Puppet, method: bytes, extra: bytes, retried: bool
) -> None:
    """A connection that was kept too long costs one more try, if doing it twice is the same as once."""
    gateway = start({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        upstream = prime(gateway, puppet, sock)
        sock.sendall(method + b" /api/upload/y HTTP/1.1\r\nHost: a\r\n" + extra + b"\r\n")
        read_head(upstream)
        upstream.close()
        if not retried:
            assert_unavailable(read_answer(sock))
            return
        again = puppet.accept()
        assert read_head(again).startswith(method + b" /y HTTP/1.1")
        again.sendall(OK)
        assert read_answer(sock)[2] == b"ok"
    assert gateway.gateway.stats.retries["upload"] == 1


def test_kept_connection_when_the_service_closed_it_then_a_fresh_one_is_used(start: Start, puppet: Puppet) -> None:
    """The end of an idle connection is noticed at once, so a restarted service costs nobody an error."""
    gateway = start({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        for _ in range(3):
            upstream = prime(gateway, puppet, sock)
            upstream.close()
            wait_until(lambda: not gateway.gateway._edge.pools["upload"]._spare, "the pool to notice")


def test_kept_connection_when_bytes_come_unasked_then_it_is_dropped(start: Start, puppet: Puppet) -> None:
    """An answer nobody asked for can never become someone's answer."""
    gateway = start({"upload": puppet.address}, limits=Limits(spare_idle_s=1000))
    with closing(gateway.connect()) as sock:
        upstream = prime(gateway, puppet, sock)
        upstream.sendall(OK)
        assert upstream.recv(1) == b""
        prime(gateway, puppet, sock)


def test_answer_when_more_comes_than_it_announced_then_the_rest_is_dropped(start: Start, puppet: Puppet) -> None:
    """Bytes behind an answer never reach a client, and the connection they came on is closed."""
    gateway = start({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        sock.sendall(GET)
        upstream = puppet.accept()
        read_head(upstream)
        upstream.sendall(OK + OK)
        assert read_answer(sock)[2] == b"ok"
        prime(gateway, puppet, sock)


@pytest.mark.parametrize("size", [50_000, 5_000_000])
def test_client_when_it_leaves_inside_its_body_then_the_service_sees_the_end(
    start: Start, puppet: Puppet, size: int
) -> None:
    """Nothing half-sent is completed: the service's connection ends before the announced length."""
    gateway = start({"upload": puppet.address})
    sock = gateway.connect()
    sock.sendall(b"PUT /api/upload/x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (size * 2) + b"x" * 1000)
    upstream = puppet.accept()
    read_head(upstream)
    sock.sendall(b"x" * 1000)
    sock.close()
    got = b""
    with suppress(ConnectionResetError):  # an abort is an end as well
        got = read_all(upstream)
    assert len(got) <= 2000
    wait_until(lambda: gateway.events, "the access event")
    assert gateway.events[-1]["outcome"] == "client-gone"
    assert gateway.gateway.stats.requests["upload", "gone"] == 1


def test_client_when_it_resets_while_a_large_answer_moves_then_the_service_is_let_go(
    start: Start, puppet: Puppet
) -> None:
    """A download given up half-way does not keep the service or a thread busy."""
    gateway = start({"upload": puppet.address})
    sock = gateway.connect()
    sock.sendall(GET)
    upstream = puppet.accept()
    read_head(upstream)
    upstream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n" + b"x" * 2_000_000)
    read_exactly(sock, 1_000_000)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        upstream.sendall(b"x" * 500_000_000)
    wait_until(lambda: gateway.gateway._edge.mover._free == 16, "the thread to come back")


@pytest.mark.parametrize("size", [3000, 60_000_000])
def test_service_when_it_refuses_before_the_body_then_the_client_gets_the_answer(
    start: Start, puppet: Puppet, size: int
) -> None:
    """A refusal from the header reaches a client that is still sending; then the connection ends."""
    gateway = start({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        sock.sendall(b"PUT /api/upload/x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + b"x" * 2000)
        upstream = puppet.accept()
        read_head(upstream)
        upstream.sendall(b"HTTP/1.1 415 No\r\nContent-Length: 4\r\n\r\nnope")
        left = size - 2000
        while left:
            left -= sock.send(b"x" * min(left, 1_000_000))
        status, headers, body = read_answer(sock)
        assert (status, body, headers["connection"]) == (415, b"nope", "close")
        assert sock.recv(1) == b""


def test_client_when_its_head_is_slow_then_408(start: Start, puppet: Puppet) -> None:
    """A head that does not come to its end is refused, however many bytes trickle in."""
    gateway = start({"upload": puppet.address}, limits=QUICK, routes=QUICK_ROUTES)
    with closing(gateway.connect()) as sock:
        sock.sendall(b"\r\n")
        wait_until(lambda: gateway.gateway.stats.open_connections == 1, "the connection")
        sock.sendall(b"GET /api/upload/x HTTP/1.1\r\nHost:")
        status, headers, body = read_answer(sock)
        assert (status, headers["connection"], json.loads(body)["code"]) == (408, "close", "bad-request")


def test_client_when_it_says_nothing_then_it_is_closed_without_a_word(start: Start, puppet: Puppet) -> None:
    """Idle connections end: new ones after the head's time, kept ones after the idle time."""
    gateway = start({"upload": puppet.address}, limits=QUICK, routes=QUICK_ROUTES)
    with closing(gateway.connect()) as new, closing(gateway.connect()) as kept:
        prime(gateway, puppet, kept)
        assert new.recv(1) == b""
        assert kept.recv(1) == b""


def test_client_when_its_body_stops_then_408_and_the_service_is_let_go(start: Start, puppet: Puppet) -> None:
    """A body that stands still is given up, with an answer."""
    gateway = start({"upload": puppet.address}, limits=QUICK, routes=QUICK_ROUTES)
    with closing(gateway.connect()) as sock:
        sock.sendall(b"PUT /api/upload/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\nx")
        upstream = puppet.accept()
        read_head(upstream)
        assert read_answer(sock)[0] == 408
        assert read_all(upstream) == b"x"


def test_service_when_its_body_stops_then_the_answer_is_cut(start: Start, puppet: Puppet) -> None:
    """An answer that stands still is broken off, visibly."""
    gateway = start({"upload": puppet.address}, limits=QUICK, routes=QUICK_ROUTES)
    with closing(gateway.connect()) as sock:
        sock.sendall(GET)
        upstream = puppet.accept()
        read_head(upstream)
        upstream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\nx")
        with pytest.raises(ConnectionResetError):
            read_all(sock)


def test_stream_when_it_is_silent_then_it_stays_open_until_the_gateway_stops(start: Start, puppet: Puppet) -> None:
    """Server-sent events may be silent for ever; a stop ends them without waiting for the grace."""
    gateway = start({"notification": puppet.address, "upload": puppet.address}, limits=QUICK, routes=QUICK_ROUTES)
    with closing(gateway.connect()) as sock, closing(gateway.connect()) as other:
        sock.sendall(b"GET /api/notifications/events HTTP/1.1\r\nHost: a\r\n\r\n")
        upstream = puppet.accept()
        read_head(upstream)
        upstream.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        read_head(sock)
        other.sendall(GET)  # takes its whole time limit, longer than the stream's idle limit would be
        assert_unavailable(read_answer(other))
        upstream.sendall(b"data: 1\n\n")
        assert b"data: 1" in sock.recv(100)
        gateway.stop(grace_s=60)
        with suppress(ConnectionResetError):
            assert read_all(sock) == b""


def test_stop_when_a_request_runs_then_it_is_finished_first(start: Start, puppet: Puppet) -> None:
    """SIGTERM costs no request: what runs is answered, idle connections close, new ones are refused."""
    gateway = start({"upload": puppet.address})
    with closing(gateway.connect()) as busy, closing(gateway.connect()) as idle:
        busy.sendall(GET)
        upstream = puppet.accept()
        read_head(upstream)
        port = gateway.port
        stopping = threading.Thread(target=gateway.stop, args=(10.0,))
        stopping.start()
        assert idle.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        upstream.sendall(OK)
        status, _, body = read_answer(busy)
        assert (status, body) == (200, b"ok")
        assert busy.recv(1) == b""
        stopping.join()


def test_stop_when_the_grace_is_over_then_what_runs_is_cut(start: Start, puppet: Puppet) -> None:
    """A service that never answers does not keep the gateway alive."""
    gateway = start({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        sock.sendall(GET)
        read_head(puppet.accept())
        gateway.stop(grace_s=0.1)
        with suppress(ConnectionResetError):
            assert read_all(sock) == b""


def test_connections_when_there_are_too_many_then_the_next_is_told(start: Start, puppet: Puppet) -> None:
    """Beyond the bound a connection gets 503 and Retry-After; when one leaves there is room again."""
    gateway = start({"upload": puppet.address}, limits=Limits(client_connections=3))
    held = [gateway.connect() for _ in range(3)]
    wait_until(lambda: gateway.gateway.stats.open_connections == 3, "three connections")
    with closing(gateway.connect()) as fourth:
        assert_unavailable(read_answer(fourth))
        assert fourth.recv(1) == b""
    held.pop().close()
    wait_until(lambda: gateway.gateway.stats.open_connections == 2, "room")
    with closing(gateway.connect()) as again:
        prime(gateway, puppet, again)
    for sock in held:
        sock.close()


def test_service_when_it_has_too_much_to_do_then_others_still_answer(start: Start, puppet: Puppet) -> None:
    """A hung service fills only its own share: its next request is refused at once, other routes work."""
    gateway = start({"upload": puppet.address, "ai": puppet.address}, limits=Limits(exchanges_per_service=1))
    with closing(gateway.connect()) as hung, closing(gateway.connect()) as sock:
        hung.sendall(GET)
        read_head(puppet.accept())
        sock.sendall(GET)
        assert_unavailable(read_answer(sock))
        sock.sendall(GET.replace(b"upload", b"ai"))
        upstream = puppet.accept()
        read_head(upstream)
        upstream.sendall(OK)
        assert read_answer(sock)[2] == b"ok"
