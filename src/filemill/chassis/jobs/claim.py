"""Which job is next: the owner with the least running, then age, within a lane. One statement, built once for a table.

Its cost does not grow with the queue (an index is walked from owner to owner), and two that claim at once get two jobs.
"""

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Table,
    Update,
    bindparam,
    func,
    literal_column,
    select,
    update,
)

from filemill.chassis.jobs.table import ClaimedJob

CLAIMED = tuple(ClaimedJob.__dataclass_fields__)
"""The columns a worker is given."""


def is_(jobs: Any, state: str) -> ColumnElement[bool]:
    """The state as a literal: neither engine uses an index of some states only for a value it learns later."""
    found: ColumnElement[bool] = jobs.c.state == literal_column(f"'{state}'")
    return found


def next_owner(jobs: Table) -> ScalarSelect[Any]:
    """Who is next in a lane: of those with a job due, the one with the least running, then the longest waiting.

    Goes from owner to owner by the index, so it costs what there are owners waiting and not what there are jobs.
    """
    lane: BindParameter[str] = bindparam("lane_")
    first = select(func.min(jobs.c.owner_id).label("owner_id")).where(is_(jobs, "queued"), jobs.c.lane == lane)
    waiting = first.cte("waiting", recursive=True)
    more = jobs.alias()
    after = select(func.min(more.c.owner_id)).where(
        is_(more, "queued"), more.c.lane == lane, more.c.owner_id > waiting.c.owner_id
    )
    waiting = waiting.union_all(select(after.scalar_subquery()).where(waiting.c.owner_id.is_not(None)))
    theirs, busy = jobs.alias(), jobs.alias()
    due_at = select(func.min(theirs.c.due_at)).where(
        is_(theirs, "queued"), theirs.c.lane == lane, theirs.c.owner_id == waiting.c.owner_id
    )
    running = select(func.count()).where(is_(busy, "running"), busy.c.owner_id == waiting.c.owner_id)
    turns = select(
        waiting.c.owner_id, due_at.scalar_subquery().label("due_at"), running.scalar_subquery().label("running")
    ).subquery()
    due = select(turns.c.owner_id).where(turns.c.due_at <= bindparam("now_s"))
    return due.order_by(turns.c.running, turns.c.due_at).limit(1).scalar_subquery()


def take(jobs: Table, *, of_owner: ScalarSelect[Any] | None) -> Update:
    """Lease the oldest job due, of one owner or of anybody (when others are just taking all of that owner's)."""
    due = jobs.alias()
    pick = select(due.c.job_id).where(
        is_(due, "queued"), due.c.lane == bindparam("lane_"), due.c.due_at <= bindparam("now_s")
    )
    if of_owner is not None:
        pick = pick.where(due.c.owner_id == of_owner)
    pick = pick.order_by(due.c.due_at).limit(1).with_for_update(of=due, skip_locked=True)
    taken = update(jobs).where(jobs.c.job_id == pick.scalar_subquery(), is_(jobs, "queued"))
    return taken.values(
        state="running",
        attempts=jobs.c.attempts + 1,
        fence=jobs.c.fence + 1,
        lease_holder=bindparam("holder"),
        lease_until=bindparam("until_s"),
        woken_until=0,
        waits_for=None,
        started_at=bindparam("now_"),
        progress=None,
    ).returning(*[jobs.c[name] for name in CLAIMED])
