"""Several instances of a service: the next is asked when one lets nobody in, and new connections take turns."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from filemill.gateway.addresses import TcpAddress

from .conftest import Puppet, RunningGateway, RunningNginx, read_answer, read_exactly, read_head
from .test_failures import assert_unavailable, closed_port

Start = Callable[..., RunningGateway]
AnyStart = Callable[..., RunningGateway | RunningNginx]
GET = b"GET /api/upload/x HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("method", [b"GET", b"POST", b"PATCH"])
def test_instance_when_it_lets_nobody_in_then_the_next_is_asked_whatever_the_method(
    start_any: AnyStart, puppet: Puppet, method: bytes
) -> None:
    """Nothing was sent to the one that refused, so a POST with its body may go to the other; a second time nobody tries it."""
    edge = start_any({"upload": (closed_port(), puppet.address)})
    for _ in range(3):
        with closing(edge.connect()) as sock:
            sock.sendall(method + b" /api/upload/x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            upstream = puppet.accept()
            assert read_head(upstream).startswith(method + b" /x ")
            assert read_exactly(upstream, 3) == b"abc"
            upstream.sendall(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            upstream.close()
            assert read_answer(sock)[0] == 200


def test_instances_when_all_let_nobody_in_then_503(start_any: AnyStart) -> None:
    """The clear answer of a service that is away."""
    edge = start_any({"upload": (closed_port(), closed_port())})
    for _ in range(2):
        with closing(edge.connect()) as sock:
            sock.sendall(GET)
            assert_unavailable(read_answer(sock))


def test_instances_when_several_then_new_connections_take_turns(start: Start, puppet: Puppet) -> None:
    """The local gateway asks one after the other; each request here holds its connection."""
    with closing(Puppet(TcpAddress("127.0.0.1", 0))) as other, closing(Puppet(TcpAddress("127.0.0.1", 0))) as third:
        gateway = start({"upload": (other.address, third.address)})
        with closing(gateway.connect()) as first, closing(gateway.connect()) as second:
            first.sendall(GET)
            read_head(other.accept())
            second.sendall(GET)
            read_head(third.accept())
