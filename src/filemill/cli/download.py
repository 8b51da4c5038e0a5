"""`filemill download`: a file's bytes into a file beside its place, checked, then renamed; nothing half-written stays."""

import hashlib
import sys
from pathlib import Path
from typing import Any, BinaryIO

from filemill.cli.api import Api, CallFailed, failure


def download_file(api: Api, file_id: str, output: Path | None) -> Path | None:
    """Fetch and check. Returns where it is, None for standard output. Raises `CallFailed`."""
    file = api.get(f"/api/upload/files/{file_id}")
    if output is not None and str(output) == "-":
        _copy(api, file, sys.stdout.buffer)
        return None
    target = output or Path(Path(file["filename"]).name)
    if target.is_dir():
        target = target / Path(file["filename"]).name
    if target.exists():
        raise CallFailed(f"{target} is there already; choose another place with --output")
    partial = target.with_name(f"{target.name}.part")
    try:
        with partial.open("wb") as writing:
            _copy(api, file, writing)
        partial.rename(target)
    except OSError as error:
        raise CallFailed(f"cannot write {target}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def _copy(api: Api, file: dict[str, Any], writing: BinaryIO) -> None:
    digest = hashlib.sha256()
    with api.stream(f"/api/upload/files/{file['file_id']}/content") as response:
        if not response.is_success:
            response.read()
            raise failure(response)
        for chunk in response.iter_bytes(1024 * 1024):
            digest.update(chunk)
            writing.write(chunk)
    if digest.hexdigest() != file["sha256"]:
        raise CallFailed("the bytes that came do not have the file's SHA-256; nothing was kept")
