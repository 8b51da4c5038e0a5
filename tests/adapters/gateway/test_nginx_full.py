"""NGINX before an instance that has as much to do as it can: short requests beyond that are told at once to come again."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from filemill.gateway.addresses import TcpAddress

from .conftest import Puppet, RunningNginx, read_answer, read_exactly, read_head, wait_until
from .test_nginx_instances import asked_one

pytestmark = pytest.mark.servers
Start = Callable[..., RunningNginx]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"  # each request is then seen to come
GET = b"GET /api/upload/files/x HTTP/1.1\r\nHost: a\r\n\r\n"
SEARCH = b"GET /api/metadata/files?q=x HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /api/upload/tus/ HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
PUT = b"PUT /api/upload/files HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
PUT_WITH_KEY = PUT.replace(b"Host: a", b"Host: a\r\nIdempotency-Key: one two")
LARGE = b"PUT /api/upload/files HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n"
CHUNKED = b"POST /api/upload/files HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n"
DOWNLOAD = b"GET /api/upload/files/x/content HTTP/1.1\r\nHost: a\r\n\r\n"
ZIP = b"POST /api/upload/files/zip HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
EXPORT = b"GET /api/metadata/export?q=x HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def clients() -> Iterator[Callable[[RunningNginx, bytes], socket.socket]]:
    """Send a request on a connection of its own; all are closed after the test."""
    with ExitStack() as stack:

        def send(edge: RunningNginx, request: bytes) -> socket.socket:
            sock = stack.enter_context(closing(edge.connect()))
            sock.sendall(request)
            return sock

        yield send


Send = Callable[[RunningNginx, bytes], socket.socket]


@pytest.mark.parametrize("request_", [GET, SEARCH, POST, PUT, PUT_WITH_KEY])
def test_short_requests_when_as_many_are_under_way_as_may_then_the_next_is_told_when_to_come_back(
    start_nginx: Start, puppet: Puppet, clients: Send, request_: bytes
) -> None:
    """At once, and without a line in the error log for each; when one has his answer, there is room again."""
    edge = start_nginx({"upload": puppet.address, "metadata": puppet.address}, at_once=2)
    held = []
    for _ in range(2):
        sock = clients(edge, request_)
        held.append((sock, puppet.accept()))
        read_head(held[-1][1])
    third = clients(edge, request_)
    status, headers, body = read_answer(third)
    assert (status, headers["retry-after"], headers["connection"]) == (503, "2", "keep-alive")
    assert b'"code":"service-unavailable"' in body
    assert b"as many requests as it can answer soon" in body
    wait_until(lambda: [line for line in edge.events if line["status"] == 503], "its line in the access log")
    (line,) = [line for line in edge.events if line["status"] == 503]
    assert line["upstream"].startswith("filemill_")  # no address: nobody was asked
    assert "no live upstreams" not in (edge.server.folder / "error.log").read_text()

    client, upstream = held[0]
    upstream.sendall(OK)
    assert read_answer(client)[0] == 200
    upstream.close()
    third.sendall(request_)
    read_head(puppet.accept())


@pytest.mark.parametrize("request_", [LARGE, CHUNKED, DOWNLOAD, ZIP, EXPORT])
def test_what_may_take_its_time_when_many_are_under_way_then_it_takes_nobodys_place(
    start_nginx: Start, puppet: Puppet, clients: Send, request_: bytes
) -> None:
    """A client that is slow to send or to read is not the service's work."""
    edge = start_nginx({"upload": puppet.address, "metadata": puppet.address}, at_once=1)
    for _ in range(3):
        clients(edge, request_)
        read_head(puppet.accept())
    clients(edge, SEARCH if request_ is EXPORT else PUT)
    read_head(puppet.accept())


@pytest.mark.parametrize("request_", [POST, PUT, PUT_WITH_KEY])
def test_short_bodies_when_they_come_slowly_then_the_service_hears_of_them_when_they_are_there(
    start_nginx: Start, puppet: Puppet, clients: Send, request_: bytes
) -> None:
    """Or a few slow clients would hold every place."""
    edge = start_nginx({"upload": puppet.address}, at_once=1)
    slow = [clients(edge, request_[:-1]) for _ in range(3)]
    client = clients(edge, request_)
    upstream = puppet.accept()
    read_head(upstream)
    assert read_exactly(upstream, 4) == b"body"
    upstream.sendall(OK)
    assert read_answer(client)[0] == 200
    upstream.close()
    slow[0].sendall(b"y")
    read_head(puppet.accept())


def test_small_put_when_an_instance_lets_nobody_in_then_the_next_gets_it(
    start_nginx: Start, puppet: Puppet, clients: Send
) -> None:
    """Nothing was sent, so nothing can be done twice: a restart of an instance costs no upload."""
    with closing(Puppet(TcpAddress("127.0.0.1", 0))) as gone:
        pass
    edge = start_nginx({"upload": (gone.address, puppet.address)})
    for _ in range(4):
        client = clients(edge, PUT)
        upstream = puppet.accept()
        read_head(upstream)
        assert read_exactly(upstream, 4) == b"body"
        upstream.sendall(OK)
        upstream.close()
        assert read_answer(client)[0] == 200


@pytest.mark.parametrize(("request_", "again"), [(PUT, False), (PUT_WITH_KEY, True)])
def test_small_put_when_its_instance_dies_then_only_one_with_a_key_is_sent_again(
    start_nginx: Start, puppet: Puppet, clients: Send, request_: bytes, again: bool
) -> None:
    """NGINX takes every PUT for one that may be repeated; here it makes a file, and without a key two."""
    with closing(Puppet(TcpAddress("127.0.0.1", 0))) as other:
        edge = start_nginx({"upload": (puppet.address, other.address)})
        client = clients(edge, request_)
        first = asked_one(puppet, other)
        read_head(first)
        read_exactly(first, 4)
        first.close()
        if again:
            second = asked_one(puppet, other)
            read_head(second)
            assert read_exactly(second, 4) == b"body"
            second.sendall(OK)
        assert read_answer(client)[0] == (200 if again else 503)
