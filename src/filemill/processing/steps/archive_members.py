"""The entries of each kind of archive, one after the other, as it says itself; nothing is unpacked but to pass over it.

Not for: using a name as a path; whatever it hides is only shown. On failure: one of `BREAKS`, also in the middle.
"""

import lzma
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from filemill.processing.steps import seven_zip, text_pages, zip_directory
from filemill.processing.steps.context import StepContext

BREAKS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    seven_zip.BadSevenZip,
    EOFError,
    OSError,
    lzma.LZMAError,
    zlib.error,
    zstd.ZstdError,
)
Kind = Literal["file", "link", "special"]
# Unpacked bytes read through at most: some seconds of processor time.
_TAR_READ_MAX_BYTES = 512 << 20
_NAME_MAX_CHARACTERS = 500
SINGLE = {
    "application/gzip": (".gz", b"\x1f\x8b"),
    "application/x-bzip2": (".bz2", b"BZh"),
    "application/x-xz": (".xz", b"\xfd7zXZ\x00"),
    "application/zstd": (".zst", b"\x28\xb5\x2f\xfd"),
}
ZIP_TYPES = frozenset({"application/zip", "application/java-archive", "application/vnd.android.package-archive"})
SEVEN_ZIP = "application/x-7z-compressed"
_ZSTD = "application/zstd"
# A frame of zstd may ask for a window of 2 GiB.
ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 27}


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in an archive; its size is None where only unpacking it would tell."""

    name: str
    size_bytes: int | None
    encrypted: bool = False
    kind: Kind = "file"


def entries(context: StepContext) -> Iterator[Entry]:
    """Yield the files of an archive of any kind we know; folders are none."""
    if context.content_type in ZIP_TYPES:
        for member in zip_directory.members(context.source):
            if not member.is_folder:
                yield Entry(
                    shown(member.name), member.size_bytes, member.encrypted, "link" if member.is_link else "file"
                )
    elif context.content_type == SEVEN_ZIP:
        for name, size_bytes, encrypted in seven_zip.files(context.source):
            yield Entry(shown(name), size_bytes, encrypted)
    else:
        yield from _tar_orsingle(context)


def _tar_orsingle(context: StepContext) -> Iterator[Entry]:
    compressed = context.content_type in SINGLE
    found = False
    try:
        for entry in _tar(context):
            found = True
            yield entry
    except tarfile.ReadError:
        if found or not compressed:
            raise
    if not found and compressed:
        # Zeros read like an empty tar: what has no entries is no tar.
        yield single(context)


def _tar(context: StepContext) -> Iterator[Entry]:
    with (
        unpacking(context) as file,
        tarfile.open(context.source, mode="r|" if file else "r|*", fileobj=file) as archive,
    ):
        for member in archive:
            archive.members.clear()  # type: ignore[attr-defined]
            if not member.isdir():
                yield Entry(shown(member.name), max(0, member.size), kind=_kind(member))
            if member.offset_data + member.size > _TAR_READ_MAX_BYTES:
                raise EOFError("more of the archive than we read to list it")


def _kind(member: tarfile.TarInfo) -> Kind:
    if member.isfile():
        return "file"
    return "link" if member.issym() or member.islnk() else "special"


def unpacking(context: StepContext, file: Any = None) -> AbstractContextManager[Any]:
    """Return a file to read zstd through; tarfile knows the other kinds itself, in every Python we run on."""
    if context.content_type != _ZSTD:
        return nullcontext()
    opened: AbstractContextManager[Any] = zstd.open(file or context.source, "rb", options=ZSTD_OPTIONS)
    return opened


def single(context: StepContext) -> Entry:
    """Return the one file of a compressed file that is no tar; its size is not known without unpacking it all."""
    suffix, magic = SINGLE[context.content_type]
    with context.source.open("rb") as file:
        if not file.read(len(magic)).startswith(magic):
            raise tarfile.ReadError("not a compressed file")
    return Entry(shown(context.filename.removesuffix(suffix) or "content"), None)


def shown(name: str) -> str:
    """Return a member's name for display: whatever it hides (`../`, control characters) it is never used as a path."""
    return text_pages.clean(name.replace("\n", " ").encode("utf-8", "replace").decode("utf-8"))[:_NAME_MAX_CHARACTERS]
