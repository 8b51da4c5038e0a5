"""Erasing an owner: what the services tell each other, and the receipt."""

from typing import Literal

from pydantic import ConfigDict, Field

from filemill.contracts.ids import FileId, Id
from filemill.contracts.model import Contract, Time

HELD_SHOWN_MOST = 100
"""Files under a legal hold that are named one by one; `held_count` counts all."""

Stage = Literal["files", "rest"]


class OwnerErasing(Contract):
    """`owner.erasing`: an owner is to be erased. First their `files`, then, once all of these are gone, the `rest`."""

    erasure_id: Id
    owner_id: str
    stage: Stage


class OwnerEraseConfirmed(Contract):
    """`owner.erase-confirmed`: a service is done with a stage, or `waiting` for legal holds to be released. Names nobody."""

    erasure_id: Id
    service: str
    stage: Stage
    state: Literal["waiting", "done"]
    removed: dict[str, int] = Field(default_factory=dict)
    held: list[FileId] = Field(default_factory=list)
    held_count: int = 0


class NewOwnerErasure(Contract):
    """Whom to erase: the name as `GET /keys` or the issuer says it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    owner_id: str = Field(min_length=1, max_length=200)


class ServiceErasure(Contract):
    """What one service says. `removed` counts what was erased beside the files' own purges, by table."""

    state: Literal["pending", "waiting", "files-gone", "confirmed"]
    removed: dict[str, int] = Field(default_factory=dict)
    at: Time | None = None


class Remains(Contract):
    """What an erasure leaves by design, and until when."""

    what: str
    until: str


class OwnerErasure(Contract):
    """The receipt. `waiting`: files under a legal hold (`held`) are kept until it is released; then it goes on by itself.

    `owner_id` is told until the erasure is done; then nobody remembers whose it was.
    """

    erasure_id: Id
    owner_id: str | None
    state: Literal["running", "waiting", "done"]
    asked_by: str
    asked_at: Time
    done_at: Time | None = None
    held: list[FileId] = Field(default_factory=list)
    held_count: int = 0
    services: dict[str, ServiceErasure]
    remains: list[Remains]


class OwnerErasures(Contract):
    """A page of erasures, newest first."""

    items: list[OwnerErasure]
    next_cursor: str | None = None
