"""Requests and answers pass whole, in both directions, over kept connections."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest

from filemill.gateway.addresses import Address
from filemill.gateway.splice import Mover

from .conftest import Puppet, RunningGateway, RunningNginx, read_all, read_exactly, read_head, wait_until

Start = Callable[..., RunningGateway]
AnyStart = Callable[..., RunningGateway | RunningNginx]
BIG_BYTES = 48 * 1024 * 1024


def client(gateway: RunningGateway | RunningNginx) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", gateway.port, timeout=30)


def test_requests_when_a_thousand_use_one_connection_then_all_are_answered(start: Start, service: Address) -> None:
    """A kept connection carries many requests, and the gateway keeps few connections to the service."""
    gateway = start({"upload": service})
    with closing(client(gateway)) as connection:
        for number in range(1000):
            connection.request("GET", f"/api/upload/headers?n={number}")
            answer = connection.getresponse()
            assert answer.status == 200
            assert answer.read().endswith(b"path: /headers?n=%d" % number)
    wait_until(lambda: gateway.gateway.stats.requests["upload", "2xx"] == 1000, "the last one to be counted")


@pytest.mark.parametrize("use_splice", [True, False])
def test_body_when_large_goes_up_then_the_service_gets_every_byte(
    start: Start, service: Address, use_splice: bool
) -> None:
    """A body far above the splice bound arrives unchanged, by splice and by copy."""
    gateway = start({"upload": service}, mover=Mover(use_splice=use_splice))
    body = os.urandom(BIG_BYTES)
    with closing(client(gateway)) as connection:
        for _ in range(2):
            connection.request("PUT", "/api/upload/digest", body=body)
            answer = connection.getresponse()
            assert answer.read().decode() == f"{hashlib.sha256(body).hexdigest()} {BIG_BYTES}"
    wait_until(lambda: gateway.events and gateway.events[-1]["bytes_in"] == BIG_BYTES, "the access event")
    assert gateway.gateway.stats.bodies_spliced >= 1


def test_connection_when_large_bodies_follow_each_other_then_it_is_kept(start: Start, service: Address) -> None:
    """The answer may overtake the news that a thread sent the last byte; the connection is kept all the same."""
    gateway = start({"upload": service})
    body = os.urandom(3_000_000)
    with closing(client(gateway)) as connection:
        for _ in range(30):
            connection.request("PUT", "/api/upload/digest", body=body)
            answer = connection.getresponse()
            assert answer.getheader("connection") is None
            assert answer.read().endswith(b" 3000000")


def test_answer_when_the_client_does_not_read_then_the_service_is_held_back(start: Start, puppet: Puppet) -> None:
    """What lies between a fast service and a client that stands still is bounded by the system's buffers."""
    gateway = start({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        sock.sendall(b"GET /api/upload/x HTTP/1.1\r\nHost: a\r\n\r\n")
        upstream = puppet.accept()
        read_head(upstream)
        upstream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")  # of unknown length, so the loop relays it
        upstream.settimeout(0.5)
        with pytest.raises(TimeoutError):
            upstream.sendall(bytes(300_000_000))


def test_body_when_the_service_does_not_read_then_the_client_is_held_back(start: Start, puppet: Puppet) -> None:
    """The same the other way round."""
    gateway = start({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        sock.sendall(b"PUT /api/upload/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n11e1a300\r\n")
        read_head(puppet.accept())
        sock.settimeout(0.5)
        with pytest.raises(TimeoutError):
            sock.sendall(bytes(0x11E1A300))


@pytest.mark.parametrize("use_splice", [True, False])
def test_body_when_large_comes_down_then_the_client_gets_every_byte(
    start: Start, service: Address, use_splice: bool
) -> None:
    """An answer far above the splice bound arrives unchanged, and the connection goes on."""
    gateway = start({"upload": service}, mover=Mover(use_splice=use_splice))
    block = bytes(range(256)) * 1024
    expected = hashlib.sha256(block * (BIG_BYTES // len(block))).hexdigest()
    with closing(client(gateway)) as connection:
        for _ in range(2):
            connection.request("GET", f"/api/upload/bytes/{BIG_BYTES}")
            answer = connection.getresponse()
            assert hashlib.sha256(answer.read()).hexdigest() == expected
    wait_until(lambda: gateway.gateway.stats.bodies_spliced >= 1, "a body that a thread moved")


@pytest.mark.parametrize("size", [0, 1, 65_535, 1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1, 3_000_001])
def test_body_when_near_a_bound_then_it_passes_both_ways(start_any: AnyStart, service: Address, size: int) -> None:
    """Sizes around the bounds between loop and thread are relayed exactly."""
    gateway = start_any({"upload": service})
    body = os.urandom(size)
    with closing(client(gateway)) as connection:
        connection.request("POST", "/api/upload/digest", body=body)
        assert connection.getresponse().read().decode() == f"{hashlib.sha256(body).hexdigest()} {size}"
        connection.request("GET", f"/api/upload/bytes/{size}")
        assert len(connection.getresponse().read()) == size


def test_body_when_chunked_goes_up_then_it_is_whole(start_any: AnyStart, service: Address) -> None:
    """A body without a length is decoded and written anew on its way."""
    gateway = start_any({"upload": service})
    pieces = [os.urandom(size) for size in (1, 70_000, 3, 250_000)]
    with closing(client(gateway)) as connection:
        connection.request("POST", "/api/upload/digest", body=iter(pieces), encode_chunked=True)
        digest = connection.getresponse().read().decode()
    assert digest == f"{hashlib.sha256(b''.join(pieces)).hexdigest()} {sum(map(len, pieces))}"


def test_answer_when_chunked_then_it_is_whole_and_the_connection_kept(start_any: AnyStart, service: Address) -> None:
    """An answer without a length arrives chunked; afterwards the same connection serves again."""
    gateway = start_any({"upload": service})
    expected = b"".join(b"%03d;" % number * 50 for number in range(100))
    with closing(client(gateway)) as connection:
        for _ in range(3):
            connection.request("GET", "/api/upload/chunks")
            answer = connection.getresponse()
            assert answer.getheader("transfer-encoding") == "chunked"
            assert answer.read() == expected


def test_answer_when_chunked_for_an_old_client_then_it_ends_with_the_connection(
    start_any: AnyStart, service: Address
) -> None:
    """HTTP/1.0 knows no chunks: the bytes come bare and the connection closes."""
    gateway = start_any({"upload": service})
    head, _, body = gateway.say(b"GET /api/upload/chunks HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower()
    assert b"connection: close" in head.lower()
    assert body == b"".join(b"%03d;" % number * 50 for number in range(100))


@pytest.mark.parametrize(
    ("method", "path", "status"), [("HEAD", "bytes/5000000", 200), ("GET", "204", 204), ("GET", "304", 304)]
)
def test_answer_when_it_has_no_body_then_the_connection_goes_on(
    start_any: AnyStart, service: Address, method: str, path: str, status: int
) -> None:
    """HEAD, 204 and 304 end with their head, whatever length they name."""
    gateway = start_any({"upload": service})
    with closing(client(gateway)) as connection:
        for _ in range(3):
            connection.request(method, f"/api/upload/{path}")
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (status, b"")
            if method == "HEAD":
                assert answer.getheader("content-length") == "5000000"


def test_answer_when_it_ends_with_the_connection_then_the_client_gets_chunks(start: Start, puppet: Puppet) -> None:
    """A service without length or chunks is delimited anew, so the client can tell whole from cut."""
    gateway = start({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        sock.sendall(b"GET /api/upload/x HTTP/1.1\r\nHost: a\r\n\r\n")
        upstream = puppet.accept()
        read_head(upstream)
        upstream.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello ")
        upstream.sendall(b"world")
        upstream.close()
        assert b"transfer-encoding: chunked" in read_head(sock).lower()
        body = b""
        while not body.endswith(b"0\r\n\r\n"):
            body += sock.recv(100)
    assert body.replace(b"6\r\nhello \r\n5\r\nworld\r\n", b"b\r\nhello world\r\n") == b"b\r\nhello world\r\n0\r\n\r\n"


def test_expectation_when_the_client_waits_then_the_services_continue_passes(start: Start, puppet: Puppet) -> None:
    """`Expect: 100-continue` is the service's to answer, before any byte of the body moves."""
    gateway = start({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        sock.sendall(b"PUT /api/upload/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        upstream = puppet.accept()
        assert b"expect: 100-continue" in read_head(upstream).lower()
        upstream.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert read_head(sock) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"hello")
        assert read_exactly(upstream, 5) == b"hello"
        upstream.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        assert b" 201 " in read_head(sock)


def test_requests_when_pipelined_then_answers_come_in_order(start: Start, service: Address) -> None:
    """Requests sent without waiting are answered one after the other, local and relayed mixed."""
    gateway = start({"upload": service})
    one = b"POST /api/upload/digest HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    two = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
    last = b"GET /api/upload/204 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answer = gateway.say((one + two) * 200 + last)
    assert answer.count(hashlib.sha256(b"abc").hexdigest().encode() + b" 3") == 200
    assert answer.count(b"HTTP/1.1 200") == 400
    assert answer.count(b"HTTP/1.1 204") == 1
    first, second = answer.index(b" 3HTTP/1.1"), answer.index(b'"status":"ok"')
    assert first < second


def test_request_when_pipelined_behind_a_chunked_body_then_it_is_never_served(start: Start, puppet: Puppet) -> None:
    """What follows a chunked body cannot pass as a request: the connection ends after the answer."""
    gateway = start({"upload": puppet.address})
    with closing(gateway.connect()) as sock:
        sock.sendall(
            b"POST /api/upload/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            b"GET /api/upload/second HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        upstream = puppet.accept()
        assert b"transfer-encoding: chunked" in read_head(upstream).lower()
        assert read_exactly(upstream, 15) == b"5\r\nhello\r\n0\r\n\r\n"
        upstream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        answer = read_all(sock)
        assert answer.count(b"HTTP/1.1") == 1
        assert b"Connection: close" in answer


def test_upload_when_the_client_is_slow_then_others_are_not_held_up(start: Start, service: Address) -> None:
    """More stalled bodies than there are threads leave a fast one at full speed."""
    gateway = start({"upload": service}, mover=Mover(threads=2))
    head = b"PUT /api/upload/digest HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n"
    slow: list[socket.socket] = []
    try:
        for _ in range(8):
            slow.append(gateway.connect())
            slow[-1].sendall(head + b"x" * 10)
        body = os.urandom(BIG_BYTES // 4)
        with closing(client(gateway)) as connection:
            connection.request("PUT", "/api/upload/digest", body=body)
            assert connection.getresponse().read().decode().startswith(hashlib.sha256(body).hexdigest())
        for sock in slow:
            sock.sendall(b"x" * (3_000_000 - 10))
            assert b" 200 " in read_head(sock)
            assert read_exactly(sock, 72).endswith(b" 3000000")
    finally:
        for sock in slow:
            sock.close()


def test_download_when_the_reader_is_slow_then_nothing_is_lost_and_little_is_held(
    start: Start, service: Address
) -> None:
    """A reader that pauses gets every byte, while the service is held back."""
    gateway = start({"upload": service})
    with closing(gateway.connect()) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 262_144)
        sock.sendall(b"GET /api/upload/bytes/20000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        read_head(sock)
        digest, left = hashlib.sha256(), 20_000_000
        # Stand still until a thread has given the stalled body back to the loop.
        wait_until(lambda: gateway.gateway.stats.bodies_spliced >= 1, "the stalled body to come back")
        while left:
            piece = sock.recv(min(left, 100_000))
            digest.update(piece)
            left -= len(piece)
    block = bytes(range(256)) * 1024
    expected = hashlib.sha256((block * 80)[:20_000_000])
    assert digest.hexdigest() == expected.hexdigest()


def test_stream_when_events_come_then_each_passes_at_once(start: Start, puppet: Puppet) -> None:
    """Server-sent events are not gathered, and a client that leaves ends the service's side."""
    gateway = start({"notification": puppet.address})
    sock = gateway.connect()
    sock.sendall(b"GET /api/notifications/events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n")
    upstream = puppet.accept()
    assert read_head(upstream).startswith(b"GET /events HTTP/1.1")
    upstream.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    read_head(sock)
    for number in range(20):
        event = b"id: %d\n\n" % number
        upstream.sendall(b"%x\r\n%b\r\n" % (len(event), event))
        assert read_exactly(sock, len(event) + 5) == b"%x\r\n%b\r\n" % (len(event), event)
    sock.close()
    assert upstream.recv(1) == b""
    wait_until(lambda: gateway.events, "the access event")
    assert gateway.events[-1]["outcome"] == "client-gone"


def test_connections_when_many_clients_run_at_once_then_answers_are_not_mixed(
    start_any: AnyStart, service: Address
) -> None:
    """Sixteen clients, each with bodies of its own: every digest is the sender's."""
    gateway = start_any({"upload": service})
    wrong: list[Any] = []

    def run(number: int) -> None:
        with closing(client(gateway)) as connection:
            for turn in range(40):
                body = b"%d-%d" % (number, turn) * (1 + number * turn * 7)
                connection.request("POST", "/api/upload/digest", body=body)
                said = connection.getresponse().read().decode()
                if said != f"{hashlib.sha256(body).hexdigest()} {len(body)}":
                    wrong.append((number, turn))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
