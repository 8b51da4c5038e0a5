"""A disk that is full or may not be written to, in one line: any command may meet it, and no page of Python helps."""

import errno
import os

_ROOM = "make room there and try again"
_READ_ONLY = "let it be written to, or choose another place"
_RIGHTS = "whoever runs this may not; change its rights, or choose another place"
_SYSTEM_SAYS = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
}
_SQLITE_SAYS = {
    "disk is full": _ROOM,
    "readonly database": _READ_ONLY,
    "unable to open database file": _RIGHTS,
}


def line_of(error: BaseException) -> str | None:
    """What to say of it; None if it is about something else."""
    place = os.environ.get("FILEMILL_DATA_DIR", "./data")
    if isinstance(error, OSError):
        hint = _SYSTEM_SAYS.get(error.errno or 0)
        return f"{error.filename2 or error.filename or place}: {error.strerror}; {hint}" if hint else None
    said = str(error.__cause__ or error)
    hint = next((hint for text, hint in _SQLITE_SAYS.items() if text in said), None)
    return f"{place}: {said}; {hint}" if hint else None
