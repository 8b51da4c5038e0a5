"""Bringing a model's files to the shelf: from the URLs of its manifest, or from a folder or wheel that somebody brought here.

A file grows as `NAME.partial`, is checked against size and SHA-256, synced, and only then gets its name: what has a name on the
shelf was whole and right. A pull that is cut goes on where it was, by itself a few times and at the next call. Nothing that is
fetched is run, and nothing but the files of the manifest is taken. On failure: `PullFailed` with one line.
"""

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from filemill.ai.models.entry import ModelEntry, ModelFile
from filemill.ai.models.shelf import PARTIAL, Shelf, Taken, flaw
from filemill.chassis.crash_points import crash_point
from filemill.chassis.durable_folder import make_durable, sync, sync_folder

Progress = Callable[[str, int, int], None]
"""Told of a file: its name, bytes that are here, bytes there will be."""

TRIES = 3
"""In a row that bring nothing."""
PAUSE_S = 0.5
_SPARE_BYTES = 64 << 20
"""Left free beside a model: a full disk would stop uploads."""


class PullFailed(Exception):
    """The model is not here; the text says why in one line."""


class Cut(Exception):
    """The source broke off; what came of the file can be kept, and asking again may help."""


class Source(Protocol):
    """Where files come from."""

    def blocks(self, file: ModelFile, have_bytes: int) -> Iterator[tuple[int, bytes]]:
        """Yield (offset, bytes) of a file, from `have_bytes` on or from 0. Raises `PullFailed`, or `Cut`."""
        ...


def pull(
    entry: ModelEntry, shelf: Shelf, source: Source, progress: Progress, pause: Callable[[float], None] = time.sleep
) -> None:
    """Bring every file that is not here yet, or is not what the manifest says. Raises `PullFailed`.

    `pause` is told the seconds to wait before a source that broke off is asked again.
    """
    if not entry.manifest_complete:
        raise PullFailed(
            f"{entry.id} has no verified SHA-256 in its manifest; bring its files and say "
            f"`filemill models pull {entry.id} --from FOLDER --pin`"
        )
    try:
        make_durable(shelf.folder(entry))
        with shelf.filling(entry):
            wanted = [file for file in entry.shelf_files if flaw(shelf.path(entry, file), file) is not None]
            _check_room(shelf.folder(entry), wanted)
            for file in wanted:
                _bring(shelf.path(entry, file), file, source, progress, pause)
    except Taken as error:
        raise PullFailed(str(error)) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise PullFailed(f"the disk is full; make room for {entry.size_bytes} bytes and pull again") from error
        raise PullFailed(f"the folder of models cannot be written: {error.strerror}") from error


def _bring(target: Path, file: ModelFile, source: Source, progress: Progress, pause: Callable[[float], None]) -> None:
    partial = target.with_name(target.name + PARTIAL)
    tries_left, before = TRIES, -1
    while True:
        have = partial.stat().st_size if partial.exists() else 0
        if have > (file.size_bytes or 0):
            partial.unlink()
            have = 0
        try:
            _fill(partial, file, source, have, progress)
            break
        except Cut as error:
            got = partial.stat().st_size
            # What moves forward may break off as often as it likes.
            tries_left = tries_left - 1 if got <= before else TRIES
            before = got
            if tries_left == 0:
                raise PullFailed(
                    f"{file.name} broke off at {got} of {file.size_bytes} bytes ({error}); pull again"
                ) from error
            pause(PAUSE_S * 2 ** (TRIES - tries_left))
    wrong = flaw(partial, ModelFile(file.name, None, file.sha256, file.size_bytes))
    if wrong is not None:
        partial.unlink()
        raise PullFailed(f"{wrong}; it was thrown away, and nothing of it is loaded")
    crash_point("models.pull.checked")
    partial.replace(target)
    sync_folder(target.parent)


def _fill(partial: Path, file: ModelFile, source: Source, have: int, progress: Progress) -> None:
    """Write what the source yields; the size of the manifest is the most."""
    size = file.size_bytes or 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    fd = os.open(partial, flags, 0o644)
    try:
        at = have
        progress(file.name, at, size)
        for offset, block in source.blocks(file, have) if at < size else ():
            if offset != at:
                os.ftruncate(fd, offset)  # the source began anew
                at = offset
            if at + len(block) > size:
                os.ftruncate(fd, 0)
                raise PullFailed(f"{file.name} is larger than the {size} bytes of the manifest")
            os.pwrite(fd, block, at)
            at += len(block)
            progress(file.name, at, size)
            crash_point("models.pull.written")
        sync(fd, os.fsync)
    finally:
        os.close(fd)
    if at < size:
        raise Cut(f"it ended after {at} bytes")


def _check_room(folder: Path, wanted: list[ModelFile]) -> None:
    needed = sum(file.size_bytes or 0 for file in wanted)
    if wanted and shutil.disk_usage(folder).free < needed + _SPARE_BYTES:
        raise PullFailed(f"the disk has no room for {needed} bytes more; make room and pull again")


def check(entry: ModelEntry, shelf: Shelf) -> list[str]:
    """What is wrong with the files of a model, read whole; empty if nothing."""
    return [wrong for file in entry.shelf_files if (wrong := flaw(shelf.path(entry, file), file)) is not None]
