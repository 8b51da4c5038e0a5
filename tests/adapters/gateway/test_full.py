"""A service that has as much to do as it can: who comes then is told at once, at no cost to those who wait."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing

import pytest

from filemill.chassis.limits import admission
from filemill.gateway.limits import Limits

from .conftest import Puppet, RunningGateway, read_answer, read_exactly, read_head, wait_until

Start = Callable[..., RunningGateway]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PUT = b"PUT /api/upload/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody"


def test_service_when_as_many_wait_as_may_then_the_next_is_told_and_keeps_his_connection(
    start: Start, puppet: Puppet
) -> None:
    """His small body is passed over; when one of those before him has his answer, he gets through on the same connection."""
    gateway = start({"upload": puppet.address}, limits=Limits(waiting_per_service=2))
    with closing(gateway.connect()) as first, closing(gateway.connect()) as second, closing(gateway.connect()) as third:
        waiting = []
        for sock in (first, second):
            sock.sendall(PUT)
            waiting.append(puppet.accept())
            read_head(waiting[-1])
            read_exactly(waiting[-1], 4)
        for _ in range(3):
            third.sendall(PUT)
            status, headers, body = read_answer(third)
            assert (status, headers["retry-after"]) == (503, "1")
            assert json.loads(body)["code"] == "service-unavailable"
            assert "connection" not in headers
        waiting[0].sendall(OK)
        assert read_answer(first)[0] == 200
        third.sendall(PUT)
        assert waiting[0].recv(1000).startswith(b"PUT /files HTTP/1.1")
        waiting[0].sendall(OK)
        assert read_answer(third)[0] == 200
    assert not puppet.was_contacted()


def test_service_when_bodies_are_arriving_then_they_take_no_place(start: Start, puppet: Puppet) -> None:
    """Only when the last byte is there it is the service's turn, and then it counts."""
    gateway = start({"upload": puppet.address}, limits=Limits(waiting_per_service=1, small_body_bytes=3))
    with closing(gateway.connect()) as first, closing(gateway.connect()) as second, closing(gateway.connect()) as third:
        waiting = []
        for sock in (first, second):
            sock.sendall(PUT[:-1])
            waiting.append(puppet.accept())
            read_head(waiting[-1])
        first.sendall(PUT[-1:])
        wait_until(lambda: gateway.gateway.waiting()["upload"].waiting == 1, "the first one's body")
        third.sendall(PUT)
        assert read_answer(third)[0] == 503
        second.sendall(PUT[-1:])
        for sock, upstream in zip((first, second), waiting, strict=True):
            upstream.sendall(OK)
            assert read_answer(sock)[0] == 200


@pytest.mark.parametrize("path", [b"/api/ai/jobs/1?wait=60", b"/api/notifications/events"])
def test_service_when_it_keeps_answers_back_on_purpose_then_many_may_wait(
    start: Start, puppet: Puppet, path: bytes
) -> None:
    """How many wait says nothing of how much there is to do."""
    gateway = start({"ai": puppet.address, "notification": puppet.address}, limits=Limits(waiting_per_service=1))
    with closing(gateway.connect()) as first, closing(gateway.connect()) as second:
        for sock in (first, second):
            sock.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            read_head(puppet.accept())


def test_waiting_when_clients_leave_then_their_places_are_free(start: Start, puppet: Puppet) -> None:
    """Or those who gave up would keep everybody out for ever."""
    gateway = start({"upload": puppet.address}, limits=Limits(waiting_per_service=1))
    for _ in range(3):
        with closing(gateway.connect()) as sock:
            sock.sendall(PUT)
            read_head(puppet.accept())
            assert gateway.gateway.waiting()["upload"].waiting == 1
        wait_until(lambda: gateway.gateway.waiting()["upload"].waiting == 0, "the place")


def test_bound_when_the_service_refuses_by_itself_then_that_is_no_work_that_it_does(
    start: Start, puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the more it refuses, the more the gateway would send it, and the quicker those it sends away come again."""
    monkeypatch.setattr(admission, "WINDOW_S", 1e-6)
    gateway = start({"upload": puppet.address}, limits=Limits(waiting_per_service=1))
    with closing(gateway.connect()) as sock:
        upstream = None
        for answer, grows in ((OK.replace(b"200 OK", b"503 Service Unavailable"), False), (OK, True)):
            sock.sendall(PUT)
            upstream = upstream or puppet.accept()
            read_head(upstream)
            read_exactly(upstream, 4)
            upstream.sendall(answer)
            read_answer(sock)
            assert (gateway.gateway.waiting()["upload"].most > 1) == grows


def test_refused_when_a_service_is_full_then_they_are_counted_and_told_of_together(
    start: Start, puppet: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says how many; each is in the numbers."""
    monkeypatch.setattr(admission, "WINDOW_S", 1e-6)
    gateway = start({"upload": puppet.address}, limits=Limits(waiting_per_service=1))
    with closing(gateway.connect()) as first, closing(gateway.connect()) as second:
        first.sendall(PUT)
        read_head(puppet.accept())
        for _ in range(6):
            second.sendall(PUT)
            assert read_answer(second)[0] == 503
        lines = [line for line in gateway.events if line["event"] == "gateway.requests.refused"]
        assert sum(line["requests"] for line in lines) == 5
        assert not [line for line in gateway.events if line.get("status") == 503]
        assert gateway.gateway.stats.requests["upload", "5xx"] == 6
        assert gateway.gateway.stats.service_failures["upload", "full"] == 5
