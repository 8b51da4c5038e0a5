"""One run of one file: fetch the blob, run its plan in the sandbox, keep what came out, tell the others.

The sandbox gives a report (a dictionary and files in a scratch folder); nothing of it is trusted: it is checked against our
types and bounds before it is kept. A refusal of the file itself is final; a crash, a hang or a full memory is a failed try.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import structlog

from filemill.chassis.clock import now
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Tx
from filemill.chassis.errors import NotFound
from filemill.chassis.jobs.progress import tell_progress
from filemill.chassis.jobs.table import ClaimedJob, NewJob, Verdict
from filemill.chassis.jobs.worker import JobFailed, Progress
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.sandbox import Outcome, Sandbox, UntrustedOutputError, output_file
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.store import BlobStore, put
from filemill.contracts.jobs import FileProgress
from filemill.contracts.processing import FileFailed, FileProcessed, RenditionRef, StepRecord, TextRef
from filemill.contracts.topics import Topic
from filemill.contracts.upload import Reason
from filemill.processing import repository
from filemill.processing.plan import plan_for
from filemill.processing.repository import job_queue, known
from filemill.processing.steps import guarded
from filemill.processing.steps.options import Options
from filemill.processing.steps.results import Rendition, RunResult, TextResult

KIND = "processing"
PROPERTIES_MOST_BYTES = 24 * 1024
RENDITION_MOST_BYTES = 32 * 1024 * 1024
TEXT_MOST_BYTES = 64 * 1024 * 1024

_log = structlog.get_logger()

_TEXT_STEPS = frozenset({"pdf", "document_text", "plain_text", "vector_picture", "image_text", "archive_list"})

_SANDBOX_WORDS = {
    "crashed": ("parser-crashed", "The program that reads this type of file crashed on it."),
    "out-of-memory": ("out-of-memory", "Reading the file needed more memory than one file may have."),
    "timeout": ("timeout", "Reading the file took longer than one file may take."),
    "output-too-large": ("output-too-large", "What came out of the file is larger than is kept."),
    "cancelled": ("cancelled", "The work was stopped."),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run found out, ready to be kept: every blob in it is durable."""

    content_type: str
    plan: str
    text: TextRef
    steps: list[StepRecord]
    started_at: datetime
    duration_ms: float
    properties: dict[str, Any] = field(default_factory=dict)
    renditions: list[RenditionRef] = field(default_factory=list)


def enqueue(tx: Tx, file_id: str, *, lane: str, cause: str, deadline_s: float) -> str:
    """Queue a run of a known file and say so in its story."""
    row = known.get(tx, file_id)
    assert row is not None
    run = job_queue.next_run(tx, file_id)
    payload = {name: row[name] for name in ("storage_key", "filename", "content_type", "size")}
    new = NewJob(KIND, file_id, row["owner_id"], row["version"], run, lane, cause, payload, deadline_s)
    job_id = job_queue.add(tx, new)
    queued = FileProgress(
        file_id=file_id, owner_id=row["owner_id"], version=row["version"], run=run, service=KIND, step="queue",
        attempt=0, state="queued", job_id=job_id,
    )  # fmt: skip
    outbox.append(tx, wire.make_event(KIND, Topic.PROGRESS, file_id, queued))
    return job_id


class ProcessingLedger:
    """What is written when a try begins or ends. See `chassis.jobs.worker.Ledger`."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring

    def started(self, tx: Tx, job: ClaimedJob) -> None:
        """A worker took it."""
        tell_progress(tx, KIND, job, "started")

    def done(self, tx: Tx, job: ClaimedJob, outcome: Facts) -> None:
        """Keep the results and announce them."""
        made_by = {"plan": outcome.plan, "steps": {step.name: step.version for step in outcome.steps}}
        repository.keep_renditions(
            tx, job.file_id, job.owner_id, job.version, outcome.renditions, outcome.text, made_by
        )
        data = FileProcessed(
            file_id=job.file_id, owner_id=job.owner_id, version=job.version, run=job.run, job_id=job.job_id,
            content_type=outcome.content_type, plan=outcome.plan, properties=outcome.properties, text=outcome.text,
            renditions=outcome.renditions, steps=outcome.steps, attempt=job.fence, started_at=outcome.started_at,
            duration_ms=outcome.duration_ms,
        )  # fmt: skip
        outbox.append(tx, wire.make_event(KIND, Topic.PROCESSED, job.file_id, data))

    def retrying(self, tx: Tx, job: ClaimedJob, verdict: Verdict) -> None:
        """A try failed; another follows."""
        tell_progress(tx, KIND, job, "retrying", verdict)
        self._ring()

    def failed(self, tx: Tx, job: ClaimedJob, verdict: Verdict, facts: Any, *, parked: bool) -> None:
        """It ended without a result."""
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
        tell_progress(tx, KIND, job, "cancelled")


class FileRun:
    """Runs jobs of this service: the `Runner` of its worker."""

    def __init__(self, store: BlobStore, sandbox: Sandbox, scratch: Path, options: Options) -> None:
        self._store = store
        self._sandbox = sandbox
        self._options = options
        self._scratch = scratch

    async def __call__(self, job: ClaimedJob, progress: Progress) -> Facts:
        """Raises `JobFailed` with a verdict; whatever it stored by then is left to the reconciler."""
        work_dir = Path(tempfile.mkdtemp(prefix=f"{job.job_id}-", dir=self._scratch))
        try:
            return await self._run(job, progress, work_dir)
        finally:
            shutil.rmtree(work_dir, ignore_errors=True)

    async def _run(self, job: ClaimedJob, progress: Progress, work_dir: Path) -> Facts:
        started_at = now()
        payload = job.payload
        plan = plan_for(payload["content_type"], payload["filename"])
        source, out = work_dir / "source", work_dir / "out"
        out.mkdir()
        progress.note(step="fetch")
        try:
            await self._store.fetch(payload["storage_key"], source)
        except NotFound as error:
            raise JobFailed(
                Verdict("blob-missing", "The stored bytes of this file are missing.", retryable=True)
            ) from error
        request = {name: payload[name] for name in ("filename", "content_type")} | {"options": asdict(self._options)}
        processed = await guarded.process(
            self._sandbox,
            request,
            source=source,
            work_dir=out,
            limits=plan.limits,
            on_progress=lambda facts: progress.note(**facts),
        )
        crash_point("processing.sandboxed")
        if processed.result is None:
            raise JobFailed(_verdict(processed.outcome))
        facts = await self._keep(processed.result, out, started_at, processed.outcome.duration_ms)
        reject = processed.result["reject"]
        if reject:
            raise JobFailed(Verdict(reject["code"][:80], reject["detail"][:500], retryable=False), facts)
        crash_point("processing.kept")
        return facts

    async def _keep(self, result: RunResult, out: Path, started_at: datetime, duration_ms: float) -> Facts:
        renditions = [await self._keep_rendition(made, out) for made in result["renditions"]]
        steps = [StepRecord.model_validate(step) for step in result["steps"]]
        return Facts(
            content_type=result["content_type"][:255],
            plan=result["plan"],
            text=await self._keep_text(result["text"], steps, out),
            steps=steps,
            started_at=started_at,
            duration_ms=round(duration_ms, 2),
            properties=_bounded_properties(result["properties"]),
            renditions=renditions,
        )

    async def _keep_rendition(self, made: Rendition, out: Path) -> RenditionRef:
        body = _read_bounded(out, made["path"], RENDITION_MOST_BYTES)
        key = new_key()
        await put(self._store, key, body)
        return RenditionRef(
            name=made["name"][:40],
            content_type=made["content_type"][:100],
            size=len(body),
            storage_key=key,
            width=made["width_px"],
            height=made["height_px"],
            sha256=hashlib.sha256(body).hexdigest(),
        )

    async def _keep_text(self, found: TextResult, steps: list[StepRecord], out: Path) -> TextRef:
        state = found["state"]
        if found["path"] is None:
            return TextRef(state=state, reason=_why_no_text(steps))
        body = _read_bounded(out, found["path"], TEXT_MOST_BYTES)
        pages = orjson.loads(body)["pages"]
        key = new_key()
        await put(self._store, key, body)
        return TextRef(
            state=state,
            storage_key=key,
            characters=sum(len(page["text"]) for page in pages),
            pages=len(pages),
            size=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
        )


def _verdict(outcome: Outcome) -> Verdict:
    """Why a run ended without a result; another try may do better (a full machine, a killed sandbox)."""
    code, detail = _SANDBOX_WORDS.get(outcome.state, (outcome.code, outcome.detail))
    return Verdict(code or "step-failed", detail or "Reading the file failed.", retryable=True)


def _why_no_text(steps: list[StepRecord]) -> Reason | None:
    """What the last step that could have read words said instead: a password, a missing program, nothing in it."""
    spoke = [step for step in steps if step.name in _TEXT_STEPS and step.code and step.detail]
    said = next((step for step in spoke if step.state == "needs-password"), spoke[-1] if spoke else None)
    return Reason(code=said.code or "", detail=said.detail or "") if said else None


def _read_bounded(out: Path, name: str, most_bytes: int) -> bytes:
    """A file the sandboxed child wrote; it chose the name, so the sandbox's own check decides."""
    try:
        return output_file(out, name, max_bytes=most_bytes).read_bytes()
    except UntrustedOutputError as error:
        raise JobFailed(Verdict(error.code, str(error), retryable=False)) from error


def _bounded_properties(properties: dict[str, Any]) -> dict[str, Any]:
    """Properties travel in an event: the largest go first until the rest fits."""
    kept = dict(properties)
    while len(orjson.dumps(kept)) > PROPERTIES_MOST_BYTES:
        largest = max(kept, key=lambda name: len(orjson.dumps(kept[name])))
        _log.warning("processing.property.dropped", name=largest)
        del kept[largest]
    return kept
