"""The worker that looks for jobs by itself: one process that claims, several jobs at a time."""

import asyncio
from collections.abc import Callable
from functools import partial

from filemill.chassis.jobs.loops import run_loops
from filemill.chassis.jobs.workplace import WorkerSpec, make_worker, open_workplace, say_ready
from filemill.chassis.settings import ServiceSettings


def run_local_worker(settings: ServiceSettings, spec: WorkerSpec, on_ready: Callable[[str], None] | None) -> None:
    """Run until asked to stop. Raises `StartError`."""
    run_loops(settings, partial(_work, spec), on_ready)


async def _work(spec: WorkerSpec, settings: ServiceSettings, ready: Callable[[], None]) -> None:
    async with open_workplace(settings, spec) as place:
        place.background.add("worker", make_worker(settings, spec, place).run)
        place.background.start()
        say_ready(spec, place)
        ready()
        await asyncio.Event().wait()
