"""How a service comes: its port is its own from the beginning, and lets nobody in before there is somebody to answer."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette

from filemill.chassis.errors import StartError
from filemill.chassis.web import listeners, server
from support.servers.ports import free_ports

ROBBED = """
import socket, sys
from filemill.access import main
from filemill.access.settings import AccessSettings
from filemill.chassis.errors import StartError
from filemill.chassis.settings import load
from filemill.chassis.web.process import run_service

async def build(settings):
    global rival
    rival = socket.socket()
    rival.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    rival.bind(("127.0.0.1", settings.port()))
    rival.listen()
    return await main.build(settings)

try:
    run_service(load(AccessSettings), build)
except StartError as error:
    sys.exit(str(error))
"""


def test_port_when_its_service_is_not_ready_then_it_refuses_and_no_other_can_have_it_once_it_is() -> None:
    """Who is refused goes to another instance at once; who is taken in by the kernel alone waits for a start."""
    port = free_ports(1)[0]
    listener = listeners.bind("127.0.0.1", port, "upload")
    with listener:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        listener.listen(listeners.BACKLOG)
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with pytest.raises(StartError, match=f"port {port} is taken; stop what uses it, or set FILEMILL_UPLOAD_PORT"):
            listeners.bind("127.0.0.1", port, "upload")


def test_unix_socket_when_a_living_instance_has_it_then_a_second_goes_without(tmp_path: Path) -> None:
    """It took the path over and removed it when it left: the local gateway reached nobody from then on."""
    path = tmp_path / "run" / "metadata.sock"
    first = listeners.bind_unix(path)
    assert first is not None
    with first:
        assert listeners.bind_unix(path) is None
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(path))
    left_by_the_dead = path.exists()
    second = listeners.bind_unix(path)
    assert second is not None
    second.close()
    assert left_by_the_dead


def test_service_when_another_was_ready_first_on_its_port_then_it_says_so(tmp_path: Path) -> None:
    """Both could have the port while neither listened."""
    port = free_ports(1)[0]
    environment = os.environ | {"FILEMILL_DATA_DIR": str(tmp_path), "FILEMILL_ACCESS_PORT": str(port)}
    done = subprocess.run([sys.executable, "-c", ROBBED], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stderr.strip().splitlines()[-1:] == [
        f"access: port {port} is taken; stop what uses it, or set FILEMILL_ACCESS_PORT"
    ]


async def test_service_when_its_start_fails_then_the_runner_hears_why() -> None:
    """It heard of a status and no word, again and again while a database was damaged."""

    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        if life:
            raise RuntimeError("the disk image is malformed\n[SQL: SELECT 1]")
        yield

    why = r"^RuntimeError: the disk image is malformed; its log says more$"
    with listeners.bind("127.0.0.1", free_ports(1)[0], "upload") as listener, pytest.raises(StartError, match=why):
        await server.serve(Starlette(lifespan=life), [listener])


def test_socket_when_its_process_takes_no_calls_then_it_lives_and_nobody_waits_for_it(tmp_path: Path) -> None:
    """A line of callers that is full: whoever starts beside it neither takes the path over nor hangs."""
    path = tmp_path / "busy.sock"
    with socket.socket(socket.AF_UNIX) as busy, contextlib.ExitStack() as callers:
        busy.bind(str(path))
        busy.listen(0)
        for _ in range(3):
            caller = callers.enter_context(socket.socket(socket.AF_UNIX))
            caller.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                caller.connect(str(path))
        assert listeners.answers(path)
        assert listeners.bind_unix(path) is None
    assert not listeners.answers(path)
