"""The URL of a server as a setting gives it: taken apart, and shown without its password.

No message holds the text itself: where a URL cannot be read, the password may be in any part of it.
"""

from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from filemill.chassis.errors import StartError

_ESCAPES = "with @ : / ? # % in a password as %40 %3A %2F %3F %23 %25"


def split(variable: str, text: str, form: str) -> SplitResult:
    """The parts of a URL; `form` shows a right one. Raises `StartError`."""
    try:
        parts = urlsplit(text)
        readable = parts.port is None or parts.port > 0
    except ValueError:
        readable = False
    if not readable:
        # Not `from` the error: it quotes what stands where the port should be, which may be half a password.
        raise StartError(f"{variable}: its host or port cannot be read; it must be {form}, {_ESCAPES}") from None
    return parts


def read(variable: str, text: str, schemes: Collection[str], form: str) -> SplitResult:
    """The parts of the URL of a server that speaks one of these. Raises `StartError`."""
    parts = split(variable, text, form)
    if parts.scheme not in schemes:
        raise StartError(
            f"{variable}: it begins with {parts.scheme or 'nothing'}://, which is not known here; it must be {form}"
        )
    if not parts.hostname:
        raise StartError(f"{variable}: it names no host; it must be {form}")
    if "@" in parts.path + parts.query + parts.fragment:
        raise StartError(f"{variable}: there is an @ behind its host; it must be {form}, {_ESCAPES}")
    return parts


def shown(url: str, default_port: int) -> str:
    """Where a URL leads and as whom, without the password and the query."""
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{user}{host}:{parts.port or default_port}{parts.path}"
