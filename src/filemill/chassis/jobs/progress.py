"""What a file's story hears of a job: `file.progress`, written to the outbox in the transaction that moves the job."""

from filemill.chassis.database.database import Tx
from filemill.chassis.jobs.table import ClaimedJob, Verdict
from filemill.chassis.messaging import outbox, wire
from filemill.contracts.jobs import FileProgress
from filemill.contracts.topics import Topic
from filemill.contracts.upload import Reason


def tell_progress(
    tx: Tx, service: str, job: ClaimedJob, state: str, verdict: Verdict | None = None, *, step: str = "try"
) -> None:
    """A try of this job is now in `state`; `verdict` says why, where that needs saying."""
    reason = Reason(code=verdict.code, detail=verdict.detail, retryable=verdict.retryable) if verdict else None
    data = FileProgress(
        file_id=job.file_id, owner_id=job.owner_id, version=job.version, run=job.run, service=service, step=step,
        attempt=job.fence, state=state, reason=reason, job_id=job.job_id,
    )  # fmt: skip
    outbox.append(tx, wire.make_event(service, Topic.PROGRESS, job.file_id, data))
