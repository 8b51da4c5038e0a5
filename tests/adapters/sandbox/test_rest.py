"""A sandbox that may rest: no zygote and no memory while nothing runs, and who comes meanwhile only waits for the start."""

# ruff: noqa: ASYNC110  waiting for a condition

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from filemill.chassis.sandbox import Limits, Sandbox

FOLDER = Path(__file__).parent / "entries"


@pytest.fixture
async def resting(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    """One that is idle at once, looked at all the time; not started."""
    monkeypatch.setenv("PYTHONPATH", str(FOLDER))
    made = Sandbox("hostile:attempt", scratch=scratch, idle_s=0.0)
    loop = asyncio.create_task(made.rest(0.001))
    yield made
    loop.cancel()
    await made.stop()


async def run(sandbox: Sandbox, work_dir: Path, name: str = "nothing") -> str:
    outcome = await sandbox.run({"name": name}, source=Path("/dev/null"), work_dir=work_dir, limits=Limits(wall_s=20))
    return outcome.code or outcome.state


async def until_gone(sandbox: Sandbox, pid: int | None = None) -> None:
    async with asyncio.timeout(20):
        while sandbox.zygote_pid is not None or (pid is not None and psutil.pid_exists(pid)):
            await asyncio.sleep(0.005)


async def test_sandbox_when_tried_out_then_the_walls_are_known_and_nothing_stays(
    sandbox: Sandbox, scratch: Path
) -> None:
    """A worker that cannot keep files in says so at its start, and holds no memory until a file comes."""
    other = Sandbox("no_such_module:entry", preload=("no_such_module",), scratch=scratch)
    before = len(psutil.Process().children())
    await other.try_out()
    assert other.level == sandbox.level
    assert other.zygote_pid is None
    assert len(psutil.Process().children()) == before


async def test_sandbox_when_nothing_runs_then_its_zygote_ends_and_the_next_run_has_another(
    resting: Sandbox, scratch: Path
) -> None:
    """A run is no longer than before but for the start."""
    assert resting.zygote_pid is None
    task = asyncio.create_task(run(resting, scratch / "a"))
    async with asyncio.timeout(20):
        while resting.zygote_pid is None:
            await asyncio.sleep(0)
    first = resting.zygote_pid
    assert await task == "ok"
    await until_gone(resting, first)
    assert await run(resting, scratch / "b") == "ok"


async def test_sandbox_when_work_is_on_its_way_then_it_is_warm_before_it_comes_and_rests_if_it_does_not(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run finds the zygote that was started for it; without one it ends after the idle time, as after a run."""
    monkeypatch.setenv("PYTHONPATH", str(FOLDER))
    made = Sandbox("hostile:attempt", scratch=scratch, idle_s=5.0)
    await made.warm_up()
    started = made.zygote_pid
    assert started is not None
    await made.warm_up()
    assert await run(made, scratch / "a") == "ok"
    assert made.zygote_pid == started
    await made.stop()
    resting = Sandbox("hostile:attempt", scratch=scratch, idle_s=0.0)
    loop = asyncio.create_task(resting.rest(0.001))
    await resting.warm_up()
    await until_gone(resting)
    loop.cancel()
    await resting.stop()


async def test_sandbox_when_runs_come_while_it_goes_to_rest_then_none_is_lost(resting: Sandbox, scratch: Path) -> None:
    """Whatever moment they meet; a run in work keeps the zygote."""
    for number in range(6):
        together = [run(resting, scratch / f"{number}-{at}") for at in range(3)]
        assert await asyncio.gather(*together) == ["ok"] * 3
        while resting.zygote_pid is not None and number % 2:
            await asyncio.sleep(0)  # the next comes just when the zygote was let go


async def test_sandbox_when_a_conversation_is_open_then_its_zygote_stays(resting: Sandbox, scratch: Path) -> None:
    """A loaded model is no idle sandbox; when it has ended the zygote goes too."""
    talk = await resting.open(source=scratch, work_dir=scratch / "talk", limits=Limits(wall_s=60))
    zygote = resting.zygote_pid
    for count in (1, 2):
        await asyncio.sleep(0.05)
        outcome = await talk.ask({"name": "remember"}, timeout_s=10)
        assert outcome.result is not None
        assert outcome.result["got"]["count"] == count
    assert resting.zygote_pid == zygote
    await talk.close()
    await until_gone(resting, zygote)
