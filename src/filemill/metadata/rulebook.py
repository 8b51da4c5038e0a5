"""The HTTP face of retention rules: add, look, try out, change, remove; each of it in the audit trail, under the rule's id.

Not for: acting on them (`retention`). A rule acts a while after it was made or changed (`FILEMILL_RULES_GRACE_HOURS`), and says
what it would delete before that.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import RowMapping

from filemill.chassis.bounds import CONTROLS
from filemill.chassis.clock import now
from filemill.chassis.database.database import Database, Tx, hold
from filemill.chassis.errors import BadRequest, Conflict, NotFound
from filemill.chassis.ids import new_id
from filemill.chassis.web import pagination
from filemill.chassis.web.caller import Caller, CallerDep, DeleterDep, ReaderDep
from filemill.chassis.web.pagination import CursorQuery, LimitQuery
from filemill.contracts.ids import is_id
from filemill.contracts.metadata import AuditPage
from filemill.contracts.retention import DueFile, NewRule, Rule, RuleDraft, RuleList, RulePatch, RulePreview
from filemill.metadata import audit_repository, retention, retention_repository
from filemill.metadata.changing import note
from filemill.metadata.errors import TooManyKept
from filemill.metadata.search.text_index import TextIndex
from filemill.metadata.settings import MetadataSettings
from filemill.metadata.views import audit_view

RULES_OF_AN_OWNER_MOST = 100
PREVIEW_PAGE = 500
PREVIEW_PAGES_MOST = 10
_NO_RULE = "There is no such rule."
RuleId = Annotated[str, Path(max_length=100)]
"""Any text: what is no id is the id of no rule."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The handlers and what they need."""

    database: Database
    index: TextIndex
    settings: MetadataSettings

    def router(self) -> APIRouter:
        """Every route of this room."""
        router = APIRouter(tags=["retention"])
        add = router.add_api_route
        one = "/rules/{rule_id}"
        add("/rules", self.list, methods=["GET"], response_model=RuleList, summary="The caller's retention rules")
        add("/rules", self.add, methods=["POST"], status_code=201, response_model=Rule, summary="Add a rule")
        add("/rules/preview", self.try_out, methods=["POST"], response_model=RulePreview,
            summary="What a rule would delete that is not there yet")  # fmt: skip
        add(one, self.get, methods=["GET"], response_model=Rule, summary="One rule")
        add(one, self.patch, methods=["PATCH"], response_model=Rule, summary="Change a rule")
        add(one, self.remove, methods=["DELETE"], status_code=204, summary="Remove a rule")
        add(f"{one}/preview", self.preview, methods=["GET"], response_model=RulePreview,
            summary="What a rule would delete now")  # fmt: skip
        add(f"{one}/audit", self.audit, methods=["GET"], response_model=AuditPage, summary="Who changed a rule, when")
        return router

    async def list(self, caller: CallerDep) -> RuleList:
        """By name."""
        rows = await self.database.read(retention_repository.rules_of, caller.owner_id)
        return RuleList(items=[_view(row) for row in rows])

    async def get(self, rule_id: RuleId, caller: CallerDep) -> Rule:
        """With what came of it last."""
        return _view(await self._row(caller, rule_id))

    async def add(self, asked: NewRule, request: Request, response: Response, caller: DeleterDep) -> Rule:
        """It acts after a grace; until then, and after it, `preview` says what it would delete."""
        _check_name(asked.name)
        retention.understood(caller.owner_id, asked.query)
        at = now()
        values = asked.model_dump() | {"rule_id": new_id(), "owner_id": caller.owner_id, "created_at": at}
        row = await self.database.write("metadata.rules.add", self._add, values | self._begins(at), caller)
        prefix = request.headers.get("x-forwarded-prefix", "").rstrip("/")
        response.headers["Location"] = f"{prefix}/rules/{row['rule_id']}"
        return _view(row)

    async def patch(self, rule_id: RuleId, asked: RulePatch, caller: DeleterDep) -> Rule:
        """A rule that means something else now begins anew, with its grace."""
        values = {name: value for name in asked.model_fields_set if (value := getattr(asked, name)) is not None}
        if not values:
            raise BadRequest("The patch changes nothing; it may have name, query, after_days, since and active.")
        _check_name(values.get("name", "name"))
        if "query" in values:
            retention.understood(caller.owner_id, values["query"])
        return _view(await self.database.write("metadata.rules.change", self._change, rule_id, values, caller))

    async def remove(self, rule_id: RuleId, caller: CallerDep) -> Response:
        """What it has brought to the trash stays there."""
        await self.database.write("metadata.rules.remove", _remove, rule_id, caller)
        return Response(status_code=204)

    async def preview(
        self, rule_id: RuleId, caller: CallerDep, limit: Annotated[int, Query(ge=1, le=pagination.LIMIT_MOST)] = 50
    ) -> RulePreview:
        """Nothing is asked for."""
        return await self._preview(await self._row(caller, rule_id), limit)

    async def try_out(
        self, draft: RuleDraft, caller: ReaderDep, limit: Annotated[int, Query(ge=1, le=pagination.LIMIT_MOST)] = 50
    ) -> RulePreview:
        """Nothing is kept, and nothing asked for."""
        retention.understood(caller.owner_id, draft.query)
        return await self._preview(draft.model_dump() | {"owner_id": caller.owner_id}, limit)

    async def audit(
        self,
        rule_id: RuleId,
        caller: CallerDep,
        limit: LimitQuery = pagination.LIMIT_DEFAULT,
        cursor: CursorQuery = None,
    ) -> AuditPage:
        """Newest first; of a rule that was removed, too."""
        if not is_id(rule_id):
            raise NotFound(_NO_RULE)
        before = pagination.decode_newest_entry(cursor)
        rows = await self.database.read(audit_repository.audit_page, caller.owner_id, rule_id, limit + 1, before)
        if not rows and before is None:
            raise NotFound(_NO_RULE)
        last = rows[limit - 1] if len(rows) > limit else None
        more = pagination.encode_newest(last["at"], last["entry_id"]) if last else None
        return AuditPage(items=[audit_view(row) for row in rows[:limit]], next_cursor=more)

    async def _preview(self, rule: Any, limit: int) -> RulePreview:
        at, after = now(), 0
        shown: list[DueFile] = []
        counts = {"looked_at": 0, "due": 0, "held": 0, "bytes": 0}
        for _ in range(PREVIEW_PAGES_MOST):
            page = await self.database.read(retention.due, self.index, rule, after, PREVIEW_PAGE, at)
            counts["looked_at"] += page.looked_at
            counts["due"] += len(page.due)
            counts["held"] += len(page.held)
            counts["bytes"] += sum(row["size"] for row in page.due)
            both = sorted([*page.due, *page.held], key=lambda row: int(row["doc_id"]))
            shown += [_due(rule, row) for row in both[: limit - len(shown)]]
            if page.next is None:
                return RulePreview(items=shown, **counts)
            after = page.next
        return RulePreview(items=shown, **counts, more=True)

    async def _row(self, caller: Caller, rule_id: str) -> RowMapping:
        return await self.database.read(_find, caller, rule_id)

    def _begins(self, at: datetime) -> dict[str, Any]:
        acts_from = at + timedelta(hours=self.settings.rules_grace_hours)
        return {"updated_at": at, "acts_from": acts_from, "next_run_at": acts_from, "looked_to": 0, "run": None}

    def _add(self, tx: Tx, values: dict[str, Any], caller: Caller) -> RowMapping:
        hold(tx, f"rules of {caller.owner_id}")
        if retention_repository.count(tx, caller.owner_id) >= RULES_OF_AN_OWNER_MOST:
            raise TooManyKept(f"An owner may have {RULES_OF_AN_OWNER_MOST} rules; remove one first.")
        _check_free(tx, caller, values["name"], values["rule_id"])
        retention_repository.add(tx, values)
        note(tx, caller, values["rule_id"], caller.owner_id, "rule added", _said(values))
        return _find(tx, caller, values["rule_id"])

    def _change(self, tx: Tx, rule_id: str, values: dict[str, Any], caller: Caller) -> RowMapping:
        hold(tx, f"rules of {caller.owner_id}", rule_id)
        _find(tx, caller, rule_id)
        if "name" in values:
            _check_free(tx, caller, values["name"], rule_id)
        row = retention_repository.change(tx, caller.owner_id, rule_id, values | self._begins(now()))
        note(tx, caller, rule_id, caller.owner_id, "rule changed", _said(values))
        return row


def _find(tx: Tx, caller: Caller, rule_id: str) -> RowMapping:
    row = retention_repository.find(tx, caller.owner_id, rule_id) if is_id(rule_id) else None
    if row is None:
        raise NotFound(_NO_RULE)
    return row


def _remove(tx: Tx, rule_id: str, caller: Caller) -> None:
    hold(tx, f"rules of {caller.owner_id}", rule_id)
    row = _find(tx, caller, rule_id)
    retention_repository.remove(tx, caller.owner_id, rule_id)
    note(tx, caller, rule_id, caller.owner_id, "rule removed", _said(row))


def _check_name(name: str) -> None:
    if not name.strip() or CONTROLS.search(name):
        raise BadRequest("A rule has a name, without control characters.")


def _check_free(tx: Tx, caller: Caller, name: str, rule_id: str) -> None:
    if retention_repository.is_taken(tx, caller.owner_id, name, but=rule_id):
        raise Conflict(f"There is a rule {name!r} already.")


def _said(values: Any) -> dict[str, Any]:
    return {name: values[name] for name in ("name", "query", "after_days", "since", "active") if name in values}


def _view(row: RowMapping) -> Rule:
    return Rule.model_validate({name: row[name] for name in Rule.model_fields})


def _due(rule: Any, row: RowMapping) -> DueFile:
    shown = {name: row[name] for name in DueFile.model_fields if name in row}
    since = retention.due_since(rule, row)
    return DueFile.model_validate(shown | {"due_since": since, "held": row["hold"] is not None})
