"""One try of unpacking: fetched, taken apart in the sandbox, each part checked and stored; then the ledger keeps the rows.

Nothing the sandbox says is trusted: numbers, names and sizes are checked against the bounds again. On failure: blobs stored
by then are left to the reconciler.
"""

import asyncio
import hashlib
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from filemill.chassis.crash_points import crash_point
from filemill.chassis.errors import NotFound
from filemill.chassis.jobs.table import ClaimedJob, Verdict
from filemill.chassis.jobs.worker import JobFailed, Progress
from filemill.chassis.sandbox import Limits, Sandbox, UntrustedOutputError, output_file
from filemill.chassis.storage.keys import new_key
from filemill.chassis.storage.store import BlobStore
from filemill.contracts.processing import PARTS_MOST
from filemill.processing.keeping import NONSENSE
from filemill.processing.part_names import display_name, display_path
from filemill.processing.parts_repository import NewPart, Unpacked
from filemill.processing.run import verdict_of
from filemill.processing.steps import taking
from filemill.processing.steps.taking import Bounds, Taken
from filemill.processing.steps.unpack import MAILS

ATTACHMENTS_MOST = 100
_READ_BYTES = 1 << 20
_CPU_S, _WALL_S = 100, 110


@dataclass(frozen=True, slots=True)
class UnpackRun:
    """Runs these jobs. `part_bytes`: the most of one part; `total_bytes`: of all that one job takes out."""

    store: BlobStore
    sandbox: Sandbox
    scratch: Path
    part_bytes: int
    total_bytes: int

    async def __call__(self, job: ClaimedJob, progress: Progress) -> Unpacked:
        """The parts, durable. Raises `JobFailed`."""
        work_dir = Path(tempfile.mkdtemp(prefix=f"{job.job_id}-", dir=self.scratch))
        try:
            taken = await self._take(job, progress, work_dir)
            made = await self._store(taken, work_dir / "out", progress)
        finally:
            await asyncio.to_thread(shutil.rmtree, work_dir, ignore_errors=True)
        crash_point("processing.parts-stored")
        return Unpacked(made, taken["left_out"])

    async def _take(self, job: ClaimedJob, progress: Progress, work_dir: Path) -> Taken:
        source, out = work_dir / "source", work_dir / "out"
        out.mkdir()
        progress.note(step="fetch")
        payload = job.payload
        try:
            await self.store.fetch(payload["storage_key"], source)
        except NotFound as error:
            detail = "The stored bytes of this file are missing."
            raise JobFailed(Verdict("blob-missing", detail, retryable=True)) from error
        most = ATTACHMENTS_MOST if payload["content_type"] in MAILS else PARTS_MOST
        bounds = Bounds(most, min(self.part_bytes, self.total_bytes), self.total_bytes)
        request: dict[str, Any] = {name: payload[name] for name in ("filename", "content_type")}
        request["unpack"] = {"bounds": asdict(bounds), "paths": payload["paths"]}
        outcome = await self.sandbox.run(
            request,
            source=source,
            work_dir=out,
            limits=Limits(file_bytes=bounds.part_bytes + _READ_BYTES, cpu_s=_CPU_S, wall_s=_WALL_S),
            on_progress=lambda said: progress.note(**said),
        )
        if outcome.state != "ok":
            raise JobFailed(verdict_of(outcome))
        return _checked(outcome.result, bounds)

    async def _store(self, taken: Taken, out: Path, progress: Progress) -> list[NewPart]:
        made = []
        for done, part in enumerate(taken["parts"]):
            progress.note(step=taking.STEP, state="started", percent=80 + 19 * done // len(taken["parts"]))
            key, sha256 = None, None
            if part["file"] is not None:
                key = new_key()
                sha256 = await self._put(_output(out, part["file"], part["size_bytes"]), key)
            path, kind = part["path"], part["content_type"]
            made.append(
                NewPart(
                    part["number"], display_path(path), display_name(path), kind and kind[:100], part["size_bytes"],
                    sha256, key, part["code"], part["detail"],
                )
            )  # fmt: skip
        return made

    async def _put(self, path: Path, key: str) -> str:
        """Store a file as it is read; returns its SHA-256."""
        digest = hashlib.sha256()
        writer = await self.store.create(key)
        try:
            with path.open("rb") as file:
                while piece := await asyncio.to_thread(file.read, _READ_BYTES):
                    digest.update(piece)
                    await writer.write(piece)
            await writer.commit()
        except BaseException:
            await writer.abort()
            raise
        return digest.hexdigest()


def _checked(result: dict[str, Any] | None, bounds: Bounds) -> Taken:
    try:
        taken = taking.check(result or {})
    except ValidationError as error:
        raise JobFailed(NONSENSE) from error
    if taken["code"] is not None:
        raise JobFailed(Verdict(taken["code"][:80], (taken["detail"] or "")[:500], retryable=False))
    parts = taken["parts"]
    numbers = {part["number"] for part in parts}
    total = sum(part["size_bytes"] for part in parts if part["file"] is not None)
    sane = all(part["number"] >= 0 and part["size_bytes"] >= 0 for part in parts)
    if not sane or len(numbers) != len(parts) or len(parts) > bounds.parts or total > bounds.total_bytes:
        raise JobFailed(NONSENSE)
    return taken


def _output(out: Path, name: str, size_bytes: int) -> Path:
    try:
        path = output_file(out, name, max_bytes=size_bytes)
    except UntrustedOutputError as error:
        raise JobFailed(Verdict(error.code, str(error), retryable=False)) from error
    return path
