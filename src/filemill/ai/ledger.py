"""What is written when a try of an analysis begins or ends: findings, vectors, and the event that tells others.

Findings that are too large for an event travel shortened; whole they are at `GET /files/{file_id}/findings`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from filemill.ai import repository
from filemill.ai.jobs import KIND, options_key, tell_unavailable
from filemill.ai.repository import Vector, known
from filemill.chassis.clock import now
from filemill.chassis.database.database import Tx
from filemill.chassis.jobs.progress import tell_progress
from filemill.chassis.jobs.table import ClaimedJob, Verdict
from filemill.chassis.messaging import outbox, wire
from filemill.contracts.ai import FileAnalyzed, Finding
from filemill.contracts.topics import Topic
from filemill.contracts.upload import Reason

EVENT_FINDINGS_MOST_BYTES = 40 * 1024
EVIDENCE_IN_EVENT = 3


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a run found, ready to be kept."""

    findings: list[Finding]
    started_at: datetime
    duration_ms: float
    vectors: list[Vector] | None = None
    """Of `embeddings`, if that was looked at."""


class AnalysisLedger:
    """What is written when a try begins or ends. See `chassis.jobs.worker.Ledger`."""

    def started(self, tx: Tx, job: ClaimedJob) -> None:
        """A worker took it."""
        tell_progress(tx, KIND, job, "started")

    def done(self, tx: Tx, job: ClaimedJob, outcome: Analysis) -> None:
        """Keep the findings and announce them."""
        asked = job.payload["capabilities"]
        key = options_key(asked, job.payload["options"])
        repository.keep(tx, job.file_id, job.owner_id, job.version, outcome.findings, key, now())
        if outcome.vectors is not None:
            repository.keep_vectors(tx, job.file_id, job.owner_id, job.version, outcome.vectors)
        known.note(tx, job.file_id, ended=True)
        useful = any(finding.state in ("done", "empty", "unsupported") for finding in outcome.findings)
        reason = None if useful else Reason(code="no-capability-ran", detail="None of the capabilities could run.")
        data = FileAnalyzed(
            file_id=job.file_id, owner_id=job.owner_id, version=job.version, run=job.run, job_id=job.job_id,
            analysis="done" if useful else "failed", reason=reason, findings=for_event(outcome.findings),
            attempt=job.fence, started_at=outcome.started_at, duration_ms=outcome.duration_ms,
        )  # fmt: skip
        outbox.append(tx, wire.make_event(KIND, Topic.ANALYZED, job.file_id, data))

    def retrying(self, tx: Tx, job: ClaimedJob, verdict: Verdict) -> None:
        """A try failed; another follows."""
        tell_progress(tx, KIND, job, "retrying", verdict)

    def failed(self, tx: Tx, job: ClaimedJob, verdict: Verdict, facts: Any, *, parked: bool) -> None:  # noqa: ARG002
        """It ended without findings."""
        row = known.get(tx, job.file_id)
        if row is None or row["version"] != job.version:
            return
        reason = Reason(code=verdict.code, detail=verdict.detail, retryable=parked)
        tell_unavailable(tx, row, job.job_id, job.run, job.fence, reason)

    def cancelled(self, tx: Tx, job: ClaimedJob) -> None:
        """Somebody stopped it, or the file was deleted."""
        tell_progress(tx, KIND, job, "cancelled")


def for_event(findings: list[Finding]) -> list[Finding]:
    """The findings, shortened until they fit an event: first evidence, then results go."""
    shown = [finding.model_copy(update={"evidence": finding.evidence[:EVIDENCE_IN_EVENT]}) for finding in findings]
    while _size(shown) > EVENT_FINDINGS_MOST_BYTES:
        largest = max(range(len(shown)), key=lambda at: _size(shown[at : at + 1]))
        if shown[largest].evidence:
            shown[largest] = shown[largest].model_copy(update={"evidence": []})
        else:
            shown[largest] = shown[largest].model_copy(update={"result": {"shortened": True}})
    return shown


def _size(findings: list[Finding]) -> int:
    return len(orjson.dumps([finding.model_dump(mode="json") for finding in findings]))
