"""A cancel stops a step at work: soon, with every process it started, and nothing of it is kept."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from filemill.chassis.sandbox import Sandbox
from filemill.processing.repository import job_queue
from support.processing_service import Service

SOON_S = 3.0
"""The promise of `POST /jobs/{id}/cancel` is one second; three are for a machine with other work."""


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


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for processes in /proc")
async def test_cancel_when_a_step_hangs_then_its_processes_are_gone_soon_and_nothing_is_kept(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the call to the end of the job and of the program that the step runs."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "entries"))
    sandbox = Sandbox("hanging:run", scratch=service.folder / "scratch")
    await sandbox.start()
    try:
        name = f"{300 + os.getpid()}.25"
        await service.upload(b"anything", name)
        service.start_worker(sandbox)
        while not running(name):  # noqa: ASYNC110  another process starts it
            await asyncio.sleep(0.02)
        [(job_id,)] = await service.rows("SELECT job_id FROM jobs")
        began_s = time.monotonic()
        assert await service.database.write("test.cancel", job_queue.cancel, job_id) == "running"
        ended = await service.ended(timeout_s=10)
        took_s = time.monotonic() - began_s
        left = running(name)
    finally:
        await service.close()
        await sandbox.stop()
    assert [state for state, _, _ in ended] == ["cancelled"]
    assert left == []
    assert took_s < SOON_S
    for table in ("step_results", "result_blobs", "renditions"):
        assert await service.rows(f"SELECT count(*) FROM {table}") == [(0,)]
    assert {blob.key async for blob in service.store.list()} == service.uploads
