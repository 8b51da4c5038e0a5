"""What an owner changes: one file by a merge patch, or many by a search, each with its entry in the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping

from filemill.chassis.clock import now
from filemill.chassis.database.database import Tx, hold
from filemill.chassis.telemetry import request_context
from filemill.chassis.web.caller import Caller
from filemill.contracts.metadata import TAGS_MOST, BulkPatch, DocumentPatch
from filemill.metadata import audit_repository, catalogue, repository
from filemill.metadata.rules import flaw_of_custom


@dataclass(frozen=True, slots=True)
class Changed:
    """Of some files: how many became something else, and how many would have got more than a file may have."""

    changed: int
    refused: int


def change(tx: Tx, row: RowMapping, asked: DocumentPatch, caller: Caller) -> RowMapping:
    """Apply a patch and audit it."""
    changed = catalogue.patch(tx, row, asked)
    detail = {"fields": sorted(asked.model_fields_set), "revision": changed["revision"]}
    note(tx, caller, row["file_id"], row["owner_id"], "changed", detail)
    return changed


def note(tx: Tx, caller: Caller, subject: str, owner_id: str, action: str, detail: dict[str, Any]) -> None:
    """An audit entry for what a caller did just now to a file, or to another thing of an owner that has an id."""
    context = request_context.current()
    audit_repository.add(
        tx,
        {
            "file_id": subject,
            "owner_id": owner_id,
            "at": now(),
            "actor": caller.owner_id,
            "action": action,
            "outcome": "ok",
            "detail": detail,
            "client_address": caller.address,
            "request_id": context.request_id if context else None,
        },
    )


def change_all(tx: Tx, file_ids: Sequence[str], asked: BulkPatch, caller: Caller, *, dry_run: bool) -> Changed:
    """Apply a patch to those of these files that it changes, as they are now."""
    changed = refused = 0
    hold(tx, *file_ids)
    for file_id in file_ids:
        row = repository.get(tx, caller.owner_id, file_id)
        said = {} if row is None else _said_of(row, asked)
        if row is None or not said:
            continue
        if len(said.get("tags", ())) > TAGS_MOST or flaw_of_custom(row["custom"] | said.get("custom", {})):
            refused += 1
            continue
        changed += 1
        if not dry_run:
            change(tx, row, DocumentPatch(**said), caller)
    return Changed(changed, refused)


def _said_of(row: RowMapping, asked: BulkPatch) -> dict[str, Any]:
    """The patch it means for this file; empty if it is as it should be already."""
    said: dict[str, Any] = {}
    left = [tag for tag in row["tags"] if tag not in asked.remove_tags]
    tags = list(dict.fromkeys([*left, *asked.add_tags]))
    if tags != row["tags"]:
        said["tags"] = tags
    if any(row["custom"].get(name) != value for name, value in asked.custom.items()):
        said["custom"] = asked.custom
    return said
