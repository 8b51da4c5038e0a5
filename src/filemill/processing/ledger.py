"""What is written in the transaction that begins or ends a try: results, turns between equal files, events.

See `chassis.jobs.ledger.Ledger`. A try that ends well keeps its results here, and only here: nothing is left of one that
was cancelled or overtaken. On failure: the transaction is gone with everything in it.
"""

from collections.abc import Callable
from typing import Any

from filemill.chassis.database.database import Tx, hold
from filemill.chassis.jobs.progress import tell_progress
from filemill.chassis.jobs.table import ClaimedJob, Verdict
from filemill.chassis.jobs.worker import JobFailed
from filemill.chassis.messaging import outbox, wire
from filemill.contracts.processing import FileFailed, FileProcessed
from filemill.contracts.topics import Topic
from filemill.contracts.upload import Reason
from filemill.processing import repository, results_repository, reuse, unpacking
from filemill.processing.facts import Facts
from filemill.processing.parts_repository import Unpacked
from filemill.processing.repository import KIND, UNPACK, job_queue
from filemill.processing.unpacking import UnpackLedger

_GONE = Verdict("results-gone", "Results that were to be used again have just been dropped; another try follows.", True)


class ProcessingLedger:
    """What is written when a try begins or ends. See `chassis.jobs.worker.Ledger`."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._unpack = UnpackLedger()

    def started(self, tx: Tx, job: ClaimedJob) -> None:
        """A worker took it."""
        if job.kind == UNPACK:
            self._unpack.started(tx, job)
            return
        reuse.begin(tx, job_queue, job)
        tell_progress(tx, KIND, job, "started")

    def done(self, tx: Tx, job: ClaimedJob, outcome: Facts | Unpacked) -> None:
        """Keep the results and announce them."""
        if isinstance(outcome, Unpacked):
            self._unpack.done(tx, job, outcome)
            return
        self._keep(tx, job, outcome)
        versions = {step.name: step.version for step in outcome.steps}
        made_by = {"plan": outcome.plan, "steps": versions}
        repository.keep_renditions(
            tx, job.file_id, job.owner_id, job.version, outcome.renditions, outcome.text, made_by
        )
        made = {"content_type": outcome.content_type, "plan": outcome.plan, "steps": versions}
        results_repository.note_made(tx, job.file_id, job.version, **made)
        self._end_turn(tx, job, all_known=outcome.all_known)
        left = unpacking.after_run(tx, job, outcome)
        properties = outcome.properties | ({"not_unpacked": left} if left else {})
        data = FileProcessed(
            file_id=job.file_id, owner_id=job.owner_id, version=job.version, run=job.run, job_id=job.job_id,
            content_type=outcome.content_type, plan=outcome.plan, properties=properties, text=outcome.text,
            renditions=outcome.renditions, steps=outcome.steps, attempt=job.fence, started_at=outcome.started_at,
            duration_ms=outcome.duration_ms,
        )  # fmt: skip
        outbox.append(tx, wire.make_event(KIND, Topic.PROCESSED, job.file_id, data))

    def retrying(self, tx: Tx, job: ClaimedJob, verdict: Verdict) -> None:
        """A try failed; another follows."""
        if job.kind == UNPACK:
            self._unpack.retrying(tx, job, verdict)
            self._ring()
            return
        self._end_turn(tx, job, all_known=False)
        tell_progress(tx, KIND, job, "retrying", verdict)
        self._ring()

    def failed(self, tx: Tx, job: ClaimedJob, verdict: Verdict, facts: Any, *, parked: bool) -> None:
        """It ended without a result; why the file itself is to blame is a result of its steps."""
        if job.kind == UNPACK:
            self._unpack.failed(tx, job, verdict)
            return
        if isinstance(facts, Facts):
            self._keep(tx, job, facts)
        self._end_turn(tx, job, all_known=isinstance(facts, Facts) and facts.all_known)
        data = FileFailed(
            file_id=job.file_id, owner_id=job.owner_id, version=job.version, run=job.run, job_id=job.job_id,
            reason=Reason(code=verdict.code, detail=verdict.detail, retryable=parked), attempt=job.fence,
            content_type=facts.content_type if isinstance(facts, Facts) else None,
            steps=facts.steps if isinstance(facts, Facts) else [],
            started_at=facts.started_at if isinstance(facts, Facts) else None,
            duration_ms=facts.duration_ms if isinstance(facts, Facts) else None,
        )  # fmt: skip
        outbox.append(tx, wire.make_event(KIND, Topic.FAILED, job.file_id, data))

    def cancelled(self, tx: Tx, job: ClaimedJob) -> None:
        """Somebody stopped it, or the file was deleted."""
        if job.kind == UNPACK:
            self._unpack.cancelled(tx, job)
            return
        self._end_turn(tx, job, all_known=False)
        tell_progress(tx, KIND, job, "cancelled")

    def _keep(self, tx: Tx, job: ClaimedJob, outcome: Facts) -> None:
        content = outcome.content
        if content is None:
            return
        hold(tx, content.key)
        if not reuse.still_there(tx, content, outcome.reused):
            raise JobFailed(_GONE)
        results_repository.keep(tx, content, outcome.fresh, job.job_id)

    def _end_turn(self, tx: Tx, job: ClaimedJob, *, all_known: bool) -> None:
        if reuse.end(tx, job_queue, job, all_known=all_known):
            self._ring()
