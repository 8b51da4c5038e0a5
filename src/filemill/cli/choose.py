"""Which files `filemill upload` sends: those that were named, and those in the folders that were named.

In folders hidden names are left out unless asked for, and symbolic links are never followed: neither to a file elsewhere nor
round in circles. Whatever was named itself is taken as it is. A folder that cannot be read is a failed file, not the end.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from filemill.cli.api import CallFailed


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file to send. `place`: its path with the name of the folder that was named. `trouble`: why it cannot be sent."""

    path: Path
    size_bytes: int = 0
    place: str | None = None
    trouble: str | None = None


def files_below(paths: list[Path], *, hidden: bool = False) -> list[Chosen]:
    """Each file once. Raises `CallFailed` for a path that is not there, and where there is nothing to send."""
    found: dict[Path, Chosen] = {}
    for path in paths:
        if path.is_dir():
            chosen = _walk(path, hidden=hidden)
        elif path.is_file():
            chosen = [Chosen(path, path.stat().st_size)]
        else:
            raise CallFailed(f"there is no file {path}")
        for one in chosen:
            found.setdefault(one.path.absolute(), one)
    if not found:
        raise CallFailed("there are no files in what was named")
    return list(found.values())


def _walk(folder: Path, *, hidden: bool) -> list[Chosen]:
    found: list[Chosen] = []

    def unreadable(error: OSError) -> None:
        found.append(Chosen(Path(error.filename), trouble=f"cannot read the folder: {error.strerror}"))

    # `photos/2024/a.jpg` for `photos`, `2024/a.jpg` for `.` and `..`, which have no name of their own
    above = folder.parent if folder.name not in ("", "..") else folder
    for place, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if hidden or not name.startswith("."))
        for name in sorted(files):
            path = Path(place, name)
            if (name.startswith(".") and not hidden) or path.is_symlink() or not path.is_file():
                continue
            found.append(Chosen(path, path.stat().st_size, shown(path.relative_to(above))))
    return found


def shown(path: Path) -> str:
    """A path as text; bytes in it that are no UTF-8 become question marks."""
    return os.fsencode(path).decode("utf-8", "replace")
