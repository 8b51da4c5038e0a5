"""What metadata says of retention: the rules of an owner, what one of them would delete, and the event that asks for it."""

from typing import Literal

from pydantic import Field

from filemill.contracts.holds import RuleRef
from filemill.contracts.ids import FileId, Id
from filemill.contracts.model import Contract, Time

RULE_NAME_MOST_CHARACTERS = 100
RULE_QUERY_MOST_CHARACTERS = 1_000
AFTER_MOST_DAYS = 36_500
Since = Literal["created", "updated"]


class FileExpiring(Contract):
    """`file.expiring`: a rule says that a file's time is over; upload moves it to the trash if it still is what was decided on.

    `version`, `change` and `revision` are those of the document that the rule was held against.
    """

    file_id: FileId
    owner_id: str
    version: int
    change: int
    revision: int
    rule: RuleRef


class NewRule(Contract):
    """Files that match `query` go to the trash `after_days` days since they were created, or last updated."""

    name: str = Field(min_length=1, max_length=RULE_NAME_MOST_CHARACTERS)
    query: str = Field(min_length=1, max_length=RULE_QUERY_MOST_CHARACTERS)
    after_days: int = Field(ge=1, le=AFTER_MOST_DAYS)
    since: Since = "created"
    active: bool = True


class RulePatch(Contract):
    """What is to be another; what is absent stays."""

    name: str | None = Field(default=None, min_length=1, max_length=RULE_NAME_MOST_CHARACTERS)
    query: str | None = Field(default=None, min_length=1, max_length=RULE_QUERY_MOST_CHARACTERS)
    after_days: int | None = Field(default=None, ge=1, le=AFTER_MOST_DAYS)
    since: Since | None = None
    active: bool | None = None


class RuleDraft(Contract):
    """A rule that is only tried out."""

    query: str = Field(min_length=1, max_length=RULE_QUERY_MOST_CHARACTERS)
    after_days: int = Field(ge=1, le=AFTER_MOST_DAYS)
    since: Since = "created"


class RuleRun(Contract):
    """What came of the last time a rule was held against every file: how many matched, were due, held, asked to be deleted."""

    at: Time
    looked_at: int = 0
    due: int = 0
    held: int = 0
    asked: int = 0


class Rule(Contract):
    """A rule, `acts_from` when at the earliest, and what came of it last."""

    rule_id: Id
    owner_id: str
    name: str
    query: str
    after_days: int
    since: Since
    active: bool
    created_at: Time
    updated_at: Time
    acts_from: Time
    last_run: RuleRun | None = None


class RuleList(Contract):
    """The rules of an owner, by name."""

    items: list[Rule]


class DueFile(Contract):
    """A file whose time is over, since when, and whether a legal hold keeps it."""

    file_id: FileId
    filename: str
    size: int
    created_at: Time
    updated_at: Time
    due_since: Time
    held: bool


class RulePreview(Contract):
    """What a rule would delete now, the oldest first. `looked_at` files matched; `more`: there are more than were looked at."""

    items: list[DueFile]
    looked_at: int
    due: int
    held: int
    bytes: int
    more: bool = False
