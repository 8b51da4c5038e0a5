"""How a try ends: the job's row and what its service says of it, in one transaction."""

from typing import Any, Protocol

from filemill.chassis.database.database import Tx, hold
from filemill.chassis.jobs.queue import TRIES_MOST, JobQueue
from filemill.chassis.jobs.table import ClaimedJob, Verdict


class Ledger(Protocol):
    """What the service writes in the transaction that begins or ends a try: its results and events."""

    def started(self, tx: Tx, job: ClaimedJob) -> None: ...
    def done(self, tx: Tx, job: ClaimedJob, outcome: Any) -> None: ...
    def retrying(self, tx: Tx, job: ClaimedJob, verdict: Verdict) -> None: ...
    def failed(self, tx: Tx, job: ClaimedJob, verdict: Verdict, facts: Any, *, parked: bool) -> None: ...
    def cancelled(self, tx: Tx, job: ClaimedJob) -> None: ...


def end_failed(tx: Tx, queue: JobQueue, ledger: Ledger, job: ClaimedJob, verdict: Verdict, facts: Any) -> str:
    """A try failed: another follows, or it was the last. Returns the outcome, `overtaken` if the claim is not in force."""
    hold(tx, job.file_id)
    if verdict.retryable and job.attempts < TRIES_MOST:
        if not queue.try_again(tx, job, verdict):
            return "overtaken"
        ledger.retrying(tx, job, verdict)
        return "retrying"
    state = "parked" if verdict.retryable else "failed"
    if not queue.finish(tx, job, state, verdict=verdict):
        return "overtaken"
    ledger.failed(tx, job, verdict, facts, parked=verdict.retryable)
    return state
