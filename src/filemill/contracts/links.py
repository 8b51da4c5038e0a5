"""Links to a file for whoever has no key: signed ones, and shares, which can be taken back."""

from typing import Literal

from pydantic import ConfigDict, Field

from filemill.contracts.ids import FileId, Id
from filemill.contracts.model import Contract, Time


class SignedUrlRequest(Contract):
    """`expires_in` seconds, at most 7 days; `version`: the newest if not given."""

    expires_in: int = Field(default=3600, ge=1, le=7 * 24 * 3600)
    version: int | None = Field(default=None, ge=1)


class SignedUrl(Contract):
    """A link that works without credentials until `expires_at`."""

    url: str
    expires_at: Time


class NewShare(Contract):
    """A link to be made. `expires_in` seconds, 7 days if not said; the installation says how many at most.

    `version`: only that one, whatever comes later; not given: the newest one at the time it is opened.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    expires_in: int = Field(default=7 * 24 * 3600, ge=1, le=3650 * 24 * 3600)
    version: int | None = Field(default=None, ge=1)
    note: str | None = Field(default=None, max_length=200, description="For yourself: for whom it is.")


class Share(Contract):
    """A link to a file that can be taken back. `opens` counts answers with bytes, parts too, and may lag by a second."""

    share_id: Id
    file_id: FileId
    version: int | None
    note: str | None
    created_by: str
    created_at: Time
    expires_at: Time
    revoked_at: Time | None
    state: Literal["open", "expired", "revoked"]
    opens: int
    last_opened_at: Time | None


class CreatedShare(Share):
    """With its address, this once: only a hash of the secret in it is kept."""

    url: str


class SharePage(Contract):
    """A page of links to one file, newest first."""

    items: list[Share]
    next_cursor: str | None = None
