"""What the entries of an archive hold, taken out one after the other. Folders, links and devices are never made.

On failure: `NotTaken` with a code: `needs-password`, `unsupported-compression`, `unreadable-archive`, or a bound.
"""

import bz2
import gzip
import lzma
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import IO, Any

from filemill.processing.steps import archive_members, seven_zip, zip_directory
from filemill.processing.steps.archive_members import SEVEN_ZIP, ZIP_TYPES, shown
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.taking import NotTaken, Taking

# Python builds an object for each entry of a zip before it shows the first.
_ZIP_MEMBERS_MAX = 100_000
_PIECE_BYTES = 1 << 18
_UNREADABLE = NotTaken("unreadable-archive", "The archive is damaged or ends in the middle; nothing was unpacked.")
_PASSWORD = NotTaken("needs-password", "The archive is protected by a password; upload one without.")
_PACKING = NotTaken("unsupported-compression", "The archive is packed in a way that is not read here.")


def take(context: StepContext, taking: Taking) -> None:
    """Take out every file that is wanted. Raises `NotTaken`."""
    try:
        if context.content_type in ZIP_TYPES:
            _zip(context, taking)
        elif context.content_type == SEVEN_ZIP:
            _seven_zip(context, taking)
        else:
            _tar_or_single(context, taking)
    except seven_zip.EncryptedNames as error:
        raise _PASSWORD from error
    except seven_zip.UnknownPacking as error:
        detail = f"The archive is packed with {error}, which is not read here; pack it again with LZMA2, or as zip."
        raise NotTaken(_PACKING.code, detail) from error
    except NotImplementedError as error:
        raise _PACKING from error
    except archive_members.BREAKS as error:
        raise _UNREADABLE from error


def _zip(context: StepContext, taking: Taking) -> None:
    for count, _ in enumerate(zip_directory.members(context.source), 1):
        if count > _ZIP_MEMBERS_MAX:
            raise NotTaken("too-many-entries", f"Archives of more than {_ZIP_MEMBERS_MAX} entries are not unpacked.")
    with zipfile.ZipFile(context.source) as archive:
        members = archive.infolist()
        for number, (member, listed) in enumerate(zip(members, zip_directory.members(context.source), strict=False)):
            taking.tell(number / len(members))
            path = shown(member.filename)
            if listed.is_link:
                taking.left_out += 1
            elif not member.is_dir() and taking.wants(path):
                if listed.encrypted or member.flag_bits & 1:
                    raise _PASSWORD
                if not taking.fits(member.file_size):
                    taking.refuse(number, path, member.file_size)
                    continue
                with archive.open(member) as file:
                    taking.take(number, path, None, _pieces(file))


def _seven_zip(context: StepContext, taking: Taking) -> None:
    count = sum(1 for _ in seven_zip.files(context.source))
    for number, (name, size_bytes, encrypted, pieces) in enumerate(seven_zip.contents(context.source)):
        taking.tell(number / count)
        path = shown(name)
        if taking.wants(path):
            if encrypted:
                raise _PASSWORD
            if taking.fits(size_bytes):
                taking.take(number, path, None, pieces())
            else:
                taking.refuse(number, path, size_bytes)


def _tar_or_single(context: StepContext, taking: Taking) -> None:
    compressed = context.content_type in archive_members.SINGLE
    found = False
    try:
        for _ in _tar(context, taking):
            found = True
    except tarfile.ReadError:
        if found or not compressed:
            raise
    if not found and compressed:
        path = archive_members.single(context).name
        if taking.wants(path):
            with _opened(context) as file:
                taking.take(0, path, None, _pieces(file))


def _tar(context: StepContext, taking: Taking) -> Iterator[None]:
    """Yields once for each entry, which is taken by then."""
    packed_bytes = max(1, context.source.stat().st_size)
    with context.source.open("rb") as raw, archive_members.unpacking(context, raw) as unpacked:
        mode: Any = "r|" if unpacked else "r|*"
        with tarfile.open(mode=mode, fileobj=unpacked or raw) as archive:
            for number, member in enumerate(archive):
                archive.members.clear()  # type: ignore[attr-defined]
                taking.tell(raw.tell() / packed_bytes)
                _take_member(archive, member, number, taking)
                yield


def _take_member(archive: tarfile.TarFile, member: tarfile.TarInfo, number: int, taking: Taking) -> None:
    path = shown(member.name)
    if member.isdir():
        return
    if not member.isfile():
        taking.left_out += 1
    elif taking.wants(path):
        file = archive.extractfile(member)
        if not taking.fits(member.size) or file is None:
            taking.refuse(number, path, member.size)
        else:
            taking.take(number, path, None, _pieces(file))


def _opened(context: StepContext) -> AbstractContextManager[Any]:
    kind = context.content_type
    if kind == "application/gzip":
        return gzip.open(context.source)
    if kind == "application/x-bzip2":
        return bz2.open(context.source)
    if kind == "application/x-xz":
        return lzma.open(context.source)
    return archive_members.unpacking(context)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE_BYTES):
        yield piece
