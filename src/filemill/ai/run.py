"""One analysis of one file: gather text and preview, run the capabilities in the sandbox, keep the findings, tell others.

Models see only what processing made (text, preview), never the file itself. Findings that are too large for an event travel
shortened; whole they are at `GET /files/{file_id}/findings`.
"""

import shutil
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError
from sqlalchemy import RowMapping

from filemill.ai import jobs, repository
from filemill.ai.capabilities.names import AFTER, NAMES
from filemill.ai.jobs import KIND, options_key, still_holds, tell_unavailable
from filemill.ai.models.host import ModelHost
from filemill.ai.models.loading import ModelFailed
from filemill.ai.models.registry import Registry
from filemill.ai.repository import Vector, known
from filemill.ai.served import Material, failed, is_served, look
from filemill.chassis.clock import now
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import NotFound
from filemill.chassis.jobs.progress import tell_progress
from filemill.chassis.jobs.queue import TRIES_MOST
from filemill.chassis.jobs.table import ClaimedJob, Verdict
from filemill.chassis.jobs.worker import JobFailed, Progress
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.sandbox import Limits, Sandbox
from filemill.chassis.storage.store import BlobStore
from filemill.contracts.ai import FileAnalyzed, Finding
from filemill.contracts.topics import Topic
from filemill.contracts.upload import Reason

EVENT_FINDINGS_MOST_BYTES = 40 * 1024
EVIDENCE_IN_EVENT = 3
MODELS_SHARE = 0.5
"""Of a try's time: a long text on a slow machine is embedded in part, and nothing is lost to the deadline."""


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


class AnalysisRun:
    """Runs jobs of this service: the `Runner` of its worker."""

    def __init__(
        self, database: Database, store: BlobStore, sandbox: Sandbox, scratch: Path, limits: Limits, registry: Registry,
        models: ModelHost,
    ) -> None:  # fmt: skip
        self._database = database
        self._store = store
        self._sandbox = sandbox
        self._scratch = scratch
        self._limits = limits
        self._registry = registry
        self._models = models

    async def __call__(self, job: ClaimedJob, progress: Progress) -> Analysis:
        """Raises `JobFailed` with a verdict."""
        work_dir = Path(tempfile.mkdtemp(prefix=f"{job.job_id}-", dir=self._scratch))
        try:
            return await self._run(job, progress, work_dir)
        finally:
            shutil.rmtree(work_dir, ignore_errors=True)

    async def _run(self, job: ClaimedJob, progress: Progress, work_dir: Path) -> Analysis:
        started_at = now()
        row = await self._database.read(known.get, job.file_id)
        if row is None or row["deleted"] or row["version"] != job.version:
            raise JobFailed(Verdict("file-gone", "The file was deleted or replaced meanwhile.", retryable=False))
        asked, options = job.payload["capabilities"], job.payload["options"]
        alike = await self._database.read(repository.found_alike, row, options_key(asked, options))
        findings = self._reusable(alike)
        wanted = jobs.wanted(self._registry, asked)
        missing = [name for name in wanted if name not in findings]
        served = [name for name in missing if is_served(self._registry.best(name))]
        ruled = [name for name in missing if name not in served]
        material = Material(None, None)
        if missing:
            until_s = time.monotonic() + job.deadline_s * MODELS_SHARE
            material = Material(*await self._fetch_all(row, work_dir), until_s)
        looked = await self._look(row, ruled, options, progress, work_dir, material) if ruled else []
        for name in served:
            progress.note(capability=name, done=len(looked), of=len(missing))
            looked.append(await self._ask_model(name, material, job))
        findings |= {one.capability: one for one in looked}
        vectors = material.vectors if "embeddings" in served else None
        shown = [findings[name] for name in NAMES if name in wanted and name in findings]
        return Analysis(shown, started_at, round((now() - started_at).total_seconds() * 1000, 2), vectors)

    def _reusable(self, alike: list[dict[str, Any]]) -> dict[str, Finding]:
        """Those that would be found again: by the models in force, after others of which that is true."""
        holding = {one.capability: one for one in map(_reused, alike) if still_holds(self._registry, one)}
        holding.pop("embeddings", None)  # the vectors are kept by file
        found: dict[str, Finding] = {}
        for name in NAMES:
            if name in holding and all(other in found for other in AFTER.get(name, ())):
                found[name] = holding[name]
        return found

    async def _ask_model(self, capability: str, material: Material, job: ClaimedJob) -> Finding:
        """What the best model that works says. A crash is a failed try; after the last one the rest is kept without it."""
        while True:
            model = self._registry.best(capability)
            assert model is not None
            if not model.usable:
                return failed(model, "model-failed", model.reason or "The model cannot be loaded.")
            try:
                return await look(self._models, model, material)
            except ModelFailed as error:
                if error.of_model:
                    continue  # noted as failed: the next best speaks
                if job.attempts < TRIES_MOST:
                    raise JobFailed(Verdict(error.code, error.detail, retryable=True)) from error
                return failed(model, error.code, error.detail)

    async def _fetch_all(self, row: RowMapping, work_dir: Path) -> tuple[Path | None, Path | None]:
        """Text and preview, as far as there are any."""
        text, out = work_dir / "text.json", work_dir / "out"
        out.mkdir()
        has_text = await self._fetch(row["text_key"], text)
        has_preview = await self._fetch(row["preview_key"], out / "preview")
        return text if has_text else None, out / "preview" if has_preview else None

    async def _look(
        self, row: RowMapping, capabilities: list[str], options: dict[str, Any], progress: Progress, work_dir: Path,
        material: Material,
    ) -> list[Finding]:  # fmt: skip
        """Run these in the sandbox."""
        source, out = work_dir / "text.json", work_dir / "out"
        if material.text is None:
            source.write_bytes(b'{"pages": []}')
        request = {
            "capabilities": capabilities,
            "options": options,
            "disabled": sorted(self._registry.disabled),
            "subject": {
                "file_id": row["file_id"],
                "filename": row["filename"],
                "content_type": row["content_type"],
                "size_bytes": row["size"],
                "properties": row["properties"] or {},
                "preview": "preview" if material.preview else None,
            },
        }
        outcome = await self._sandbox.run(
            request,
            source=source,
            work_dir=out,
            limits=self._limits,
            on_progress=lambda facts: progress.note(**facts),
        )
        crash_point("ai.sandboxed")
        if outcome.state != "ok" or outcome.result is None:
            detail = outcome.detail or "The analysis did not end well."
            raise JobFailed(Verdict(outcome.code or outcome.state, detail, retryable=True))
        try:
            return [Finding.model_validate(one) for one in outcome.result["results"].values()]
        except (KeyError, AttributeError, ValidationError) as error:
            raise JobFailed(Verdict("bad-report", "The analysis answered in a form we do not know.", True)) from error

    async def _fetch(self, key: str | None, target: Path) -> bool:
        if not key:
            return False
        try:
            await self._store.fetch(key, target)
        except NotFound:
            return False  # processing's blob was replaced by a newer run: its event brings a new analysis
        return True


def _reused(finding: dict[str, Any]) -> Finding:
    return Finding.model_validate(finding | {"reused": True})


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
