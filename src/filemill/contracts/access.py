"""What the access service says: who a caller is, the keys and logins there are, what a browser may do for somebody."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from filemill.contracts.ids import Id
from filemill.contracts.media_types import TypePattern
from filemill.contracts.model import Contract, Time

TOKEN_FILES_MOST = 1000
TOKEN_LIFE_MOST_S = 24 * 3600
KEY_LIFE_MOST_S = 10 * 366 * 24 * 3600

OwnerId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,198}$")]
"""Whose files they are. A colon is left to names of ours (`service:upload`)."""
ScopeName = Literal["files:read", "files:write", "files:delete", "admin"]


class Session(Contract):
    """The caller. `auth` is how they were recognised; with `none` everybody on this machine is the local user."""

    owner_id: str
    auth: Literal["none", "key", "session", "oidc", "service"]
    is_admin: bool
    scopes: list[str]
    csrf_token: str | None = Field(
        default=None, description="Of a session: send it as `X-CSRF-Token` with every call that changes something."
    )
    files_uploaded: int | None = Field(default=None, description="Of a session: the files it has made.")
    created_at: Time | None = Field(default=None, description="Of a session: when it began.")


class NewSession(Contract):
    """Log in with a key, which may also come as `Authorization: Bearer`, or with the code that an issuer gave."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str | None = Field(default=None, max_length=200)
    code: str | None = Field(default=None, max_length=2000, description="Of the login that this browser has begun.")
    state: str = Field(default="", max_length=2000, description="As the issuer gave it back with the code.")
    iss: str | None = Field(default=None, max_length=2000, description="The issuer's own name, where it sends it.")


class Login(Contract):
    """A session of somebody's browser; `current` is the one that asks."""

    login_id: Id
    created_at: Time
    ends_at: Time = Field(description="When it ends at the latest; unused for an hour it ends before.")
    address: str | None
    agent: str | None
    current: bool


class Logins(Contract):
    """Newest first."""

    items: list[Login]


class NewKey(Contract):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="", max_length=100, description="For people: what it is used for.")
    owner_id: OwnerId | None = Field(
        default=None, description="Whose files it opens; unset: the caller's. Else for admins."
    )
    scopes: list[ScopeName] = Field(default=["files:read", "files:write", "files:delete"], min_length=1, max_length=4)
    expires_in_s: int | None = Field(
        default=None, ge=60, le=KEY_LIFE_MOST_S, description="Unset: it works until revoked."
    )


class Key(Contract):
    """A key as it is shown: never the key itself."""

    key_id: Id
    name: str
    owner_id: str
    shown: str = Field(description="Its first characters, to recognise it by.")
    scopes: list[str]
    created_at: Time
    expires_at: Time | None
    last_used_at: Time | None = Field(description="To the minute.")
    revoked_at: Time | None


class CreatedKey(Key):
    """The key, this once: only its hash is kept."""

    key: str


class Keys(Contract):
    """Newest first."""

    items: list[Key]
    next_cursor: str | None = None


class IdentityKeys(Contract):
    """The public keys by which services believe identity tokens (a JWK Set, RFC 7517)."""

    keys: list[dict[str, str]]


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
