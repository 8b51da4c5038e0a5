"""Unpacking as a job: asked for by whoever wants an archive's entries, or by a mail's own run for its attachments.

A job of its own, so that words and pictures of a mail do not wait for its attachments, that a broken attachment fails no
mail, and that kept results (docs/decisions/0024) say nothing of children: a file with equal bytes asks for its own.
Asking again for the same gives the same job, unless parts are missing (refused, dropped): then these are tried again.
A part that is there already is not made twice.
"""

from collections.abc import Sequence

from sqlalchemy import RowMapping

from filemill.chassis.database.database import Tx
from filemill.chassis.jobs.errors import JobQueueFull
from filemill.chassis.jobs.progress import tell_progress
from filemill.chassis.jobs.table import BULK, OPEN_STATES, ClaimedJob, NewJob, Verdict
from filemill.chassis.storage import removals
from filemill.contracts.upload import DEPTH_MOST
from filemill.processing import parts_repository, repository
from filemill.processing.errors import NestedTooDeep, NothingInside
from filemill.processing.facts import Facts
from filemill.processing.parts_repository import Unpacked
from filemill.processing.plan import ARCHIVES
from filemill.processing.repository import KIND, UNPACK, job_queue, known
from filemill.processing.steps.unpack import MAILS

DEADLINE_S = 600.0
"""Taking out may last what a step may; storing and keeping a thousand parts comes on top."""
WAITING_MOST = 1_000
"""Open bulk jobs of one owner; who asks for more waits until there are less."""
RETRY_AFTER_S = 5
ASKED, ATTACHMENTS = "unpack", "attachments"
_LEFT_OUT = (
    "were not taken out: links, devices, messages within a message of Outlook, or attachments beyond the first hundred."
)
_TOO_DEEP = {
    "code": NestedTooDeep.code,
    "detail": f"It is {DEPTH_MOST} files deep in others; what is attached to it is not taken out.",
}


def ask(tx: Tx, owner_id: str, file_id: str, paths: Sequence[str] | None) -> str:
    """Have a file unpacked in the bulk lane; returns the job, an earlier one if it is the same wish.

    Raises `NothingInside`, `NestedTooDeep`, `JobQueueFull`.
    """
    file = known.living(tx, owner_id, file_id)
    assert file is not None
    kind = kind_of(tx, file)
    if kind not in MAILS and kind not in ARCHIVES:
        raise NothingInside(f"Nothing is taken out of files of type {kind}: mails and archives can be unpacked.")
    if file["depth"] >= DEPTH_MOST:
        raise NestedTooDeep(f"It is {file['depth']} files deep in others; nothing is taken out of it.")
    return _enqueue(tx, file, kind, sorted(set(paths)) if paths else None, BULK, ASKED)


def kind_of(tx: Tx, file: RowMapping) -> str:
    """The type of a file: as its last run found out, else as upload saw it."""
    found = repository.type_of(tx, file["file_id"], file["version"]) or file["content_type"]
    return str(found).split(";")[0].strip().lower()


def after_run(tx: Tx, job: ClaimedJob, found: Facts) -> dict[str, str] | None:
    """A run has ended: a mail with attachments has them taken out. Returns why not, where somebody should know."""
    if found.content_type not in MAILS or not found.properties.get("attachments"):
        return None
    file = known.living(tx, job.owner_id, job.file_id)
    if file is None or file["version"] != job.version:
        return None
    if file["depth"] >= DEPTH_MOST:
        return _TOO_DEEP
    _enqueue(tx, file, found.content_type, None, job.lane, ATTACHMENTS)
    return None


def _enqueue(tx: Tx, file: RowMapping, kind: str, paths: list[str] | None, lane: str, cause: str) -> str:
    """The caller holds the file, or its job."""
    file_id, version = file["file_id"], file["version"]
    run = job_queue.next_run(tx, file_id)
    there = repository.unpack_job(tx, file_id, version, paths, (*OPEN_STATES, "done"))
    if there is not None and (there["state"] != "done" or not parts_repository.some_missing(tx, file_id, version)):
        return str(there["job_id"])
    if cause == ASKED and job_queue.open_by_lane(tx, file["owner_id"])[lane] >= WAITING_MOST:
        raise JobQueueFull("Too many of your jobs are waiting.", retry_after_s=RETRY_AFTER_S)
    # No digest of the bytes: unpacking is no result that equal files share, and takes no turns.
    payload = {"storage_key": file["storage_key"], "filename": file["filename"], "content_type": kind, "paths": paths}
    return job_queue.add(tx, NewJob(UNPACK, file_id, file["owner_id"], version, run, lane, cause, payload, DEADLINE_S))


class UnpackLedger:
    """What is written when a try of unpacking begins or ends. See `chassis.jobs.worker.Ledger`.

    The states it tells are none of a run, so that nobody takes them for the file's own.
    """

    def started(self, tx: Tx, job: ClaimedJob) -> None:
        """A worker took it."""
        tell_progress(tx, KIND, job, "unpacking", step=UNPACK)

    def done(self, tx: Tx, job: ClaimedJob, made: Unpacked) -> None:
        """The parts wait to be handed over, if their file is still what it was."""
        file = known.living(tx, job.owner_id, job.file_id)
        if file is None:
            removals.add(tx, [part.storage_key for part in made.parts if part.storage_key])
        else:
            parts_repository.keep(tx, job.file_id, job.owner_id, job.version, made.parts)
        left = Verdict("left-out", f"{made.left_out} {_LEFT_OUT}", retryable=False) if made.left_out else None
        tell_progress(tx, KIND, job, "unpacked", left, step=UNPACK)

    def retrying(self, tx: Tx, job: ClaimedJob, verdict: Verdict) -> None:
        """A try failed; another follows."""
        tell_progress(tx, KIND, job, "unpack-retrying", verdict, step=UNPACK)

    def failed(self, tx: Tx, job: ClaimedJob, verdict: Verdict) -> None:
        """Nothing was taken out, and this is why."""
        tell_progress(tx, KIND, job, "unpack-failed", verdict, step=UNPACK)

    def cancelled(self, tx: Tx, job: ClaimedJob) -> None:
        """Somebody stopped it, or the file was deleted."""
        tell_progress(tx, KIND, job, "unpack-cancelled", step=UNPACK)
