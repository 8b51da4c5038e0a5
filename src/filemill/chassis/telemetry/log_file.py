"""A log file with a bound: when it is full it becomes `NAME.log.1`, and what was `NAME.log.1` is gone.

On failure: on a disk without room lines are lost, counted, and the count is written once there is room. Nobody who logs fails.
"""

import contextlib
import os
from pathlib import Path

MOST_BYTES = 32 * 1024 * 1024


class BoundedLog:
    """The little of a text file that loggers use. One process writes to one file."""

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._most_bytes = most_bytes
        self._file = path.open("ab", buffering=0)
        self._size = path.stat().st_size
        self._lost = 0
        self._is_cut = False

    def write(self, text: str) -> int:
        """Append a line; the file is turned over first when it is full."""
        try:
            if self._size > self._most_bytes:
                self._turn_over()
            if self._lost:
                self._append(f"{self._lost} lines of this log were lost: they could not be written\n".encode())
                self._lost = 0
            self._append(text.encode("utf-8", "replace"))
        except OSError:
            self._lost += 1  # the line about a request must not break the request
        return len(text)

    def flush(self) -> None:
        """Each line is with the system already."""

    def isatty(self) -> bool:
        """Never a terminal."""
        return False

    def close(self) -> None:
        """Finish."""
        self._file.close()

    def _append(self, line: bytes) -> None:
        left = (b"\n" if self._is_cut else b"") + line
        while left:
            written = self._file.write(left) or 0
            self._is_cut = written < len(left)
            self._size += written
            left = left[written:]

    def _turn_over(self) -> None:
        full = os.fstat(self._file.fileno()).st_ino
        with contextlib.suppress(FileNotFoundError):  # a try before this one came so far
            self._path.replace(self._path.with_suffix(".log.1"))
        fresh = self._path.open("ab", buffering=0)
        self._file.close()
        self._file, self._size = fresh, 0
        for fd in (1, 2):  # where the runner sent what others print: it follows
            if os.fstat(fd).st_ino == full:
                os.dup2(self._file.fileno(), fd)
