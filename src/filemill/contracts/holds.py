"""What upload says of legal holds: who placed one and why, the event, the lists."""

from typing import Literal

from pydantic import Field

from filemill.contracts.ids import FileId, Id
from filemill.contracts.model import Contract, Time

HOLD_REASON_MOST_CHARACTERS = 500


class RuleRef(Contract):
    """A retention rule, as it was called when it acted."""

    rule_id: Id
    name: str


class LegalHold(Contract):
    """Why a file may not be deleted, who said so, and since when."""

    reason: str
    placed_by: str
    placed_at: Time


class HoldRequest(Contract):
    """A legal hold to be placed; the reason is what others are told who want to delete the file."""

    reason: str = Field(min_length=1, max_length=HOLD_REASON_MOST_CHARACTERS)


class FileHold(Contract):
    """`file.hold`: a legal hold was placed or released; `change` grows with each of them, so the last one wins in any order.

    `refused`: somebody asked to delete the file, for the trash or for good (`asked`), and was not allowed to.
    """

    file_id: FileId
    owner_id: str
    version: int
    state: Literal["placed", "released", "refused"]
    change: int
    hold: LegalHold
    asked: Literal["deleted", "purged"] | None = None
    rule: RuleRef | None = None
    actor: str | None = None
    client_address: str | None = None


class HeldFile(Contract):
    """A file under a legal hold, in the trash too (`deleted_at`)."""

    file_id: FileId
    owner_id: str
    filename: str
    hold: LegalHold
    deleted_at: Time | None = None


class HeldPage(Contract):
    """A page of files under a legal hold, by id."""

    items: list[HeldFile]
    next_cursor: str | None = None
