"""Getting a file's bytes, as steps: beside its place, checked against its SHA-256, then renamed; nothing half-written stays.

A connection that breaks is taken up again where it broke (Range with If-Range).
"""

import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from filemill.client.errors import MillError
from filemill.client.file import File
from filemill.client.patience import Patience, ask_again
from filemill.client.steps import Answer, Call, Steps, Work, ask


@dataclass(slots=True)
class _Receiving:
    """Takes the bytes of one version, from as many answers as it needs."""

    file: BinaryIO
    etag: str
    received: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def begin(self, answer: Answer) -> None:
        """Every answer must be the rest of the same bytes."""
        if answer.headers.get("etag") != self.etag or (answer.status == 206) != (self.received > 0):
            raise MillError("digest-mismatch", "the server began to send something else", status=answer.status)

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        self.file.write(data)
        self.received += len(data)


def download(file: File, into: BinaryIO) -> Steps[None]:
    """The bytes of this version. Raises `MillError`, also when what came does not have the file's SHA-256."""
    receiving = _Receiving(into, f'"{file.sha256}"')
    path, patience = f"/api/upload/files/{file.file_id}/content", Patience()
    while True:
        before = receiving.received
        headers = {"Accept-Encoding": "identity"}
        if before:
            headers |= {"Range": f"bytes={before}-", "If-Range": receiving.etag}
        try:
            if before < file.size:
                yield from ask(Call("GET", path, {"version": str(file.version)}, headers, sink=receiving))
            break
        except MillError as error:
            if not error.retryable:
                raise
            if receiving.received > before:
                patience.progressed()
            yield patience.pause(error)
    if receiving.digest.hexdigest() != file.sha256:
        raise MillError("digest-mismatch", "the bytes that came do not have the file's SHA-256; nothing was kept")


def download_into(file_id: str, into: BinaryIO) -> Steps[File]:
    """Into an open file. What was written before an error stays there."""
    answer = yield from ask_again(Call("GET", f"/api/upload/files/{file_id}"))
    file = File.of(answer.json())
    yield from download(file, into)
    return file


def download_to(file_id: str, path: Path, *, overwrite: bool) -> Steps[Path]:
    """Into `path`, or into a folder under the file's name. Raises `FileExistsError`, `MillError`."""
    answer = yield from ask_again(Call("GET", f"/api/upload/files/{file_id}"))
    file = File.of(answer.json())
    target = path / safe_name(file.filename) if path.is_dir() else path
    with part_of(target, overwrite=overwrite) as part:
        yield from download(file, part.file)
        yield Work(part.keep)
    return target


@dataclass(slots=True)
class _Whole:
    """Takes one answer from its beginning; a later answer begins the file anew."""

    file: BinaryIO

    def begin(self, answer: Answer) -> None:
        if not answer.headers.get("content-type", "").startswith("application/zip"):
            raise MillError("not-a-filemill", "what came is no zip", status=answer.status)
        self.file.seek(0)
        self.file.truncate()

    def write(self, data: bytes) -> None:
        self.file.write(data)


def download_zip(file_ids: Sequence[str], path: Path, *, overwrite: bool) -> Steps[Path]:
    """Several files as one zip. A connection that breaks is begun anew: a zip is made while it is sent, and has no ranges."""
    target = path / "files.zip" if path.is_dir() else path
    with part_of(target, overwrite=overwrite) as part:
        asked = {"file_ids": list(file_ids)}
        headers = {"Accept-Encoding": "identity"}
        yield from ask_again(Call("POST", "/api/upload/files/zip", headers=headers, json=asked, sink=_Whole(part.file)))
        yield Work(part.keep)
    return target


def safe_name(filename: str) -> str:
    """A name for this machine: the server's is display data, and might be a path."""
    name = filename.replace("\\", "/").rpartition("/")[2].replace("\0", "")
    return name if name not in ("", ".", "..") else "unnamed"


@dataclass(slots=True)
class Part:
    """A file beside its place. `keep` gives it its name; left otherwise, it is removed."""

    file: BinaryIO
    path: Path
    target: Path

    def keep(self) -> None:
        """Sync, and rename."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.path.replace(self.target)

    def __enter__(self) -> "Part":
        return self

    def __exit__(self, *_error: object) -> None:
        self.file.close()
        self.path.unlink(missing_ok=True)


def part_of(target: Path, *, overwrite: bool) -> Part:
    """Open a part file. Raises `FileExistsError` where the target is there and may not be replaced."""
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} is there already")
    path = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    return Part(path.open("xb"), path, target)
