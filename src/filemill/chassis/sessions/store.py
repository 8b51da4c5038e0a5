"""The port to the sessions: `session:{id}`, written by the service that logs in, read by every other. Chosen by `build`.

A session lives an hour from its last use. Its id is 256 random bits: knowing one is being that user, so an id is never
logged, and it is rotated at login. While the store is away every call is `Unavailable` (503): nobody
is taken for somebody else, and nobody is logged out. If the store was emptied, everybody logs in again.
"""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

LIFE_S = 3600
ID_BYTES = 32

_ID = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Session:
    """One login. The id is a secret: it is not in the text of this object."""

    session_id: str = field(repr=False)
    user_id: str
    files_uploaded: int
    created_at: datetime


class SessionStore(Protocol):
    """Every call raises `Unavailable` if the store is away (a retry helps)."""

    async def create(self, user_id: str) -> Session:
        """A new session of a user, with a fresh id."""
        ...

    async def get(self, session_id: str) -> Session | None:
        """The session, which lives an hour more from now; None if there is none (any more)."""
        ...

    async def count_upload(self, session_id: str) -> int | None:
        """Add one to `files_uploaded`, at once for all services; the new number, or None if the session is gone.

        It is not repeated when the answer is lost: the number is for show, and rather one too few than one too many.
        """
        ...

    async def rotate(self, session_id: str) -> Session | None:
        """The same session under a fresh id; the old id is nobody's from the same moment on. None if it was gone."""
        ...

    async def delete(self, session_id: str) -> bool:
        """Log out; False if it was gone."""
        ...

    async def check(self) -> None:
        """Raise `Unavailable` if sessions cannot be kept."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


@runtime_checkable
class ForgetsUsers(Protocol):
    """A store that can end everything of one user: an extra capability."""

    async def forget_user(self, user_id: str) -> int:
        """End every session of a user; returns how many. Raises `Unavailable`: a retry helps."""
        ...


def new_session_id() -> str:
    """256 random bits, as text that needs no quoting in a cookie."""
    return secrets.token_urlsafe(ID_BYTES)


def is_session_id(text: str) -> bool:
    """Whether `text` has the form of an id of ours; only such a text is ever looked for."""
    return _ID.fullmatch(text) is not None
