"""Step: what an archive says it holds: names, sizes, counts. Nothing is ever unpacked to disk.

The names are searchable text. A compressed tar must be read through to be listed, so that reading is bounded.
On failure: `unreadable-archive`; `needs-password` never, since names are readable even in an encrypted ZIP.
"""

import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from filemill.processing.steps import text_pages
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.results import DONE, StepEnd, StepError

NAME = "archive_list"
VERSION = 1

# Enough to show and search; an archive of a million files is told by its counts.
ENTRIES_LISTED_MAX = 1000
_ENTRIES_COUNTED_MAX = 200_000
# Unpacked bytes read through at most: some seconds of processor time.
_TAR_READ_MAX_BYTES = 512 << 20
_NAME_MAX_CHARACTERS = 500
_SINGLE = {"application/gzip": ".gz", "application/x-bzip2": ".bz2", "application/x-xz": ".xz"}
_MAGIC = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zXZ\x00"}
_ZIP_TYPES = ("application/zip", "application/java-archive", "application/vnd.android.package-archive")


@dataclass(frozen=True)
class _Entry:
    name: str
    size_bytes: int | None
    encrypted: bool = False


def run(context: StepContext) -> StepEnd:
    """Set the archive's properties and the names as text."""
    listed: list[_Entry] = []
    count, total_bytes, encrypted, complete = 0, 0, False, True
    entries = _zip_entries(context) if context.content_type in _ZIP_TYPES else _tar_entries(context)
    try:
        for entry in entries:
            count += 1
            total_bytes += entry.size_bytes or 0
            complete = complete and entry.size_bytes is not None
            encrypted = encrypted or entry.encrypted
            if len(listed) < ENTRIES_LISTED_MAX:
                listed.append(entry)
            if count >= _ENTRIES_COUNTED_MAX:
                complete = False
                break
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, ValueError, NotImplementedError) as error:
        if not count:
            detail = "The archive could not be opened: its data is damaged or the file ends in the middle."
            raise StepError(StepEnd("failed", "unreadable-archive", detail)) from error
        complete = False
    context.properties["archive"] = {
        "entry_count": count,
        "unpacked_bytes": total_bytes,
        "encrypted": encrypted,
        "complete": complete,
        "entries": [{"name": entry.name, "size_bytes": entry.size_bytes} for entry in listed],
    }
    context.pages = [text_pages.Page(1, text_pages.clean("\n".join(entry.name for entry in listed)))]
    context.text_state = "found" if text_pages.has_words(context.pages) else "empty"
    return DONE


def _zip_entries(context: StepContext) -> Iterator[_Entry]:
    with zipfile.ZipFile(context.source) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                yield _Entry(_shown(member.filename), member.file_size, encrypted=bool(member.flag_bits & 1))


def _tar_entries(context: StepContext) -> Iterator[_Entry]:
    try:
        archive = tarfile.open(context.source, mode="r|*")  # noqa: SIM115  closed below, after the first read decides
    except tarfile.ReadError:
        if context.content_type not in _SINGLE:
            raise
        yield _single(context)
        return
    with archive:
        for member in archive:
            if not member.isdir():
                yield _Entry(_shown(member.name), max(0, member.size))
            if member.offset_data + member.size > _TAR_READ_MAX_BYTES:
                raise EOFError("more of the archive than we read to list it")


def _single(context: StepContext) -> _Entry:
    """Return the one file of a gzip, bzip2 or xz that is no tar; its size is not known without unpacking it all."""
    suffix = _SINGLE[context.content_type]
    with context.source.open("rb") as file:
        if not file.read(6).startswith(_MAGIC[suffix]):
            raise tarfile.ReadError("not a compressed file")
    name = context.filename.removesuffix(suffix) or "content"
    return _Entry(_shown(name), None)


def _shown(name: str) -> str:
    """Return a member's name for display: whatever it hides (`../`, control characters) it is never used as a path."""
    return text_pages.clean(name.replace("\n", " ").encode("utf-8", "replace").decode("utf-8"))[:_NAME_MAX_CHARACTERS]
