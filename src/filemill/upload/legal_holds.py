"""Legal holds: a file under one is kept, whoever wants it gone, until somebody who may releases it.

A hold is decided where deleting is: both write the file's row and hold the file's lock, so one of them is first and the other
sees it. A file may be held in the trash, too, and stays there. A child is held by itself alone: if its parent is purged
meanwhile it stays, that purge is not done, and the release lets it follow.
"""

from typing import Any, Literal

from sqlalchemy import RowMapping

from filemill.chassis.bounds import CONTROLS
from filemill.chassis.clock import now
from filemill.chassis.database.database import Tx, hold
from filemill.chassis.errors import BadRequest, Conflict, Forbidden, NotFound
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.web.caller import Caller
from filemill.contracts.holds import FileHold, LegalHold, RuleRef
from filemill.contracts.topics import Topic
from filemill.upload import families_repository, holds_repository
from filemill.upload.errors import UnderHold

State = Literal["placed", "released", "refused"]
Asked = Literal["deleted", "purged"]


def place(tx: Tx, caller: Caller, file_id: str, reason: str) -> tuple[RowMapping, bool]:
    """Hold a file; returns its row, and whether that is new. Raises `NotFound`, `Conflict` if it is held for another reason."""
    if not reason.strip() or CONTROLS.search(reason):
        raise BadRequest("A hold needs a reason in words, without control characters.")
    hold(tx, file_id)
    row = find(tx, caller, file_id)
    if row["hold"] is not None:
        if row["hold"]["reason"] == reason:
            return row, False
        raise Conflict(f"{words_of(row)} Release that one first.")
    made = LegalHold(reason=reason, placed_by=caller.owner_id, placed_at=now())
    row = holds_repository.set_hold(tx, row["owner_id"], file_id, made.model_dump(mode="json"))
    _tell(tx, row, caller, "placed", made)
    return row, True


def release(tx: Tx, caller: Caller, file_id: str) -> None:
    """End a hold. Raises `NotFound`, and `Forbidden` if somebody else placed it and the caller is no admin."""
    hold(tx, file_id)
    row = find(tx, caller, file_id)
    if row["hold"] is None:
        raise NotFound("The file is under no legal hold.")
    held = LegalHold.model_validate(row["hold"])
    if held.placed_by != caller.owner_id and not caller.is_admin:
        raise Forbidden(f"{words_of(row)} Only who placed it, or an admin, may release it.")
    row = holds_repository.set_hold(tx, row["owner_id"], file_id, None)
    _tell(tx, row, caller, "released", held)
    if row["parent_id"] and (purge_id := holds_repository.purge_it_missed(tx, row["parent_id"])):
        families_repository.add(tx, row["parent_id"], purge_id)


def find(tx: Tx, caller: Caller, file_id: str) -> RowMapping:
    """A file that the caller may hold: his own, or anybody's for an admin. Raises `NotFound`."""
    owner_id = holds_repository.owner_of(tx, file_id) if caller.is_admin else caller.owner_id
    row = holds_repository.find(tx, owner_id, file_id) if owner_id else None
    if row is None:
        raise NotFound("There is no such file.")
    return row


def check(row: Any) -> None:
    """Raises `UnderHold`. For whoever is about to delete this row, in the transaction that does it."""
    if row["hold"] is not None:
        raise UnderHold(words_of(row))


def refused(tx: Tx, caller: Caller, file_id: str, asked: Asked, rule: RuleRef | None = None) -> None:
    """Somebody was not allowed to delete a file: that is told, for the trail. Nothing if it is held no more."""
    hold(tx, file_id)
    row = holds_repository.find(tx, caller.owner_id, file_id)
    if row is not None and row["hold"] is not None:
        _tell(tx, row, caller, "refused", LegalHold.model_validate(row["hold"]), asked, rule)


def words_of(row: Any) -> str:
    """The hold, named in a sentence."""
    held = row["hold"]
    return f"The file is under a legal hold of {held['placed_by']} since {held['placed_at'][:10]}: {held['reason']!r}."


def _tell(
    tx: Tx, row: RowMapping, caller: Caller, state: State, held: LegalHold, asked: Asked | None = None,
    rule: RuleRef | None = None,
) -> None:  # fmt: skip
    data = FileHold(
        file_id=row["file_id"], owner_id=row["owner_id"], version=row["version"], state=state, change=row["hold_change"],
        hold=held, asked=asked, rule=rule, actor=caller.owner_id if rule is None else None,
        client_address=caller.address,
    )  # fmt: skip
    outbox.append(tx, wire.make_event("upload", Topic.HOLD, row["file_id"], data))
