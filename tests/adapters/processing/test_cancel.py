"""A cancel stops a step at work: soon, with every process it started, and nothing of it is kept."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from filemill.chassis.jobs import worker
from filemill.chassis.sandbox import Sandbox
from filemill.processing.repository import job_queue
from support.processing_service import Service

SOON_S = 1.0
"""The promise of `POST /jobs/{id}/cancel`."""
ROUNDS = 3
"""One of so many keeps it, whatever else the machine does meanwhile."""


def running(argument: str) -> list[str]:
    """The processes that were started with this argument."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if argument.encode() in (process / "cmdline").read_bytes().split(b"\0"):
                found.append(process.name)
        except OSError:
            continue  # it ended while we looked
    return found


@pytest.fixture
async def hanging(service: Service, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    """A sandbox whose entry starts a program that never ends, named by the file, and a worker with it."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "entries"))
    sandbox = Sandbox("hanging:run", scratch=service.folder / "scratch")
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


async def cancel_one(service: Service, number: int) -> float:
    """Upload a file that hangs and cancel its job; the seconds from the call until job and program are gone."""
    name = f"{300 + os.getpid()}.{number:02d}"
    file_id = await service.upload(b"anything", name)
    while not running(name):  # noqa: ASYNC110  another process starts it
        await asyncio.sleep(0.02)
    [(job_id,)] = await service.rows(f"SELECT job_id FROM jobs WHERE file_id = '{file_id}'")
    began_s = time.monotonic()
    assert await service.database.write("test.cancel", job_queue.cancel, job_id) == "running"
    service.ring()
    await service.ended(timeout_s=60)
    took_s = time.monotonic() - began_s
    assert running(name) == []
    return took_s


async def nothing_is_kept(service: Service) -> None:
    """Every job was cancelled, and no result is there."""
    assert {state for state, _, _ in await service.ended()} == {"cancelled"}
    for table in ("step_results", "result_blobs", "renditions"):
        assert await service.rows(f"SELECT count(*) FROM {table}") == [(0,)]
    assert {blob.key async for blob in service.store.list()} == service.uploads


needs_proc = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for processes in /proc")


@needs_proc
async def test_cancel_when_a_step_hangs_then_its_processes_are_gone_within_a_second_and_nothing_is_kept(
    service: Service, hanging: Sandbox
) -> None:
    """From the call to the end of the job and of the program that the step runs."""
    service.start_worker(hanging)
    took_s: list[float] = []
    while len(took_s) < ROUNDS and min(took_s, default=SOON_S) >= SOON_S:
        took_s.append(await cancel_one(service, len(took_s)))
    await service.close()
    await nothing_is_kept(service)
    assert min(took_s) < SOON_S


@needs_proc
async def test_cancel_when_it_was_rung_for_then_it_does_not_wait_for_a_heartbeat(
    service: Service, hanging: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a heart that beats once an hour, and nobody else ringing."""
    monkeypatch.setattr(worker, "HEARTBEAT_S", 3600.0)
    service.start_worker(hanging)
    await cancel_one(service, 50)
    await service.close()
    await nothing_is_kept(service)
