"""Using again what is known about the same bytes, and taking turns to find out what is not.

Only the first steps of a plan can be reused, because a step may look at what those before it found. A result lasts if
running the step again on the same bytes would give it again: a crash, a time-out or a missing piece of a program does not.
Equal files take turns: who finds results missing and another at work on them is put off until that one has ended, however
it ended; a turn is in force as long as its job's claim is. On failure: whoever was put off comes by itself after a while.
"""

from dataclasses import dataclass

from filemill.chassis.database.database import Tx, hold
from filemill.chassis.jobs.queue import JobQueue
from filemill.chassis.jobs.table import ClaimedJob, Verdict
from filemill.processing import addresses, facts, results_repository
from filemill.processing.content import Address, Content
from filemill.processing.plan import Plan, plan_for
from filemill.processing.results_repository import StepOutcome
from filemill.processing.steps.ocr import NEEDS_LANGUAGE
from filemill.processing.steps.options import Options

WAIT_MOST_S = 60.0
"""Who waits is told when the other has ended; this is for when the one who was told is gone as well."""

EQUAL_FILE = Verdict(
    "equal-file", "Another file with the same bytes is being processed; what is found is used for this one too.", True
)

_LASTS = frozenset({"done", "empty", "unsupported", "rejected", "needs-password"})


@dataclass(frozen=True, slots=True)
class Known:
    """The first steps of a file's plan whose results are there. `plan` None: not even the type is known."""

    plan: Plan | None = None
    outcomes: tuple[StepOutcome, ...] = ()

    @property
    def is_all(self) -> bool:
        """Whether nothing is left to run: after a refusal no step can make a result of the file."""
        if self.plan is None:
            return False
        refused = facts.rejection([one.record for one in self.outcomes]) is not None
        return refused or len(self.outcomes) == len(self.plan.steps)


def content_of(job: ClaimedJob) -> Content | None:
    """The bytes a job is about; None for a job that was made before we knew their digest."""
    sha256 = job.payload.get("sha256")
    return Content(job.owner_id, sha256) if sha256 else None


def look_up(tx: Tx, content: Content, filename: str, options: Options) -> Known:
    """What is known about these bytes under this name."""
    first = results_repository.find(tx, content, [addresses.identification(filename, options)])
    if not first:
        return Known()
    plan = plan_for(first[0].content_type, filename)
    return Known(plan, tuple(results_repository.find(tx, content, addresses.addresses(plan, filename, options))))


def lasting(outcomes: list[StepOutcome]) -> list[StepOutcome]:
    """Those to be kept: up to the first that may end in another way next time."""
    ended = next((at for at, one in enumerate(outcomes) if not _lasts(one)), len(outcomes))
    return outcomes[:ended]


def _lasts(outcome: StepOutcome) -> bool:
    state, code = outcome.record.state, outcome.record.code or ""
    if state == "skipped":
        if code == NEEDS_LANGUAGE:
            return False  # the data of a language can be installed any time, and is no part of the address
        # A program that is not installed is.
        return not code.startswith("needs-") or code == "needs-password" or bool(outcome.address.without)
    return state in _LASTS or (state == "failed" and code.startswith("unreadable-"))


# turns


def begin(tx: Tx, queue: JobQueue, job: ClaimedJob) -> None:
    """A job was claimed: it is its turn at once if nothing is known about its bytes and nobody is at work on them."""
    content = content_of(job)
    if content is None:
        return
    hold(tx, content.key)
    if not results_repository.has_results(tx, content) and not _taken(tx, queue, content, job):
        results_repository.take_turn(tx, content, job.job_id, job.fence)


def take_turn_or_wait(tx: Tx, queue: JobQueue, job: ClaimedJob, content: Content, options: Options) -> bool:
    """Whether this job goes on, in its turn or because all is known by now; if not, it was put off."""
    hold(tx, job.file_id)
    hold(tx, content.key)
    if look_up(tx, content, job.payload["filename"], options).is_all:
        return True
    if _taken(tx, queue, content, job):
        queue.put_off(tx, job, EQUAL_FILE, waits_for=content.key, most_s=WAIT_MOST_S)
        return False
    if results_repository.turn(tx, content) != (job.job_id, job.fence):
        results_repository.take_turn(tx, content, job.job_id, job.fence)
    return True


def end(tx: Tx, queue: JobQueue, job: ClaimedJob, *, all_known: bool) -> int:
    """A try has ended: whoever waits goes on, all of them if there is nothing left to do but to look, else the next one."""
    content = content_of(job)
    if content is None:
        return 0
    hold(tx, content.key)
    results_repository.end_turn(tx, content, job.job_id)
    if all_known:
        return queue.release(tx, content.key)
    return 0 if _taken(tx, queue, content, job) else queue.release(tx, content.key, 1)


def _taken(tx: Tx, queue: JobQueue, content: Content, job: ClaimedJob) -> bool:
    whose = results_repository.turn(tx, content)
    return whose is not None and whose[0] != job.job_id and queue.is_running(tx, *whose)


def still_there(tx: Tx, content: Content, used: tuple[Address, ...]) -> bool:
    """Whether the results that were read are kept still; the caller holds the content."""
    return len(results_repository.find(tx, content, used)) == len(used)
