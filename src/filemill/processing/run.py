"""One run of one file: what is known about its bytes is used again, the rest of its plan runs in the sandbox.

With everything known nothing is fetched and nothing runs. The sandbox gives a report (a dictionary and files in a scratch
folder); nothing of it is trusted: it is checked before it is kept. A refusal of the file itself is final; a crash, a hang
or a full memory is a failed try.
"""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from filemill.chassis.clock import now
from filemill.chassis.crash_points import crash_point
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.errors import NotFound
from filemill.chassis.jobs.progress import tell_progress
from filemill.chassis.jobs.table import BULK, ClaimedJob, NewJob, Verdict
from filemill.chassis.jobs.worker import JobFailed, JobPutOff, Progress
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.sandbox import Outcome, Sandbox
from filemill.chassis.storage.store import BlobStore, read_all
from filemill.contracts.jobs import FileProgress
from filemill.contracts.topics import Topic
from filemill.processing import addresses, facts, keeping, results_repository, reuse
from filemill.processing.facts import Facts
from filemill.processing.plan import Plan, plan_for
from filemill.processing.repository import KIND, job_queue, known
from filemill.processing.results_repository import StepOutcome
from filemill.processing.reuse import Known
from filemill.processing.steps import earlier, guarded
from filemill.processing.steps.earlier import Earlier
from filemill.processing.steps.options import Options

_SANDBOX_WORDS = {
    "crashed": ("parser-crashed", "The program that reads this type of file crashed on it."),
    "out-of-memory": ("out-of-memory", "Reading the file needed more memory than one file may have."),
    "timeout": ("timeout", "Reading the file took longer than one file may take."),
    "output-too-large": ("output-too-large", "What came out of the file is larger than is kept."),
    "cancelled": ("cancelled", "The work was stopped."),
}


def enqueue(tx: Tx, file_id: str, *, lane: str, cause: str, deadline_s: float) -> str:
    """Queue a run of a known file and say so in its story."""
    row = known.get(tx, file_id)
    assert row is not None
    run = job_queue.next_run(tx, file_id)
    content = results_repository.content_of(tx, file_id, row["version"])
    payload = {name: row[name] for name in ("storage_key", "filename", "content_type", "size")}
    payload["sha256"] = content.sha256 if content else None
    new = NewJob(KIND, file_id, row["owner_id"], row["version"], run, lane, cause, payload, deadline_s)
    job_id = job_queue.add(tx, new)
    queued = FileProgress(
        file_id=file_id, owner_id=row["owner_id"], version=row["version"], run=run, service=KIND, step="queue",
        attempt=0, state="queued", job_id=job_id,
    )  # fmt: skip
    outbox.append(tx, wire.make_event(KIND, Topic.PROGRESS, file_id, queued))
    return job_id


def again(tx: Tx, owner_id: str, file_id: str, *, deadline_s: float) -> bool:
    """Queue a re-run of a file behind new uploads; False if it is gone. What is known already is not run again (reuse.py)."""
    if known.living(tx, owner_id, file_id) is None:
        return False
    enqueue(tx, file_id, lane=BULK, cause="reprocess", deadline_s=deadline_s)
    return True


class FileRun:
    """Runs jobs of this service: the `Runner` of its worker."""

    def __init__(self, database: Database, store: BlobStore, sandbox: Sandbox, scratch: Path, options: Options) -> None:
        self._database = database
        self._store = store
        self._sandbox = sandbox
        self._options = options
        self._scratch = scratch

    async def __call__(self, job: ClaimedJob, progress: Progress) -> Facts:
        """Raises `JobFailed` with a verdict (what it stored by then is left to the reconciler), `JobPutOff`."""
        started_at = now()
        before = await self._known(job)
        if not before.is_all:
            await self._my_turn(job)
            before = await self._known(job)
        if before.plan is not None and before.is_all:
            return self._ended(job, before.plan, before.outcomes, (), started_at, 0.0)
        work_dir = Path(tempfile.mkdtemp(prefix=f"{job.job_id}-", dir=self._scratch))
        try:
            return await self._run(job, progress, before, work_dir, started_at)
        finally:
            shutil.rmtree(work_dir, ignore_errors=True)

    async def _known(self, job: ClaimedJob) -> Known:
        """What can be used again. A result whose blobs are gone is none: what was lost is made anew."""
        content = reuse.content_of(job)
        if content is None:
            return Known()
        found = await self._database.read(reuse.look_up, content, job.payload["filename"], self._options)
        for key in [key for outcome in found.outcomes for key in outcome.storage_keys]:
            try:
                await (await self._store.open(key)).close()
            except NotFound:
                return Known()
        return found

    async def _my_turn(self, job: ClaimedJob) -> None:
        content = reuse.content_of(job)
        if content is None or await self._database.read(results_repository.turn, content) == (job.job_id, job.fence):
            return

        def take(tx: Tx) -> bool:
            taken = reuse.take_turn_or_wait(tx, job_queue, job, content, self._options)
            if not taken:
                tell_progress(tx, KIND, job, "waiting", reuse.EQUAL_FILE)
            return taken

        if not await self._database.write("processing.turn", take):
            raise JobPutOff

    async def _run(
        self, job: ClaimedJob, progress: Progress, before: Known, work_dir: Path, started_at: datetime
    ) -> Facts:
        payload = job.payload
        plan = before.plan or plan_for(payload["content_type"], payload["filename"])
        source, out = work_dir / "source", work_dir / "out"
        out.mkdir()
        progress.note(step="fetch")
        try:
            await self._store.fetch(payload["storage_key"], source)
        except NotFound as error:
            raise JobFailed(
                Verdict("blob-missing", "The stored bytes of this file are missing.", retryable=True)
            ) from error
        request: dict[str, Any] = {name: payload[name] for name in ("filename", "content_type")}
        request["options"] = asdict(self._options)
        if before.outcomes:
            request["earlier"] = await self._give_back(before, out)
        processed = await guarded.process(
            self._sandbox,
            request,
            source=source,
            work_dir=out,
            limits=plan.limits,
            on_progress=lambda said: progress.note(**said),
        )
        crash_point("processing.sandboxed")
        if processed.result is None:
            raise JobFailed(verdict_of(processed.outcome))
        result = processed.result
        plan = plan_for(result["content_type"], payload["filename"])
        asked = addresses.addresses(plan, payload["filename"], self._options)[len(before.outcomes) :]
        made = await keeping.keep(self._store, result, asked, out)
        ended = self._ended(job, plan, before.outcomes, made, started_at, processed.outcome.duration_ms)
        crash_point("processing.kept")
        return ended

    async def _give_back(self, before: Known, out: Path) -> Earlier:
        """Bring back what the steps before found; the pictures are copies, since who gets them may write."""
        folder = out / earlier.FOLDER
        folder.mkdir()
        given = []
        for made in facts.renditions_of(before.outcomes):
            if made.name in earlier.PICTURES:
                (folder / made.name).write_bytes(
                    await read_all(self._store, made.storage_key, keeping.RENDITION_MOST_BYTES)
                )
                given.append(earlier.picture(made.name, made.content_type, made.width, made.height, made.size))
        texts = [one.text.state for one in before.outcomes if one.text is not None]
        return {
            "steps": [one.record.name for one in before.outcomes],
            "content_type": before.outcomes[0].content_type,
            "properties": facts.properties_of(before.outcomes),
            "text_state": texts[-1] if texts else None,
            "renditions": given,
        }

    def _ended(
        self,
        job: ClaimedJob,
        plan: Plan,
        used: Sequence[StepOutcome],
        made: Sequence[StepOutcome],
        started_at: datetime,
        duration_ms: float,
    ) -> Facts:
        """All that is known now. Raises `JobFailed` with it if a step refused the file."""
        outcomes = [*used, *made]
        fresh = reuse.lasting(list(made))
        found = Facts(
            content_type=outcomes[0].content_type,
            plan=plan.name,
            text=facts.text_of(outcomes),
            steps=[one.record for one in outcomes],
            started_at=started_at,
            duration_ms=round(duration_ms, 2),
            properties=facts.properties_of(outcomes),
            renditions=facts.renditions_of(outcomes),
            content=reuse.content_of(job),
            fresh=tuple(fresh),
            reused=tuple(one.address for one in used),
            all_known=len(fresh) == len(made),
        )
        reason = facts.rejection(found.steps)
        if reason is not None:
            raise JobFailed(Verdict(reason.code, reason.detail, retryable=False), found)
        return found


def verdict_of(outcome: Outcome) -> Verdict:
    """Why a run ended without a result; another try may do better (a full machine, a killed sandbox)."""
    code, detail = _SANDBOX_WORDS.get(outcome.state, (outcome.code, outcome.detail))
    return Verdict(code or "step-failed", detail or "Reading the file failed.", retryable=True)
