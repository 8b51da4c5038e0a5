"""The child that is forked before its file comes: one file each, replaced, and gone when everybody else is."""

# ruff: noqa: ASYNC110  waiting for a condition in another process

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from filemill.chassis.sandbox import Limits, Sandbox


def waiting(sandbox: Sandbox) -> list[psutil.Process]:
    """The children of the zygote, when no run is in work."""
    return psutil.Process(sandbox.zygote_pid).children()


def gone(process: psutil.Process) -> bool:
    """Whether it has ended; one that nobody is left to collect counts."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def test_spare_when_files_come_one_after_another_then_each_has_its_own_child(
    sandbox: Sandbox, attempt: Any
) -> None:
    """Forked before the file came, used once: the one that waits is the next one's child, and nobody's after that."""
    assert waiting(sandbox) == []  # a sandbox that was never used holds nothing
    seen = []
    for _ in range(4):
        before = [process.pid for process in waiting(sandbox)]
        got = (await attempt("remember")).result["got"]
        assert got["count"] == 1
        assert before in ([], [got["pid"]])
        seen.append(got["pid"])
        await until(lambda: len(waiting(sandbox)) == 1)
    assert len(set(seen)) == 4


async def test_spare_when_it_is_killed_then_it_is_collected_and_the_next_file_has_a_child(
    sandbox: Sandbox, attempt: Any
) -> None:
    """No zombie, no lost file."""
    await attempt("nothing")
    (spare,) = waiting(sandbox)
    os.kill(spare.pid, signal.SIGKILL)
    await until(lambda: not spare.is_running())
    assert (await attempt("nothing")).state == "ok"
    await until(lambda: len(waiting(sandbox)) == 1)


async def test_spare_when_it_dies_unseen_then_the_file_gets_another(sandbox: Sandbox, attempt: Any) -> None:
    """The zygote has no time to collect it before the file comes."""
    await attempt("nothing")
    (spare,) = waiting(sandbox)
    assert sandbox.zygote_pid is not None
    os.kill(sandbox.zygote_pid, signal.SIGSTOP)
    os.kill(spare.pid, signal.SIGKILL)
    await until(lambda: spare.status() == psutil.STATUS_ZOMBIE)
    run = asyncio.ensure_future(attempt("nothing"))
    await asyncio.sleep(0)
    os.kill(sandbox.zygote_pid, signal.SIGCONT)
    assert (await asyncio.wait_for(run, 5)).state == "ok"
    await until(lambda: not spare.is_running())


async def test_spare_when_the_zygote_is_killed_or_stopped_then_it_is_gone(sandbox: Sandbox, attempt: Any) -> None:
    """It dies with its zygote, whichever way that ends."""
    await attempt("nothing")
    (first,) = waiting(sandbox)
    assert sandbox.zygote_pid is not None
    os.kill(sandbox.zygote_pid, signal.SIGKILL)
    await until(lambda: gone(first))
    while (await attempt("nothing")).code == "sandbox-lost":
        pass  # the client has not noticed yet
    (second,) = waiting(sandbox)
    await sandbox.stop()
    await until(lambda: gone(second))


async def test_spare_when_it_was_forked_beside_a_run_then_it_has_nothing_of_it(
    sandbox: Sandbox, scratch: Path, attempt: Any
) -> None:
    """Neither its channel nor its standard error: four descriptors, as ever."""
    run = sandbox.run(
        {"name": "hang"}, source=Path("/dev/null"), work_dir=scratch / "hanging", limits=Limits(wall_s=60, cpu_s=60)
    )
    hanging = asyncio.create_task(run)
    await until(lambda: len(waiting(sandbox)) == 2)
    assert len((await attempt("descriptors")).result["got"]) == 4
    hanging.cancel()
    await asyncio.wait({hanging})
