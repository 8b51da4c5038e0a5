"""The one tree of errors that reach a caller. Each has a stable code, an HTTP status, and whether a retry helps.

    FilemillError
    |- BadRequest 400          what was sent cannot be understood
    |- Unauthenticated 401     who are you?
    |- Forbidden 403           known, but not allowed
    |- NotFound 404            not there, or not yours: the two look the same on purpose
    |- Conflict 409            another call is in the way
    |- PreconditionFailed 412  it changed since you looked
    |- TooLarge 413            over a limit
    |- UnsupportedType 415     this kind of file is not taken
    |- RangeNotSatisfiable 416 no such bytes
    |- Unprocessable 422       understood, but it contradicts itself
    |- Locked 423              another writer holds it
    |- TooMany 429             slow down; `retry_after_s` says how long
    |- Unavailable 503         a dependency is away; `retry_after_s` says when to come back
    `- StorageFull 507         no room

Services subclass these in their own `errors.py` and set `code`. Raise where the fact is known; `chassis/web/problems`
translates once, at the edge. Anything else that escapes is a bug and becomes 500 `internal-error` without detail.
"""

from collections.abc import Mapping
from typing import ClassVar


class FilemillError(Exception):
    """Base: `detail` is one clear sentence for a person, never a stack, a path or SQL."""

    code: ClassVar[str] = "internal-error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong on our side"
    retryable: ClassVar[bool] = False

    def __init__(
        self, detail: str | None = None, *, retry_after_s: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.retry_after_s = retry_after_s
        self.headers = dict(headers or {})


class BadRequest(FilemillError):
    code, status, title = "bad-request", 400, "The request cannot be understood"


class BadJson(BadRequest):
    code, title = "bad-json", "The body is not valid JSON"


class Unauthenticated(FilemillError):
    code, status, title = "unauthenticated", 401, "Credentials are missing or not valid"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="filemill"'})  # RFC 9110, 11.6.1


class Forbidden(FilemillError):
    code, status, title = "forbidden", 403, "These credentials do not allow this"


class NotFound(FilemillError):
    code, status, title = "not-found", 404, "There is nothing here under this name or id"


class Conflict(FilemillError):
    code, status, title = "conflict", 409, "The current state does not allow this"


class PreconditionFailed(FilemillError):
    code, status, title = "precondition-failed", 412, "It changed since you last read it"


class TooLarge(FilemillError):
    code, status, title = "too-large", 413, "Over a limit"


class UnsupportedType(FilemillError):
    code, status, title = "unsupported-type", 415, "This kind of content is not taken here"


class RangeNotSatisfiable(FilemillError):
    code, status, title = "range-not-satisfiable", 416, "The file has no such bytes"


class Unprocessable(FilemillError):
    code, status, title = "unprocessable", 422, "The request contradicts itself"


class Locked(FilemillError):
    code, status, title, retryable = "locked", 423, "Another writer holds it", True


class TooMany(FilemillError):
    code, status, title, retryable = "rate-limited", 429, "Too many requests", True


class Unavailable(FilemillError):
    code, status, title, retryable = "dependency-unavailable", 503, "Something this service needs is away", True

    def __init__(self, detail: str | None = None, *, retry_after_s: int | None = 1) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)


class StorageFull(FilemillError):
    code, status, title, retryable = "storage-full", 507, "There is no room left on the storage", True


class StartError(Exception):
    """A start that cannot succeed. Its text is the one clear line an operator sees: name, problem, fix."""
