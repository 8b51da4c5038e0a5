"""Who outlives whom: children, zygote and client end in the right order whatever is killed."""

# ruff: noqa: ASYNC240, ASYNC110  small folders on a local disk; waiting for a condition

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from filemill.chassis.sandbox import Limits, Sandbox, SandboxUnavailableError

HOSTILE_FOLDER = Path(__file__).parent / "entries"

CLIENT = """
import asyncio, sys
from pathlib import Path
from filemill.chassis.sandbox import Limits, Sandbox

async def main():
    sandbox = Sandbox("hostile:attempt", scratch=Path(sys.argv[1]))
    await sandbox.start()
    def told(progress):
        print(sandbox.zygote_pid, progress["pid"], progress["own_pid"], flush=True)
    await sandbox.run({"name": "hang_with_children"}, source=Path("/dev/null"), work_dir=Path(sys.argv[1]) / "w",
                      limits=Limits(processes=4, wall_s=600), on_progress=told)

asyncio.run(main())
"""


async def until(condition: Callable[[], bool], *, timeout_s: float = 5) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


def gone(pid: int) -> bool:
    """Return whether a process has ended (a zombie nobody has collected yet counts as ended)."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def start_hanging(sandbox: Sandbox, scratch: Path) -> tuple[asyncio.Task[Any], dict[str, int]]:
    """Start a run that hangs with a helper program; return the task and the process ids it reported."""
    told: asyncio.Future[dict[str, int]] = asyncio.get_running_loop().create_future()
    run = sandbox.run(
        {"name": "hang_with_children"},
        source=Path("/dev/null"),
        work_dir=scratch / "hanging",
        limits=Limits(processes=4, wall_s=600),
        on_progress=told.set_result,
    )
    task = asyncio.create_task(run)
    return task, await told


async def test_cancel_when_a_run_hangs_then_its_whole_group_is_gone_within_a_second(
    sandbox: Sandbox, scratch: Path
) -> None:
    """Cancelling the call kills the child and the program it started."""
    task, pids = await start_hanging(sandbox, scratch)
    task.cancel()
    async with asyncio.timeout(1):
        with pytest.raises(asyncio.CancelledError):
            await task
    await until(lambda: all(gone(pid) for pid in pids.values()), timeout_s=1)


async def test_callback_when_it_raises_then_the_child_is_gone(sandbox: Sandbox, scratch: Path, tmp_path: Path) -> None:
    """An error in the caller's own progress function does not leave a child behind."""

    def refuse(progress: dict[str, Any]) -> None:
        raise LookupError(progress["own_pid"])

    with pytest.raises(LookupError) as caught:
        await sandbox.run(
            {"name": "hang_with_children"},
            source=Path("/dev/null"),
            work_dir=scratch / "w",
            limits=Limits(processes=4),
            on_progress=refuse,
        )
    await until(lambda: gone(caught.value.args[0]))


async def test_leader_when_it_ends_first_then_what_it_started_is_killed(attempt: Any) -> None:
    """A program left behind does not survive the run."""
    outcome = await attempt("leave_children", limits=Limits(processes=4))
    assert outcome.state == "ok"
    await until(lambda: gone(outcome.result["got"]))


async def test_zygote_when_killed_then_children_die_and_the_next_run_works(sandbox: Sandbox, scratch: Path) -> None:
    """`kill -9` of the zygote ends the run in work as lost and nothing else."""
    task, pids = await start_hanging(sandbox, scratch)
    first_zygote = sandbox.zygote_pid
    assert first_zygote is not None
    os.kill(first_zygote, signal.SIGKILL)
    outcome = await asyncio.wait_for(task, 5)
    assert (outcome.state, outcome.code) == ("crashed", "sandbox-lost")
    await until(lambda: all(gone(pid) for pid in pids.values()))
    again = await sandbox.run(
        {"name": "nothing"}, source=Path("/dev/null"), work_dir=scratch / "again", limits=Limits()
    )
    assert again.state == "ok"
    assert sandbox.zygote_pid != first_zygote


async def test_zygote_when_killed_twenty_times_under_load_then_every_run_ends(sandbox: Sandbox, scratch: Path) -> None:
    """Runs beside a dying zygote end well or as lost, never hang."""

    async def one(number: int) -> str:
        outcome = await sandbox.run(
            {"name": "nothing"}, source=Path("/dev/null"), work_dir=scratch / str(number), limits=Limits()
        )
        return outcome.code or outcome.state

    for round_number in range(20):
        runs = [asyncio.create_task(one(round_number * 10 + n)) for n in range(5)]
        await asyncio.sleep(0)
        if sandbox.zygote_pid is not None:
            os.kill(sandbox.zygote_pid, signal.SIGKILL)
        assert set(await asyncio.wait_for(asyncio.gather(*runs), 20)) <= {"ok", "sandbox-lost"}


async def test_zygote_when_stopped_by_a_signal_then_the_client_replaces_it(sandbox: Sandbox, scratch: Path) -> None:
    """A zygote that no longer answers (SIGSTOP) is killed after its grace and the next run works."""
    assert sandbox.zygote_pid is not None
    os.kill(sandbox.zygote_pid, signal.SIGSTOP)
    outcome = await sandbox.run(
        {"name": "nothing"}, source=Path("/dev/null"), work_dir=scratch / "a", limits=Limits(wall_s=0.1)
    )
    assert outcome.code == "sandbox-lost"
    outcome = await sandbox.run({"name": "nothing"}, source=Path("/dev/null"), work_dir=scratch / "b", limits=Limits())
    assert outcome.state == "ok"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_client_when_it_is_gone_then_no_process_remains(scratch: Path, how: signal.Signals) -> None:
    """However the worker ends, zygote, child and helper program end too."""
    scratch.mkdir()
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CLIENT,
        str(scratch),
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(HOSTILE_FOLDER)},
    )
    assert client.stdout is not None
    pids = [int(word) for word in (await asyncio.wait_for(client.stdout.readline(), 20)).split()]
    assert len(pids) == 3
    client.send_signal(how)
    await client.wait()
    await until(lambda: all(gone(pid) for pid in pids))


async def test_stop_when_a_run_is_in_work_then_it_comes_back_cancelled(sandbox: Sandbox, scratch: Path) -> None:
    """A clean stop ends runs in work and leaves no process."""
    task, pids = await start_hanging(sandbox, scratch)
    await sandbox.stop()
    outcome = await asyncio.wait_for(task, 5)
    assert outcome.state == "cancelled"
    await until(lambda: all(gone(pid) for pid in pids.values()))


async def test_start_when_the_entry_cannot_be_imported_then_it_says_so(scratch: Path) -> None:
    """A wrong entry is one clear error at the start."""
    with pytest.raises(SandboxUnavailableError, match="no_such_module"):
        await Sandbox("no_such_module:entry", scratch=scratch).start()


async def test_preload_when_a_module_starts_threads_then_it_is_left_to_the_child(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The zygote stays single-threaded: a module that starts threads at import is imported by each child instead."""
    monkeypatch.setenv("PYTHONPATH", str(HOSTILE_FOLDER))
    sandbox = Sandbox("hostile:attempt", preload=["json", "starts_threads", "decimal"], scratch=scratch)
    await sandbox.start()
    try:
        assert sandbox.zygote_pid is not None
        assert psutil.Process(sandbox.zygote_pid).num_threads() == 1
        outcome = await sandbox.run(
            {"name": "nothing"}, source=Path("/dev/null"), work_dir=scratch / "w", limits=Limits()
        )
        assert outcome.state == "ok"
    finally:
        await sandbox.stop()
