"""What a child writes to standard error: the first 16 KiB, kept in memory, for telling why a native library gave up.

A sealed memory file: a child that writes more gets an error instead of our memory. Not for: logs. On failure: OSError.
"""

import fcntl
import os
import tempfile

MAX_BYTES = 16 * 1024
_TOLD_BYTES = 2000


def create() -> int:
    """Return a new descriptor; `take` reads and closes it."""
    if not hasattr(os, "memfd_create"):
        with tempfile.TemporaryFile() as file:
            return os.dup(file.fileno())
    fd = os.memfd_create("sandbox-stderr", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, MAX_BYTES)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
    return fd


def take(fd: int) -> str:
    """Return the end of what was written and close the descriptor."""
    text = os.pread(fd, MAX_BYTES, 0).rstrip(b"\0").decode("utf-8", "replace")
    os.close(fd)
    return text[-_TOLD_BYTES:]
