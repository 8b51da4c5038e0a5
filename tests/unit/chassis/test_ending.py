"""What a stop waits for."""

import asyncio

import pytest

from filemill.chassis.resilience.ending import to_its_end


async def test_work_when_cancelled_in_the_midst_then_it_ends_before_the_cancellation_counts() -> None:
    """What was taken is acknowledged; the loop around it stops all the same."""
    begun, may_end, done = asyncio.Event(), asyncio.Event(), []

    async def work() -> None:
        begun.set()
        await may_end.wait()
        done.append("acknowledged")

    task = asyncio.create_task(to_its_end(work()))
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == ["acknowledged"]


async def test_work_when_it_does_not_end_then_it_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop is never held up for ever."""
    monkeypatch.setattr("filemill.chassis.resilience.ending.END_S", 0.01)
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cut")

    task = asyncio.create_task(to_its_end(work()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["cut"]


async def test_work_when_it_fails_then_its_failure_is_told() -> None:
    """Nothing else changes."""

    async def work() -> None:
        raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"):
        await to_its_end(work())
