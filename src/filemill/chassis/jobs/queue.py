"""The statements on a job table. Plain functions of a transaction, the same for every service and engine.

A claim counts as a try at once, so a job that kills its worker has spent one. `fence` is checked by every later write: a
worker whose lease was taken over writes nothing. Longer than most: one statement beside the other, each a few lines, so that
what may happen to a job's row is seen in one place.
"""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Table, and_, case, func, insert, or_, select, update

from filemill.chassis import process_identity
from filemill.chassis.clock import now, unix_s
from filemill.chassis.database.database import Tx, hold
from filemill.chassis.ids import new_id
from filemill.chassis.jobs.claim import CLAIMED, is_, next_owner, take
from filemill.chassis.jobs.table import BULK, INTERACTIVE, OPEN_STATES, ClaimedJob, NewJob, Verdict
from filemill.chassis.telemetry import request_context

TRIES_MOST = 5
LEASE_S = 30.0
RETRY_FIRST_S = 1.0
RETRY_LONGEST_S = 120.0


class JobQueue:
    """The statements over one table."""

    def __init__(self, table: Table) -> None:
        self._jobs = table
        # Built once: to put them together takes longer than to run them.
        self._take_fairly = take(table, of_owner=next_owner(table))
        self._take_oldest = take(table, of_owner=None)

    def add(self, tx: Tx, new: NewJob, *, wait_s: float = 0.0) -> str:
        """Queue a job, due at once or after `wait_s`; returns its id."""
        context = request_context.current()
        job_id = new_id()
        row = {
            **{name: getattr(new, name) for name in NewJob.__dataclass_fields__},
            "job_id": job_id,
            "state": "queued",
            "due_at": unix_s() + wait_s,
            "created_at": now(),
            "request_id": context.request_id if context else None,
            "traceparent": context.traceparent if context else None,
        }
        tx.execute(insert(self._jobs), row)
        return job_id

    def claim(self, tx: Tx, holder: str, lane: str | None = None) -> ClaimedJob | None:
        """The next job (of this lane only), now leased to `holder`; None if nothing is due."""
        for looked_at in (INTERACTIVE, BULK) if lane is None else (lane,):
            now_s = unix_s()
            values = {"lane_": looked_at, "now_s": now_s, "holder": holder, "until_s": now_s + LEASE_S, "now_": now()}
            for statement in (self._take_fairly, self._take_oldest):
                if row := tx.execute(statement, values).first():
                    return ClaimedJob(*row)
        return None

    def asleep(self, tx: Tx) -> dict[str, tuple[int, int]]:
        """By lane: how many due jobs nobody was woken for, and how many have a wake-up under way."""
        jobs, now_s = self._jobs, unix_s()
        sleeping = func.sum(case((jobs.c.woken_until < now_s, 1), else_=0))
        query = select(jobs.c.lane, sleeping, func.count()).where(is_(jobs, "queued"), jobs.c.due_at <= now_s)
        return {row[0]: (int(row[1]), int(row[2]) - int(row[1])) for row in tx.execute(query.group_by(jobs.c.lane))}

    def wake(self, tx: Tx, lane: str, most: int, for_s: float) -> list[str]:
        """Mark up to `most` due jobs of a lane as having a wake-up under way for `for_s`; returns their ids."""
        jobs, now_s = self._jobs, unix_s()
        due = and_(is_(jobs, "queued"), jobs.c.lane == lane, jobs.c.due_at <= now_s, jobs.c.woken_until < now_s)
        oldest = select(jobs.c.job_id).where(due).order_by(jobs.c.due_at).limit(most).with_for_update(skip_locked=True)
        # Its own step: as a plain subquery PostgreSQL may run it once for each row, and then `most` bounds nothing.
        marked = update(jobs).where(jobs.c.job_id.in_(select(oldest.cte("oldest").c.job_id)), is_(jobs, "queued"))
        return list(tx.execute(marked.values(woken_until=now_s + for_s).returning(jobs.c.job_id)).scalars())

    def unwake(self, tx: Tx, job_ids: Sequence[str]) -> None:
        """Their wake-ups were not sent."""
        jobs = self._jobs
        tx.execute(update(jobs).where(jobs.c.job_id.in_(job_ids)).values(woken_until=0))

    def heartbeat(self, tx: Tx, job: ClaimedJob, progress: dict[str, Any] | None) -> bool:
        """Keep the lease, note progress; False means stop: cancelled, or taken over by another worker."""
        values: dict[str, Any] = {"lease_until": unix_s() + LEASE_S}
        if progress is not None:
            values["progress"] = progress
        kept = tx.execute(
            update(self._jobs).where(self._mine(job), self._jobs.c.cancel_asked.is_(False)).values(**values)
        )
        return kept.rowcount == 1

    def finish(
        self, tx: Tx, job: ClaimedJob, state: str, *, result: Any = None, verdict: Verdict | None = None
    ) -> bool:
        """End a job; False if the claim is not in force any more, and then nothing may be written about it."""
        values: dict[str, Any] = {"state": state, "finished_at": now(), "lease_holder": None, "result": result}
        if verdict is not None:
            values |= {"reason_code": verdict.code, "reason_detail": verdict.detail, "retryable": verdict.retryable}
        else:
            values |= {"reason_code": None, "reason_detail": None, "retryable": None}
        return tx.execute(update(self._jobs).where(self._mine(job)).values(**values)).rowcount == 1

    def try_again(self, tx: Tx, job: ClaimedJob, verdict: Verdict, *, pause_s: float | None = None) -> bool:
        """Put a job back after a failed try, with a growing pause and jitter."""
        longest = min(RETRY_LONGEST_S, RETRY_FIRST_S * 4 ** (job.attempts - 1))
        pause_s = random.uniform(longest / 2, longest) if pause_s is None else pause_s  # noqa: S311 - jitter
        values = {
            "state": "queued",
            "due_at": unix_s() + pause_s,
            "lease_holder": None,
            "reason_code": verdict.code,
            "reason_detail": verdict.detail,
            "retryable": verdict.retryable,
        }
        return tx.execute(update(self._jobs).where(self._mine(job)).values(**values)).rowcount == 1

    def give_back(self, tx: Tx, job: ClaimedJob, verdict: Verdict) -> bool:
        """Put a job back that nothing is wrong with: this was no try."""
        if not self.try_again(tx, job, verdict, pause_s=0.0):
            return False
        jobs = self._jobs
        tx.execute(update(jobs).where(jobs.c.job_id == job.job_id).values(attempts=jobs.c.attempts - 1))
        return True

    def put_off(self, tx: Tx, job: ClaimedJob, verdict: Verdict, *, waits_for: str, most_s: float) -> bool:
        """Put a job back until `release` of what it waits for, `most_s` at most: this was no try. False: not in force."""
        if not self.try_again(tx, job, verdict, pause_s=most_s):
            return False
        jobs = self._jobs
        waiting = {"attempts": jobs.c.attempts - 1, "waits_for": waits_for}
        tx.execute(update(jobs).where(jobs.c.job_id == job.job_id).values(waiting))
        return True

    def release(self, tx: Tx, waits_for: str, most: int | None = None) -> int:
        """Make due what waits for this, the oldest first, at most so many; returns how many those were."""
        jobs = self._jobs
        waiting = select(jobs.c.job_id).where(jobs.c.waits_for == waits_for, is_(jobs, "queued"))
        oldest = list(tx.execute(waiting.order_by(jobs.c.created_at, jobs.c.job_id).limit(most)).scalars())
        if oldest:
            now_due = {"due_at": unix_s(), "waits_for": None, "woken_until": 0}
            tx.execute(update(jobs).where(jobs.c.job_id.in_(oldest), is_(jobs, "queued")).values(now_due))
        return len(oldest)

    def is_running(self, tx: Tx, job_id: str, fence: int) -> bool:
        """Whether this claim of a job is at work: its lease was neither given up nor taken over, nor is it over."""
        jobs = self._jobs
        claim = and_(jobs.c.job_id == job_id, jobs.c.fence == fence, is_(jobs, "running"))
        row = tx.execute(select(jobs.c.lease_holder, jobs.c.lease_until).where(claim)).first()
        return row is not None and row[1] > unix_s() and not process_identity.is_dead(row[0] or "")

    def abandoned(self, tx: Tx) -> list[ClaimedJob]:
        """Running jobs whose lease is over, or whose worker died on this machine."""
        jobs = self._jobs
        rows = tx.execute(
            select(jobs.c.lease_holder, jobs.c.lease_until, *[jobs.c[name] for name in CLAIMED]).where(
                is_(jobs, "running")
            )
        ).all()
        over = unix_s()
        return [ClaimedJob(*row[2:]) for row in rows if row[1] < over or process_identity.is_dead(row[0] or "")]

    def make_due(self, tx: Tx, file_id: str) -> int:
        """What the queued jobs about a file were waiting for is here."""
        jobs = self._jobs
        waiting = and_(jobs.c.file_id == file_id, is_(jobs, "queued"), jobs.c.due_at > unix_s())
        return tx.execute(update(jobs).where(waiting).values(due_at=unix_s())).rowcount

    def next_run(self, tx: Tx, file_id: str) -> int:
        """The number of the next job about a file: it orders the results."""
        hold(tx, file_id)
        jobs = self._jobs
        last = tx.execute(select(func.max(jobs.c.run)).where(jobs.c.file_id == file_id)).scalar()
        return (last or 0) + 1

    # for people

    def get(self, tx: Tx, owner_id: str, job_id: str) -> RowMapping | None:
        """One job of this owner."""
        query = select(self._jobs).where(self._jobs.c.job_id == job_id, self._jobs.c.owner_id == owner_id)
        return tx.execute(query).mappings().first()

    def latest(self, tx: Tx, file_id: str) -> RowMapping | None:
        """The newest job about a file."""
        query = select(self._jobs).where(self._jobs.c.file_id == file_id)
        return (
            tx.execute(query.order_by(self._jobs.c.run.desc(), self._jobs.c.job_id.desc()).limit(1)).mappings().first()
        )

    def page(
        self, tx: Tx, owner_id: str, limit: int, before: tuple[Any, str] | None, **equal: str | None
    ) -> list[RowMapping]:
        """Jobs of this owner, newest first; `equal` filters columns by value where it is not None."""
        jobs = self._jobs
        query = select(jobs).where(jobs.c.owner_id == owner_id)
        for name, value in equal.items():
            if value is not None:
                query = query.where(jobs.c[name] == value)
        if before is not None:
            older = and_(jobs.c.created_at == before[0], jobs.c.job_id < before[1])
            query = query.where(or_(jobs.c.created_at < before[0], older))
        return list(tx.execute(query.order_by(jobs.c.created_at.desc(), jobs.c.job_id.desc()).limit(limit)).mappings())

    def ahead(self, tx: Tx, row: RowMapping) -> int:
        """How many queued jobs of the same lane are older than this one."""
        jobs = self._jobs
        older = and_(is_(jobs, "queued"), jobs.c.lane == row["lane"], jobs.c.due_at < row["due_at"])
        return tx.execute(select(func.count()).select_from(jobs).where(older)).scalar_one()

    def recent_durations_s(self, tx: Tx, most: int = 50) -> list[float]:
        """Running times of the last finished jobs, for estimates."""
        jobs = self._jobs
        query = select(jobs.c.started_at, jobs.c.finished_at).where(jobs.c.state == "done")
        rows = tx.execute(query.order_by(jobs.c.created_at.desc()).limit(most)).all()
        return [(finished - started).total_seconds() for started, finished in rows if started and finished]

    def failures(self, tx: Tx, owner_id: str) -> list[RowMapping]:
        """Failed and parked jobs of this owner: code, detail, retryable, when."""
        jobs = self._jobs
        query = select(jobs.c.reason_code, jobs.c.reason_detail, jobs.c.retryable, jobs.c.finished_at)
        ended = and_(jobs.c.owner_id == owner_id, jobs.c.state.in_(("failed", "parked")))
        return list(tx.execute(query.where(ended).order_by(jobs.c.created_at.desc()).limit(10_000)).mappings())

    def matching(self, tx: Tx, owner_id: str, states: Sequence[str], **equal: str | None) -> list[str]:
        """Ids of jobs in these states, filtered as in `page`; at most 10,000 at a time."""
        jobs = self._jobs
        query = select(jobs.c.job_id).where(jobs.c.owner_id == owner_id, jobs.c.state.in_(states))
        for name, value in equal.items():
            if value is not None:
                query = query.where(jobs.c[name] == value)
        return list(tx.execute(query.limit(10_000)).scalars())

    def requeue(self, tx: Tx, job_id: str) -> bool:
        """Give an ended job fresh tries, as the newest run about its file: its results are newer than all before."""
        jobs = self._jobs
        ended = and_(jobs.c.job_id == job_id, jobs.c.state.not_in(OPEN_STATES))
        file_id = tx.execute(select(jobs.c.file_id).where(ended)).scalar()
        if file_id is None:
            return False
        values = {"state": "queued", "attempts": 0, "due_at": unix_s(), "finished_at": None, "cancel_asked": False}
        values["run"] = self.next_run(tx, file_id)
        return tx.execute(update(jobs).where(ended).values(**values)).rowcount == 1

    def cancel(self, tx: Tx, job_id: str) -> str | None:
        """Ask a job to stop: a queued one is cancelled at once, a running one when its worker hears it. Its state, or None."""
        jobs = self._jobs
        queued = and_(jobs.c.job_id == job_id, is_(jobs, "queued"))
        if tx.execute(update(jobs).where(queued).values(state="cancelled", finished_at=now())).rowcount:
            return "cancelled"
        running = and_(jobs.c.job_id == job_id, is_(jobs, "running"))
        if tx.execute(update(jobs).where(running).values(cancel_asked=True)).rowcount:
            return "running"
        return None

    def cancel_asked(self, tx: Tx, job_ids: Sequence[str]) -> list[str]:
        """Which of these are to be stopped."""
        asked = and_(self._jobs.c.job_id.in_(job_ids), self._jobs.c.cancel_asked)
        return list(tx.execute(select(self._jobs.c.job_id).where(asked)).scalars())

    def cancel_open(self, tx: Tx, file_id: str) -> int:
        """Cancel whatever is open about a file: it was deleted."""
        jobs = self._jobs
        mine = and_(jobs.c.file_id == file_id, is_(jobs, "queued"))
        count = tx.execute(update(jobs).where(mine).values(state="cancelled", finished_at=now())).rowcount
        running = and_(jobs.c.file_id == file_id, is_(jobs, "running"))
        return count + tx.execute(update(jobs).where(running).values(cancel_asked=True)).rowcount

    def ages(self, tx: Tx) -> list[tuple[str, str, int, float]]:
        """Open jobs: (lane, state, how many, seconds since the oldest of them was asked for)."""
        jobs = self._jobs
        found = []
        for state in OPEN_STATES:  # each by the index of its state, so that what ended is not walked
            query = select(jobs.c.lane, func.count(), func.min(jobs.c.created_at)).where(is_(jobs, state))
            for lane, count, oldest in tx.execute(query.group_by(jobs.c.lane)):
                found.append((lane, state, int(count), max(0.0, (now() - oldest).total_seconds())))
        return found

    def counts(self, tx: Tx) -> dict[str, int]:
        """Open jobs by state."""
        return {state: count for state in OPEN_STATES if (count := sum(self._open(tx, state).values()))}

    def open_by_lane(self, tx: Tx, owner_id: str) -> dict[str, int]:
        """How many jobs of an owner are open, in each lane."""
        jobs = self._jobs
        counts = Counter({INTERACTIVE: 0, BULK: 0})
        counts.update(self._open(tx, "queued", jobs.c.owner_id == owner_id))
        # All that run, who are few: by the owner SQLite may choose the index of every job there ever was.
        running = tx.execute(select(jobs.c.lane, jobs.c.owner_id).where(is_(jobs, "running")))
        counts.update(lane for lane, whose in running if whose == owner_id)
        return dict(counts)

    def _open(self, tx: Tx, state: str, *which: ColumnElement[bool]) -> dict[str, int]:
        """Jobs in an open state by lane: by the index of that state, since what ended is never forgotten."""
        jobs = self._jobs
        lanes = jobs.c.lane.in_((INTERACTIVE, BULK))  # each of them is where the index of an owner's turns begins
        query = select(jobs.c.lane, func.count()).where(is_(jobs, state), lanes, *which).group_by(jobs.c.lane)
        return {row[0]: row[1] for row in tx.execute(query)}

    def _mine(self, job: ClaimedJob) -> Any:
        return and_(self._jobs.c.job_id == job.job_id, is_(self._jobs, "running"), self._jobs.c.fence == job.fence)
