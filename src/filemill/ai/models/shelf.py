"""The folder of models on this machine (`FILEMILL_MODELS_DIR`): a folder per model, ours by its id, an operator's by any name.

Not for bringing files here (`pulling`) nor for reading them as models (`server`). Looking at the shelf compares sizes only and
is cheap; `flaw` reads a file whole, and is asked before a model is loaded. What is broken is told, and stops nothing else.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filemill.ai.models.entry import OWN_ENTRY, ModelEntry, ModelFile, read_entry

OWN_MOST = 200
ENTRY_MOST_BYTES = 256 * 1024
LOCK = ".lock"
PARTIAL = ".partial"
_BLOCK_BYTES = 1 << 20


class Taken(Exception):
    """Another process brings this model at the moment."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A folder whose entry cannot be used, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The models below one folder, which need not exist."""

    root: Path

    def own(self) -> tuple[list[ModelEntry], list[Broken]]:
        """The operator's own models, by folder name, and the folders whose entry is broken."""
        entries, broken = [], []
        for path in sorted(self.root.glob(f"*/{OWN_ENTRY}"))[:OWN_MOST]:
            try:
                if path.stat().st_size > ENTRY_MOST_BYTES:
                    raise ValueError(f"the entry is larger than {ENTRY_MOST_BYTES} bytes")
                entries.append(read_entry(path, own=True))
            except (OSError, ValueError) as error:
                broken.append(Broken(path.parent.name, str(error)))
        return entries, broken

    def folder(self, entry: ModelEntry) -> Path:
        """Where the files of a model are, or would be."""
        return entry.folder or self.root / entry.id

    def path(self, entry: ModelEntry, file: ModelFile) -> Path:
        """Where a file of a model is, or would be."""
        return self.folder(entry) / file.name

    def lacks(self, entry: ModelEntry) -> str | None:
        """The name of the first file that is not there."""
        return next((file.name for file in entry.shelf_files if not self.path(entry, file).is_file()), None)

    def wrong_size(self, entry: ModelEntry) -> str | None:
        """Say which file has not the size its entry names; cheap, for a first look."""
        for file in entry.shelf_files:
            found = self.path(entry, file).stat().st_size
            if file.size_bytes is not None and found != file.size_bytes:
                return f"{file.name} has {found} bytes, not {file.size_bytes}"
        return None

    def signature(self, entry: ModelEntry) -> tuple[tuple[int, int], ...]:
        """What changes when somebody replaces a file."""
        found = []
        for file in entry.shelf_files:
            try:
                facts = self.path(entry, file).stat()
                found.append((facts.st_size, facts.st_mtime_ns))
            except OSError:
                found.append((0, 0))
        return tuple(found)

    def is_being_filled(self, entry: ModelEntry) -> bool:
        """Whether a pull of this model runs now, on this machine."""
        try:
            fd = os.open(self.folder(entry) / LOCK, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False

    @contextmanager
    def filling(self, entry: ModelEntry) -> Iterator[None]:
        """Nobody else fills the folder meanwhile; raises `Taken`. The lock (flock(2)) dies with its process."""
        fd = os.open(self.folder(entry) / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Taken(f"{entry.id} is being pulled by another process; wait for its end") from None
            yield
        finally:
            os.close(fd)


def flaw(path: Path, file: ModelFile) -> str | None:
    """Say what is wrong with the bytes of a file, or None. Reads it whole."""
    if not path.is_file():
        return f"{file.name} is missing"
    size = path.stat().st_size
    if file.size_bytes is not None and size != file.size_bytes:
        return f"{file.name} has {size} bytes, not {file.size_bytes}"
    found = sha256_of(path)
    return None if found == file.sha256 else f"{file.name} has the SHA-256 {found}, not {file.sha256}"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(_BLOCK_BYTES):
            found.update(block)
    return found.hexdigest()
