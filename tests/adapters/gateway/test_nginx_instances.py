"""NGINX before several instances of a service, and before names that get other addresses while it runs."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import struct
import subprocess
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

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


def test_name_when_a_service_moves_then_its_new_address_is_found_without_a_reload(start_nginx: Start) -> None:
    """As a container that is made anew moves. The path, raw, and the headers are those of the other way to name services."""
    here = Puppet(TcpAddress("127.0.0.1", 0))
    assert isinstance(here.address, TcpAddress)
    there = Puppet(TcpAddress("127.0.0.1", 0))
    there.listener.close()
    there.listener = socket.create_server(("127.0.0.2", here.address.port))
    there.listener.settimeout(10)
    with closing(Names()) as names, closing(here), closing(there):
        edge = start_nginx({}, resolver=f"127.0.0.1:{names.port}")
        edge.server.options = replace(
            edge.server.options, upstreams=edge.server.options.upstreams | {"upload": (f"upload:{here.address.port}",)}
        )
        edge.server.halt()
        edge.server.start()

        def ask() -> bool:
            with closing(edge.connect()) as sock:
                sock.sendall(b"GET /api/upload/a%20b?q=%2F HTTP/1.1\r\nHost: a\r\n\r\n")
                ready, _, _ = select.select([here.listener, there.listener], [], [], 10)
                one = here if here.listener in ready else there
                upstream = one.accept()
                assert read_head(upstream).startswith(
                    b"GET /a%20b?q=%2F HTTP/1.1\r\nHost: a\r\nX-Forwarded-Prefix: /api/upload"
                )
                upstream.sendall(OK)
                assert b" 200 " in read_head(sock)
                return one is there

        assert not ask()
        names.addresses = ("127.0.0.2",)
        wait_until(ask, "the new address to be asked")


RESOLVER = Path(__file__).parents[3] / "deployment" / "nginx" / "resolver.sh"


@pytest.mark.parametrize(
    ("search", "asked"),
    [
        ("filemill.svc.cluster.local svc.cluster.local cluster.local", b"upload.filemill.svc.cluster.local"),
        ("dns.podman", b"upload"),
    ],
)
def test_name_when_nginx_runs_in_a_container_then_it_asks_as_its_network_names_services(
    start_nginx: Start, puppet: Puppet, tmp_path: Path, search: str, asked: bytes
) -> None:
    """A cluster's name server knows no short names, and NGINX knows no search domains; elsewhere the short name is the name."""
    edge = start_nginx({})
    known, written = tmp_path / "resolv.conf", edge.server.folder / "resolver.conf"
    known.write_text(f"nameserver 127.0.0.1\nsearch {search}\noptions ndots:5\n")
    subprocess.run(["sh", str(RESOLVER), str(written), str(known)], check=True, timeout=10)
    assert isinstance(puppet.address, TcpAddress)
    with closing(Names()) as names:
        written.write_text(written.read_text().replace("127.0.0.1", f"127.0.0.1:{names.port}"))
        upstreams = edge.server.options.upstreams | {"upload": (f"upload:{puppet.address.port}",)}
        edge.server.options = replace(edge.server.options, upstreams=upstreams, resolver=str(written))
        edge.server.halt()
        edge.server.start()
        with closing(edge.connect()) as sock:
            sock.sendall(b"GET /api/upload/x HTTP/1.1\r\nHost: a\r\n\r\n")
            upstream = puppet.accept()
            assert read_head(upstream).startswith(b"GET /x HTTP/1.1")
            upstream.sendall(OK)
            assert b" 200 " in read_head(sock)
        assert names.asked == {asked}


@pytest.mark.parametrize("alive", [True, False])
def test_name_when_one_of_its_addresses_lets_nobody_in_then_a_small_put_goes_to_the_other(
    start_nginx: Start, alive: bool
) -> None:
    """A name that is looked up anew may lead to the same address again, and NGINX must not choose for a PUT by itself."""
    instance = Instance()
    instance.start()
    assert isinstance(instance.address, TcpAddress)
    with closing(Names()) as names:
        names.addresses = ("127.0.0.1", "127.0.0.2")  # nobody listens on the second
        edge = start_nginx({"upload": TcpAddress("upload", instance.address.port)}, resolver=f"127.0.0.1:{names.port}")
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
    wait_until(lambda: len(edge.events) == 16, "their lines")
    assert {line["method"] for line in edge.events} == {"PUT"}
    assert [line for line in edge.events if " : " in line["upstream"]], "none met the dead one first"
