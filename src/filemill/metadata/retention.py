"""The loop that holds retention rules against files, and asks upload to move those to the trash whose time is over.

Not for: deleting. Upload owns that, and decides in its own transaction, where a legal hold wins (`upload/lifecycle`).
Equal numbers go from the search to the trash: what matched is asked for only if the index knows the document as it is
and that has the same revision still; upload deletes only what it knows nothing newer of. On failure: what is not deleted
is asked for again an hour later; a rule that was claimed by somebody who died is free again after its lease.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import RowMapping

from filemill.chassis.clock import now
from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.errors import BadRequest
from filemill.chassis.messaging import outbox, wire
from filemill.contracts.holds import RuleRef
from filemill.contracts.retention import FileExpiring
from filemill.contracts.topics import Topic
from filemill.metadata import index_repository, keys, repository, retention_repository, story
from filemill.metadata.asked import Asked, asked_of
from filemill.metadata.listing import oldest
from filemill.metadata.search.pages import Place
from filemill.metadata.search.text_index import TextIndex

EVERY_S = 60.0
RULES_MOST = 100
"""Held against files in one round."""
PAGE = 100
"""Files asked for in one transaction."""
PAGES_MOST = 20
"""Of one rule in one round."""
ASKED_MOST = 500
"""Files of one rule in one round: a mistake shows itself before it has taken all."""
LEASE = timedelta(minutes=10)
AGAIN = timedelta(hours=1)
"""After a rule has seen every file, and after upload was asked for a file that is still there."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Due:
    """A page of what a rule matches: those whose time is over, those of them that are held, and where the next page begins."""

    looked_at: int
    due: list[RowMapping] = field(default_factory=list)
    held: list[RowMapping] = field(default_factory=list)
    next: int | None = None


class Retention:
    """Runs the rules, for ever. `report`: only says what it would ask for."""

    def __init__(self, database: Database, index: TextIndex, *, report: bool) -> None:
        self._database = database
        self._index = index
        self._report = report

    async def run(self) -> None:
        """A round each minute."""
        while True:
            await self.run_once(now())
            await asyncio.sleep(EVERY_S)

    async def run_once(self, at: datetime) -> int:
        """One round over the rules that wait; returns how many files upload was asked to delete."""
        total = 0
        for rule_id in await self._database.read(retention_repository.waiting, at, RULES_MOST):
            rule = await self._database.write(
                "metadata.rules.claim", retention_repository.claim, rule_id, at, at + LEASE
            )
            if rule is not None:
                total += await self._hold_against(rule, at)
        return total

    async def _hold_against(self, rule: RowMapping, at: datetime) -> int:
        run = {"looked_at": 0, "due": 0, "held": 0, "asked": 0} | (rule["run"] or {})
        place: int | None = rule["looked_to"]
        asked_now = 0
        for _ in range(PAGES_MOST):
            try:
                page = await self._database.read(due, self._index, rule, place or 0, PAGE, at)
            except BadRequest as error:  # written by a program that understood it
                _log.warning("metadata.rule.unreadable", rule_id=rule["rule_id"], error=error.detail)
                page = Due(0)
            fresh = [row for row in page.due if row["rule_asked_at"] is None or row["rule_asked_at"] <= at - AGAIN]
            asked = 0
            if fresh and not self._report:
                asked = await self._database.write("metadata.rules.ask", ask, rule, fresh, at)
            counts = {"looked_at": page.looked_at, "due": len(page.due), "held": len(page.held), "asked": asked}
            run = {name: run[name] + counts[name] for name in run}
            asked_now += asked
            place = page.next
            if place is None or asked_now >= ASKED_MOST:
                break
        values: dict[str, Any] = {"looked_to": place or 0, "run": run, "next_run_at": at}
        if place is None:
            values |= {"run": None, "last_run": run | {"at": at.isoformat()}, "next_run_at": at + AGAIN}
        await self._database.write("metadata.rules.advance", retention_repository.advance, rule, values)
        if run["due"]:
            _log.info("metadata.rule.ran", rule_id=rule["rule_id"], report=self._report, over=place is None, **run)
        return asked_now


def due(tx: Tx, index: TextIndex, rule: Any, after: int, limit: int, at: datetime) -> Due:
    """The next matches of a rule after a key, the oldest first. Raises `BadRequest` for a query that is none."""
    asked = understood(rule["owner_id"], rule["query"])
    begins = keys.time_floor(max(at - timedelta(days=rule["after_days"]), keys.EPOCH)) + (1 << keys.SEQ_BITS)
    found = oldest(
        tx, index, replace(asked, filters=asked.filters.below(begins)), limit, Place(after) if after else None
    )
    rows = [hit.row for hit in found.hits]
    over = [row for row in rows if due_since(rule, row) <= at and not index_repository.is_behind(row)]
    return Due(
        len(rows),
        [row for row in over if row["hold"] is None],
        [row for row in over if row["hold"] is not None],
        found.next.key if found.next else None,
    )


def due_since(rule: Any, row: RowMapping) -> datetime:
    """When a file's time is over. A restore begins it anew: who brings a file back wants to keep it for a while."""
    begins = [row["created_at"], row["restored_at"], row["updated_at"] if rule["since"] == "updated" else None]
    latest: datetime = max(one for one in begins if one is not None)
    return latest + timedelta(days=rule["after_days"])


def understood(owner_id: str, query: str) -> Asked:
    """A rule's query. Raises `BadRequest` for one that finds nothing ever, or asks for nothing in particular."""
    asked = asked_of(owner_id, query)
    if asked.nothing:
        raise BadRequest("query: it never finds anything; it needs a word or a condition, and files are your own.")
    if asked.unbounded:
        raise BadRequest("query: it asks for every file, or all but some; if that is meant, add created:>=1970.")
    return asked


def ask(tx: Tx, rule: RowMapping, rows: Sequence[RowMapping], at: datetime) -> int:
    """Ask upload to delete those of these documents that are what they were; returns how many."""
    hold(tx, rule["rule_id"], *(row["file_id"] for row in rows))
    if not retention_repository.stands(tx, rule):
        return 0
    asked = []
    for row in rows:
        fresh = repository.get(tx, rule["owner_id"], row["file_id"])
        if fresh is None or fresh["revision"] != row["revision"] or fresh["hold"] is not None:
            continue
        data = FileExpiring(
            file_id=row["file_id"], owner_id=row["owner_id"], version=row["version"], change=row["change"],
            revision=row["revision"], rule=RuleRef(rule_id=rule["rule_id"], name=rule["name"]),
        )  # fmt: skip
        event = wire.make_event("metadata", Topic.EXPIRING, row["file_id"], data)
        outbox.append(tx, event)
        story.expiring(tx, event, data)
        asked.append(row["doc_id"])
    if asked:
        retention_repository.note_asked(tx, asked, at)
    return len(asked)
