"""Ours of L8: processing's Celery worker with its real ledger, whose runs find nothing and take no time."""

import asyncio
import dataclasses
import sys
from pathlib import Path

from filemill.chassis.clock import now
from filemill.chassis.jobs.celery_worker import run_celery_worker
from filemill.chassis.jobs.table import ClaimedJob
from filemill.chassis.jobs.worker import Progress
from filemill.chassis.messaging.relay import Relay
from filemill.chassis.settings import load
from filemill.contracts.processing import TextRef
from filemill.processing import worker
from filemill.processing.run import Facts
from filemill.processing.settings import ProcessingSettings


async def nothing(_job: ClaimedJob, _progress: Progress) -> Facts:
    """A run without work."""
    return Facts("text/plain", "none", TextRef(state="empty"), [], now(), 0.0)


async def idle(_relay: Relay) -> None:
    """Leave the events where they are."""
    await asyncio.Event().wait()


if __name__ == "__main__":
    if "--keep-events" in sys.argv:
        Relay.run = idle  # type: ignore[method-assign]
    settings = load(ProcessingSettings)
    spec = dataclasses.replace(worker.spec(settings), runner=lambda _place: nothing)
    run_celery_worker(settings, spec, lambda _: (Path(sys.argv[1]) / "ready").touch())
