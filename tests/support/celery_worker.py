"""A Celery worker of the processing service whose jobs only sleep: run as a program by the tests of `chassis.jobs`.

A job's payload says how long it sleeps; each try leaves files `<job>.<attempt>.began` and `.ended` in the folder.
"""

import asyncio
import dataclasses
import os
import sys
from pathlib import Path
from typing import Any

from filemill.chassis.database.database import Tx
from filemill.chassis.jobs.celery_worker import run_celery_worker
from filemill.chassis.jobs.table import ClaimedJob, Verdict
from filemill.chassis.jobs.worker import Progress
from filemill.chassis.settings import load
from filemill.processing import worker
from filemill.processing.settings import ProcessingSettings


class Silent:
    """A ledger that writes nothing."""

    def started(self, tx: Tx, job: ClaimedJob) -> None: ...
    def done(self, tx: Tx, job: ClaimedJob, outcome: Any) -> None: ...
    def retrying(self, tx: Tx, job: ClaimedJob, verdict: Verdict) -> None: ...
    def failed(self, tx: Tx, job: ClaimedJob, verdict: Verdict, facts: Any, *, parked: bool) -> None: ...
    def cancelled(self, tx: Tx, job: ClaimedJob) -> None: ...


def main(folder: Path) -> None:
    """Work until asked to stop."""

    async def sleep(job: ClaimedJob, _progress: Progress) -> None:
        (folder / f"{job.job_id}.{job.attempts}.began").write_text(str(os.getpid()))
        await asyncio.sleep(job.payload["seconds"])
        (folder / f"{job.job_id}.{job.attempts}.ended").touch()

    settings = load(ProcessingSettings)
    spec = dataclasses.replace(worker.spec(settings), ledger=Silent(), runner=lambda _place: sleep)
    run_celery_worker(settings, spec, lambda _: (folder / f"ready.{os.getpid()}").touch())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
