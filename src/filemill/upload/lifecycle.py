"""To the trash and back: the file, the news of it, and the children that have to follow, in one transaction."""

from datetime import datetime
from typing import Any

from filemill.chassis.clock import now
from filemill.chassis.database.database import Tx, hold
from filemill.chassis.errors import NotFound
from filemill.chassis.messaging import outbox, wire
from filemill.chassis.web.caller import Caller
from filemill.contracts.holds import RuleRef
from filemill.contracts.retention import FileExpiring
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileLifecycle
from filemill.upload import families_repository, legal_holds, repository


def move(
    tx: Tx,
    caller: Caller,
    file_id: str,
    deleted_at: datetime | None,
    following: str | None = None,
    rule: RuleRef | None = None,
) -> Any:
    """Move a file to the trash, or back with None; returns its row. `following`: the parent it goes with. `rule`: the
    one whose time for it is over, so that nobody asks for it.

    Raises `NotFound`, and `UnderHold` for the trash.
    """
    hold(tx, file_id)  # a child that is about to begin to exist sees this, or is seen by it
    if deleted_at is not None and (living := repository.get(tx, caller.owner_id, file_id)) is not None:
        legal_holds.check(living)
    row = repository.set_deleted(tx, caller.owner_id, file_id, deleted_at, following)
    if row is None:
        raise NotFound("There is no such file." if deleted_at else "There is no such file in the trash.")
    data = FileLifecycle(
        file_id=file_id, owner_id=row["owner_id"], version=row["version"], change=row["change"],
        actor=caller.owner_id if rule is None else None, client_address=caller.address, rule=rule,
    )  # fmt: skip
    topic = Topic.DELETED if deleted_at else Topic.RESTORED
    outbox.append(tx, wire.make_event("upload", topic, file_id, data))
    families_repository.add(tx, file_id)
    return row


def expire(tx: Tx, data: FileExpiring) -> None:
    """A rule says that a file's time is over: to the trash with it, if nothing newer is known of it here, and nobody holds it.

    Nothing else is done: metadata holds its rules against the file again within hours.
    """
    hold(tx, data.file_id)
    row = repository.get(tx, data.owner_id, data.file_id)
    if row is None or (row["version"], row["change"]) != (data.version, data.change) or row["revision"] > data.revision:
        return
    caller = Caller(data.owner_id, is_admin=False, address=None)
    if row["hold"] is not None:
        legal_holds.refused(tx, caller, data.file_id, "deleted", data.rule)
    else:
        move(tx, caller, data.file_id, now(), rule=data.rule)
