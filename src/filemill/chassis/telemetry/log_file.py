"""A log file with a bound: when it is full it becomes `NAME.log.1`, and what was `NAME.log.1` is gone."""

import os
from pathlib import Path

MOST_BYTES = 32 * 1024 * 1024


class BoundedLog:
    """The little of a text file that loggers use. One process writes to one file."""

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._most_bytes = most_bytes
        self._file = path.open("a", encoding="utf-8")
        self._size = path.stat().st_size

    def write(self, text: str) -> int:
        """Append; the file is turned over first when it is full."""
        if self._size > self._most_bytes:
            self._turn_over()
        self._size += len(text.encode("utf-8", "replace"))
        return self._file.write(text)

    def flush(self) -> None:
        """Hand what was written to the system."""
        self._file.flush()

    def isatty(self) -> bool:
        """Never a terminal."""
        return False

    def close(self) -> None:
        """Finish."""
        self._file.close()

    def _turn_over(self) -> None:
        full = os.fstat(self._file.fileno()).st_ino
        self._file.close()
        self._path.replace(self._path.with_suffix(".log.1"))
        self._file = self._path.open("a", encoding="utf-8")
        self._size = 0
        for fd in (1, 2):  # where the runner sent what others print: it follows
            if os.fstat(fd).st_ino == full:
                os.dup2(self._file.fileno(), fd)
