"""The fault proxy: what it holds back comes later, whole, and on the connection it was sent on."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from support.fault_proxy import FaultProxy

LAG_S = 0.1


@pytest.fixture
def through() -> Iterator[tuple[FaultProxy, socket.socket]]:
    """A proxy, and a connection through it to somebody who says everything again."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_echo, args=(listener,), daemon=True).start()
        with (
            FaultProxy(listener.getsockname()[1]) as proxy,
            socket.create_connection(("127.0.0.1", proxy.port), 10) as client,
        ):
            client.sendall(b"hello")
            assert client.recv(100) == b"hello"
            yield proxy, client


def _echo(listener: socket.socket) -> None:
    with listener.accept()[0] as there:
        while data := there.recv(100):
            there.sendall(data)


def test_connection_when_the_line_is_slow_then_each_way_takes_longer(
    through: tuple[FaultProxy, socket.socket],
) -> None:
    """Also on a connection that was there before; and quick again afterwards is for the machine to decide."""
    proxy, client = through
    proxy.lag(LAG_S)
    began_s = time.monotonic()
    client.sendall(b"slow")
    assert client.recv(100) == b"slow"
    assert time.monotonic() - began_s >= 2 * LAG_S


def test_connection_when_cut_off_then_nothing_comes_until_it_is_mended(
    through: tuple[FaultProxy, socket.socket],
) -> None:
    """Nobody is told: it looks as if the other side thinks. Then everything is there."""
    proxy, client = through
    proxy.pause()
    client.sendall(b"is anybody there?")
    client.settimeout(0.3)
    with suppress(TimeoutError):
        assert client.recv(100) == b"", "something came through"
        raise AssertionError("it was told")
    client.settimeout(10)
    proxy.resume()
    assert client.recv(100) == b"is anybody there?"
