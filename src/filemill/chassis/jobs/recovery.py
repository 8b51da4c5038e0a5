"""Jobs whose worker is gone count a failed try and go on. Asked again and again, by workers and by their service."""

from dataclasses import dataclass

import structlog

from filemill.chassis import process_identity
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.jobs.ledger import Ledger, end_failed
from filemill.chassis.jobs.queue import JobQueue
from filemill.chassis.jobs.table import ClaimedJob, Verdict
from filemill.chassis.telemetry import request_context

_DIED = Verdict("worker-died", "The worker died while it was at work on this.", retryable=True)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recovery:
    """Finds and ends the tries that nobody will end any more. Safe to run in several processes: the fence decides."""

    database: Database
    queue: JobQueue
    ledger: Ledger
    kind: str

    async def recover(self) -> int:
        """One round; returns how many tries were ended."""
        abandoned = await self.database.read(self.queue.abandoned)
        for job in abandoned:
            await self.database.write("jobs.recover", self._end, job)
            _log.warning(f"{self.kind}.job.recovered", job_id=job.job_id, file_id=job.file_id, by=process_identity.me())
        return len(abandoned)

    def _end(self, tx: Tx, job: ClaimedJob) -> None:
        with request_context.within(request_context.begin(job.request_id, job.traceparent)):
            end_failed(tx, self.queue, self.ledger, job, _DIED, None)
