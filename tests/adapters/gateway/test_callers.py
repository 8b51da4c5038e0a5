"""The local gateway's question who calls: once for all services, before the body, and never a refusal of its own."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from filemill.chassis.identity.principal import FILES, Principal
from filemill.chassis.identity.tokens import IdentitySigner
from filemill.chassis.web.asking_access import AskingAccess
from filemill.gateway.addresses import TcpAddress
from filemill.gateway.callers import Callers

from .conftest import Puppet, RunningGateway, read_exactly, read_head

Start = Callable[..., RunningGateway]
SIGNER = IdentitySigner([b"k" * 32])
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def access() -> Iterator[Puppet]:
    with closing(Puppet(TcpAddress("127.0.0.1", 0))) as puppet:
        yield puppet


def say_who(question: socket.socket) -> None:
    """As `access` does: whom the credentials are good for, and by which key its word is known."""
    token = SIGNER.write(Principal("ann", FILES, "key", "key-1")).encode()
    question.sendall(b"HTTP/1.1 204 No Content\r\nX-Filemill-Identity: " + token + b"\r\n\r\n")
    assert read_head(question).startswith(b"GET /identity-keys ")
    keys = json.dumps({"keys": SIGNER.public_keys()}).encode()
    question.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(keys) + keys)


def asking(start: Start, puppet: Puppet, access: Puppet) -> RunningGateway:
    services: dict[str, Any] = {"upload": puppet.address, "metadata": puppet.address, "access": puppet.address}
    return start(services, callers=Callers(AskingAccess(f"http://{access.address}")))


def test_caller_when_known_then_asked_once_and_the_signed_word_goes_on_alone(
    start: Start, puppet: Puppet, access: Puppet
) -> None:
    """No byte reaches a service before access has answered; the next call, of another service, needs no question."""
    gateway = asking(start, puppet, access)
    shown = b"Authorization: Bearer fm_key\r\nCookie: other=1\r\nX-Filemill-Identity: root\r\n"
    with closing(gateway.connect()) as sock:
        sock.sendall(
            b"PUT /api/upload/x HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n" + shown + b"\r\n" + b"x" * 300_000
        )
        question = access.accept()
        asked = read_head(question)
        assert asked.startswith(b"GET /verify ")
        assert b"fm_key" in asked
        assert b"root" not in asked
        assert not puppet.was_contacted()
        say_who(question)
        upstream = puppet.accept()
        got = read_head(upstream)
        assert b"x-filemill-identity: ey" in got
        assert b"fm_key" not in got
        assert b"Cookie: other=1" in got  # upload counts in the session
        read_exactly(upstream, 300_000)
        sock.sendall(b"x" * 200_000)
        read_exactly(upstream, 200_000)
        upstream.sendall(OK)
        read_head(sock)
        read_exactly(sock, 2)
        sock.sendall(b"GET /api/metadata/x HTTP/1.1\r\nHost: a\r\n" + shown + b"\r\n")
        upstream = puppet.accept()
        got = read_head(upstream)
        assert b"x-filemill-identity: ey" in got
        assert b"Cookie" not in got
        upstream.sendall(OK)
        read_head(sock)
    assert not access.was_contacted()


@pytest.mark.parametrize("status", [401, 403, 503])
def test_caller_when_not_known_then_the_service_gets_what_was_shown(
    start: Start, puppet: Puppet, access: Puppet, status: int
) -> None:
    """It decides; a link that needs no credentials works with a stale cookie."""
    gateway = asking(start, puppet, access)
    with closing(gateway.connect()) as sock:
        sock.sendall(b"GET /api/upload/signed/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer fm_key\r\n\r\n")
        question = access.accept()
        read_head(question)
        question.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 2\r\n\r\n{}" % status)
        upstream = puppet.accept()
        got = read_head(upstream)
        assert b"Authorization: Bearer fm_key" in got
        assert b"identity" not in got
        upstream.sendall(OK)
        assert b" 200 " in read_head(sock)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"upload", b""),
        (b"upload", b"Authorization: Bearer fmu_x\r\n"),
        (b"upload", b"Authorization: Basic eDp5\r\n"),
        (b"upload", b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"),
        (b"upload", b"Cookie: other=1\r\n"),
        (b"access", b"Authorization: Bearer fm_key\r\n"),
    ],
)
def test_caller_when_there_is_nothing_to_ask_then_access_is_left_alone(
    start: Start, puppet: Puppet, access: Puppet, path: bytes, shown: bytes
) -> None:
    """What shows nothing, what only the service can read, what is no credential of ours; and access looks itself."""
    gateway = asking(start, puppet, access)
    with closing(gateway.connect()) as sock:
        sock.sendall(b"GET /api/" + path + b"/x HTTP/1.1\r\nHost: a\r\n" + shown + b"\r\n")
        upstream = puppet.accept()
        assert shown in read_head(upstream)
        upstream.sendall(OK)
        read_head(sock)
    assert not access.was_contacted()
