"""Taking files out of a work folder that an untrusted process wrote.

A child can name any path in its result. Only a plain file that lies directly in the work folder comes out of here.
On failure: `UntrustedOutputError`; the run is to be treated as failed, a retry does not help.
"""

import stat
from pathlib import Path


class UntrustedOutputError(Exception):
    """The result names something that is not a plain file of the work folder."""

    code = "untrusted-output"


def output_file(work_dir: Path, name: str, *, max_bytes: int) -> Path:
    """Return the path of the output called `name`, if it is a plain file in `work_dir` of at most `max_bytes`."""
    if not name or "/" in name or "\0" in name or name in {".", ".."}:
        raise UntrustedOutputError("The result names a file outside its work folder.")
    path = work_dir / name
    try:
        found = path.lstat()
    except OSError as error:
        raise UntrustedOutputError("The result names a file that does not exist.") from error
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise UntrustedOutputError("The result names something that is not a plain file.")
    if found.st_size > max_bytes:
        raise UntrustedOutputError(f"An output is larger than {max_bytes} bytes.")
    return path
