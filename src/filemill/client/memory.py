"""Which uploads of this machine are not done yet, so that a later process goes on with them.

A file per upload in the user's state folder, named by a hash of server, path, size, time of change and fields; in it the id
of the upload, which is worth nothing without the key. No locks: each is written whole and replaced, and two processes that
send the same file at once are kept apart by the server. On failure (a read-only home) nothing is remembered, and uploads work.
"""

import contextlib
import hashlib
import json
import os
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ENTRIES_MOST = 10_000
LOOK_EVERY = 500
"""Entries are counted, and the oldest removed, once in so many notes."""


@dataclass(slots=True)
class UploadMemory:
    """Remembers in `folder`. `keep_done`: what is done, too, until `clear_done`: a run of many files can be repeated."""

    folder: Path
    keep_done: bool = False
    _done: list[str] = field(default_factory=list)
    _noted: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of_user(cls, *, keep_done: bool = False) -> "UploadMemory":
        """In the state folder of the user (XDG Base Directory: `XDG_STATE_HOME`, else `~/.local/state`)."""
        told = os.environ.get("XDG_STATE_HOME", "")
        state = Path(told) if told.startswith("/") else Path("~/.local/state").expanduser()
        return cls(state / "filemill" / "uploads", keep_done)

    def entry(self, server: str, path: Path, fields: Mapping[str, str]) -> str:
        """The name of this file, as it is now, on this server."""
        stat = path.stat()
        facts = [server, str(path.absolute()), stat.st_size, stat.st_mtime_ns, sorted(fields.items())]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def find(self, entry: str) -> str | None:
        """The upload that was begun for it."""
        try:
            text = (self.folder / entry).read_text(encoding="ascii")
        except (OSError, ValueError):
            return None  # not there, or not readable: the upload begins anew
        return text if 0 < len(text) <= 64 and text.isprintable() and "/" not in text else None

    def note(self, entry: str, upload_id: str) -> None:
        """The upload has begun."""
        with contextlib.suppress(OSError):  # remembering is an offer; without it the upload works all the same
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = self.folder / f"{entry}.{secrets.token_hex(4)}"
            fresh.touch(mode=0o600, exist_ok=False)
            fresh.write_text(upload_id, encoding="ascii")
            fresh.replace(self.folder / entry)
        with self._guard:
            self._noted += 1
            look = self._noted % LOOK_EVERY == 1
        if look:
            self._prune()

    def done(self, entry: str) -> None:
        """The file is there."""
        with self._guard:
            if self.keep_done:
                self._done.append(entry)
                return
        self.forget(entry)

    def forget(self, entry: str) -> None:
        """There is nothing to go on with."""
        with contextlib.suppress(OSError):  # an entry too many leads to a file that is there, or to a 404
            (self.folder / entry).unlink(missing_ok=True)

    def clear_done(self) -> None:
        """Everything ended well: a later run is a new one."""
        with self._guard:
            done, self._done = self._done, []
        for entry in done:
            self.forget(entry)

    def _prune(self) -> None:
        aged = []
        with contextlib.suppress(OSError):  # another process prunes as well
            aged = [(one.stat().st_mtime, one.name) for one in os.scandir(self.folder)]
        for _, name in sorted(aged)[: max(0, len(aged) - ENTRIES_MOST)]:
            self.forget(name)
