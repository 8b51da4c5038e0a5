"""Several workers over one row of things: each takes the next from an iterator that they share."""

import asyncio
from collections.abc import Awaitable, Callable


async def at_once(work: Callable[[], Awaitable[None]], workers: int) -> None:
    """Run `work` so many times side by side. The first failure ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(_finished(work))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures


async def _finished(work: Callable[[], Awaitable[None]]) -> None:
    await work()
