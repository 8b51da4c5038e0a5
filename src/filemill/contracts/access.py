"""What the access service says: who a caller is, and what a browser may do for them."""

from typing import Literal

from pydantic import ConfigDict, Field

from filemill.contracts.media_types import TypePattern
from filemill.contracts.model import Contract, Time

TOKEN_FILES_MOST = 1000
TOKEN_LIFE_MOST_S = 24 * 3600


class Session(Contract):
    """The caller. `auth` is how they were recognised."""

    owner_id: str
    auth: Literal["none"]
    is_admin: bool


class NewUploadToken(Contract):
    """What a browser is to be allowed. Sizes in bytes; types as their first bytes tell, patterns like `image/*`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: int = Field(default=1, ge=1, le=TOKEN_FILES_MOST, description="How many files it may make in all.")
    max_bytes: int | None = Field(default=None, ge=1, description="Of each file; unset: as large as everybody's.")
    types: list[TypePattern] = Field(default=[], max_length=20, description="Unset: every type that is taken here.")
    expires_in_s: int = Field(default=900, ge=10, le=TOKEN_LIFE_MOST_S)


class UploadToken(Contract):
    """A token for one browser: it sends files as `Authorization: Bearer …`, and can do nothing else. Shown once."""

    token: str
    token_id: str
    expires_at: Time
    files: int
    max_bytes: int | None
    types: list[str]
    links: dict[str, str] = Field(description="Where it works: `files` (one request), `tus` (goes on after a break).")
