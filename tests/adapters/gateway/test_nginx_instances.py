"""NGINX before several instances of a service."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection

import pytest

from filemill.gateway.addresses import TcpAddress

from .conftest import Instance, Puppet, RunningNginx, read_head, wait_until
from .test_nginx import assert_problem, body_of

pytestmark = pytest.mark.servers
Start = Callable[..., RunningNginx]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_request_when_an_instance_dies_then_only_a_safe_one_goes_to_the_next(
    start_nginx: Start, puppet: Puppet
) -> None:
    """A GET whose instance went away without a word is asked of the other; a POST may have been done."""
    with closing(Puppet(TcpAddress("127.0.0.1", 0))) as other:
        for method, again in ((b"GET", True), (b"DELETE", True), (b"POST", False), (b"PATCH", False)):
            edge = start_nginx({"upload": (puppet.address, other.address)})
            with closing(edge.connect()) as sock:
                sock.sendall(method + b" /api/upload/x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                first = asked_one(puppet, other)
                read_head(first)
                first.close()
                if not again:
                    head = read_head(sock)
                    assert_problem(head, body_of(sock, head), 503, "service-unavailable")
                    continue
                second = asked_one(puppet, other)
                assert read_head(second).startswith(method + b" /x HTTP/1.1")
                second.sendall(OK)
                assert b" 200 " in read_head(sock)


def asked_one(*puppets: Puppet) -> socket.socket:
    """The connection to whichever of them was asked."""
    ready, _, _ = select.select([one.listener for one in puppets], [], [], 10)
    return next(one for one in puppets if one.listener in ready).accept()


def test_instances_when_one_after_the_other_restarts_then_no_request_fails(start_nginx: Start) -> None:
    """Two instances of a service, each stopped as SIGTERM stops it and started again, under requests without a pause."""
    instances = (Instance(), Instance())
    for one in instances:
        one.start()
    edge = start_nginx({"upload": tuple(one.address for one in instances)})
    statuses: list[int] = []
    enough, log = threading.Event(), edge.server.folder / "access.log"

    def ask() -> None:
        with closing(HTTPConnection("127.0.0.1", edge.port, timeout=30)) as client:
            while not enough.is_set():
                client.request("GET", "/api/upload/chunks")
                answer = client.getresponse()
                statuses.append(answer.status if len(answer.read()) == 20_000 else 0)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for one in instances * 2:
            served = f'"upstream":"{one.address}"'
            before = log.read_text().count(served)
            wait_until(lambda served=served, before=before: log.read_text().count(served) > before + 20, "its turn")
            one.stop()
            before = len(statuses)
            wait_until(lambda before=before: len(statuses) > before + 40, "the other to do it all")
            one.start()
            before = log.read_text().count(served)
            wait_until(
                lambda served=served, before=before: log.read_text().count(served) > before + 20, "it to be back"
            )
    finally:
        enough.set()
        for thread in threads:
            thread.join()
        for one in instances:
            one.stop()
    assert len(statuses) > 300
    assert set(statuses) == {200}
