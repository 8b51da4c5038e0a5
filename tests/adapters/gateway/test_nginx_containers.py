"""NGINX as containers start it, an older one and a newer: before names that get other addresses while it runs."""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from filemill.gateway.addresses import TcpAddress
from support.servers import nginx

from .conftest import WAIT_S, Instance, Puppet, RunningNginx, read_answer, read_head, wait_until

pytestmark = pytest.mark.servers
Start = Callable[..., RunningNginx]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
GET = b"GET /api/upload/a%20b?q=%2F HTTP/1.1\r\nHost: a\r\n\r\n"
RESOLVER = Path(__file__).parents[3] / "deployment" / "nginx" / "resolver.sh"


class Names(threading.Thread):
    """A name server that says of every name the addresses it holds now (RFC 1035, A records only)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.addresses: tuple[str, ...] = ("127.0.0.1",)
        self.asked: set[bytes] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError):  # closed: over
            while True:
                question, who = self._socket.recvfrom(512)
                self.asked.add(b".".join(re.findall(rb"[a-z-]+", question[12:-5])))
                head = question[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, len(self.addresses), 0, 0) + question[12:]
                of_name = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 600, 4)
                self._socket.sendto(head + b"".join(of_name + socket.inet_aton(one) for one in self.addresses), who)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def names() -> Iterator[Names]:
    with closing(Names()) as names:
        yield names


@pytest.fixture(params=["debian", "newer"])
def program(request: pytest.FixtureRequest) -> Path:
    """An NGINX that can follow a name or keep connections, and one that can do both."""
    if request.param == "newer" and not nginx.NEWER.exists():
        pytest.skip("an NGINX from 1.27.3 on is not here (scripts/newer_nginx.sh)")
    return nginx.NEWER if request.param == "newer" else nginx.PROGRAM


@pytest.fixture
def etc() -> Iterator[Path]:
    """A folder that NGINX's user may read."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def start_contained(start_nginx: Start, names: Names, program: Path, etc: Path) -> Start:
    """Start NGINX after `resolver.sh`, with `names` as the name server of its network."""

    def start(port: int, *, search: str = "dns.podman", **options: object) -> RunningNginx:
        known, written = etc / "resolv.conf", etc / "resolver.conf"
        known.write_text(f"nameserver 127.0.0.1\nsearch {search}\noptions ndots:5\n")
        environment = os.environ | {"NGINX": str(program)}
        subprocess.run(["sh", str(RESOLVER), str(written), str(known)], env=environment, check=True, timeout=10)
        written.write_text(written.read_text().replace("127.0.0.1", f"127.0.0.1:{names.port}"))
        upstreams = {"upload": TcpAddress("upload", port)}
        return start_nginx(upstreams, program=program, resolver=str(written), **options)

    return start


def sent(edge: RunningNginx, *puppets: Puppet) -> tuple[socket.socket, socket.socket, Puppet]:
    """The client of a GET, the connection on which a service has it, and whose that is.

    Sent anew while it is refused: NGINX takes its first request before its name server has answered.
    """
    until_s = time.monotonic() + WAIT_S
    while time.monotonic() < until_s:
        client = edge.connect()
        client.sendall(GET)
        ready, _, _ = select.select([client, *(one.listener for one in puppets)], [], [], WAIT_S)
        if client not in ready:
            asked = next(one for one in puppets if one.listener in ready)
            return client, asked.accept(), asked
        assert read_answer(client)[0] == 503
        client.close()
    raise AssertionError("it is refused for good")


def answered(edge: RunningNginx, *puppets: Puppet) -> Puppet:
    """Who answered a GET."""
    client, upstream, asked = sent(edge, *puppets)
    with closing(client), closing(upstream):
        assert read_head(upstream).startswith(
            b"GET /a%20b?q=%2F HTTP/1.1\r\nHost: a\r\nX-Forwarded-Prefix: /api/upload"
        )
        upstream.sendall(OK)
        assert read_answer(client)[0] == 200
    return asked


def puts(edge: RunningNginx) -> list[dict[str, Any]]:
    return [line for line in edge.events if line["method"] == "PUT"]


def port_of(puppet: Puppet) -> int:
    assert isinstance(puppet.address, TcpAddress)
    return puppet.address.port


@pytest.mark.parametrize(
    ("search", "asked"),
    [
        ("filemill.svc.cluster.local svc.cluster.local cluster.local", b"upload.filemill.svc.cluster.local"),
        ("dns.podman", b"upload"),
    ],
)
def test_name_when_nginx_runs_in_a_container_then_it_asks_as_its_network_names_services(
    start_contained: Start, names: Names, puppet: Puppet, search: str, asked: bytes
) -> None:
    """A cluster's name server knows no short names, and NGINX knows no search domains; elsewhere the short name is the name."""
    edge = start_contained(port_of(puppet), search=search)
    answered(edge, puppet)
    assert {name for name in names.asked if name.startswith(b"upload")} == {asked}


def test_name_when_a_service_moves_then_its_new_address_is_found_without_a_reload(
    start_contained: Start, names: Names
) -> None:
    """As a container that is made anew moves. The path, raw, and the headers are those of the other way to name services."""
    with ExitStack() as stack:
        here = stack.enter_context(closing(Puppet(TcpAddress("127.0.0.1", 0))))
        there = stack.enter_context(closing(Puppet(TcpAddress("127.0.0.1", 0))))
        there.listener.close()
        there.listener = socket.create_server(("127.0.0.2", port_of(here)))
        there.listener.settimeout(10)
        edge = start_contained(port_of(here))

        assert answered(edge, here, there) is here
        names.addresses = ("127.0.0.2",)
        wait_until(lambda: answered(edge, here, there) is there, "the new address to be asked")


@pytest.mark.parametrize("alive", [True, False])
def test_name_when_one_of_its_addresses_lets_nobody_in_then_a_small_put_goes_to_the_other(
    start_contained: Start, names: Names, alive: bool
) -> None:
    """A name that is looked up anew may lead to the same address again, and NGINX must not choose for a PUT by itself."""
    instance = Instance()
    instance.start()
    assert isinstance(instance.address, TcpAddress)
    names.addresses = ("127.0.0.1", "127.0.0.2")  # nobody listens on the second
    edge = start_contained(instance.address.port)
    last = GET.replace(b"Host", b"Connection: close\r\nHost")
    wait_until(lambda: b" 200 " in edge.say(last), "the name to be known")
    if not alive:
        instance.stop()
    statuses = []
    for number in range(16):
        with closing(HTTPConnection("127.0.0.1", edge.port, timeout=30)) as client:
            client.request("PUT", "/api/upload/digest", body=f"small body {number}")
            answer = client.getresponse()
            answer.read()
            statuses.append(answer.status)
    if alive:
        instance.stop()
    assert set(statuses) == {200 if alive else 503}
    wait_until(lambda: len(puts(edge)) == 16, "their lines")
    assert [line for line in puts(edge) if " : " in line["upstream"]], "none met the dead one first"


def test_short_requests_when_as_many_are_under_way_as_may_then_the_next_is_refused_by_what_keeps_connections(
    start_contained: Start, puppet: Puppet, program: Path
) -> None:
    """An older NGINX counts none where it follows names, and passes them on: then the service refuses."""
    edge = start_contained(port_of(puppet), at_once=2)
    with ExitStack() as stack:
        for _ in range(2):
            client, upstream, _ = sent(edge, puppet)
            stack.enter_context(closing(client))
            read_head(upstream)
        third = stack.enter_context(closing(edge.connect()))
        third.sendall(GET)
        if program == nginx.PROGRAM:
            puppet.accept().sendall(OK)
            assert read_answer(third)[0] == 200
            return
        status, headers, body = read_answer(third)
    assert (status, headers["retry-after"], headers["connection"]) == (503, "2", "keep-alive")
    assert b"as many requests as it can answer soon" in body
