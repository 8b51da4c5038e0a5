"""One analysis of one file: gather text and preview, run the rules in the sandbox and ask the models of the shelf.

Models see only what processing made (text, preview), never the file itself. Not for: keeping and telling (`ledger`).
"""

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import RowMapping

from filemill.ai import jobs, repository
from filemill.ai.capabilities.names import AFTER, NAMES
from filemill.ai.jobs import options_key, still_holds
from filemill.ai.ledger import Analysis
from filemill.ai.material import Material
from filemill.ai.models.host import ModelHost
from filemill.ai.models.loading import ModelFailed
from filemill.ai.models.registry import Registry
from filemill.ai.repository import Vector, known
from filemill.ai.served import failed, is_served, look, needs_language
from filemill.chassis.clock import now
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database
from filemill.chassis.errors import NotFound
from filemill.chassis.jobs.queue import TRIES_MOST
from filemill.chassis.jobs.table import ClaimedJob, Verdict
from filemill.chassis.jobs.worker import JobFailed, Progress
from filemill.chassis.sandbox import Limits, Sandbox
from filemill.chassis.storage.store import BlobStore
from filemill.chassis.telemetry import spans, tracing
from filemill.contracts.ai import Finding

MODELS_SHARE = 0.5
"""Of a try's time: a long text on a slow machine is embedded in part, and nothing is lost to the deadline."""


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
        vectors = await self._known_vectors(row, findings) if "embeddings" in wanted else None
        missing = [name for name in wanted if name not in findings]
        served = [name for name in missing if is_served(self._registry.best(name))]
        ruled = [name for name in missing if name not in served]
        if needs_language(map(self._registry.best, served)) and "language" not in [*ruled, *findings]:
            ruled = ["language", *ruled]  # for the models; it is shown only where it was asked for
        material = Material(None, None)
        if missing:
            until_s = time.monotonic() + job.deadline_s * MODELS_SHARE
            material = Material(*await self._fetch_all(row, work_dir), until_s=until_s)
        looked = await self._look(row, ruled, options, progress, work_dir, material) if ruled else []
        material.language = _language([*findings.values(), *looked])
        for name in served:
            progress.note(capability=name, done=len(looked), of=len(missing))
            looked.append(await self._ask_model(name, material, job))
        findings |= {one.capability: one for one in looked}
        vectors = material.vectors if "embeddings" in served else vectors
        shown = [findings[name] for name in NAMES if name in wanted and name in findings]
        return Analysis(shown, started_at, round((now() - started_at).total_seconds() * 1000, 2), vectors)

    async def _known_vectors(self, row: RowMapping, findings: dict[str, Finding]) -> list[Vector] | None:
        """Those of an equal text by the model in force, as copies; their finding is put among the others."""
        best = self._registry.best("embeddings")
        if best is None or not best.usable:
            return None
        known_by = await self._database.read(repository.vectors_alike, row, best.digest)
        if known_by is None:
            return None
        findings["embeddings"] = _reused(known_by[0])
        return known_by[1]

    def _reusable(self, alike: list[dict[str, Any]]) -> dict[str, Finding]:
        """Those that would be found again: by the models in force, after others of which that is true."""
        holding = {one.capability: one for one in map(_reused, alike) if still_holds(self._registry, one)}
        holding.pop("embeddings", None)  # with its vectors, or not at all: `_known_vectors`
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
            found = [Finding.model_validate(one) for one in outcome.result["results"].values()]
        except (KeyError, AttributeError, ValidationError) as error:
            raise JobFailed(Verdict("bad-report", "The analysis answered in a form we do not know.", True)) from error
        for one in found:
            attributes = {"filemill.capability": one.capability, "filemill.outcome": one.state}
            tracing.record(spans.CAPABILITY, attributes, duration_s=(one.duration_ms or 0.0) / 1000)
        return found

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


def _language(findings: list[Finding]) -> str | None:
    """What the text was recognised as."""
    found = [one.result for one in findings if one.capability == "language" and one.state == "done"]
    return found[0].get("language") if found and isinstance(found[0], dict) else None
