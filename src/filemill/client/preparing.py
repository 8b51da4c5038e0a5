"""From what a caller gives (`Path`, text or open file) to an upload that can begin."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from filemill.client.at_once import SMALL_BYTES, AtOnce
from filemill.client.memory import UploadMemory
from filemill.client.source import OnProgress, Source, opened
from filemill.client.uploading import Remembered, Uploading


def prepare(
    stack: ExitStack,
    given: Path | str | BinaryIO,
    filename: str | None,
    fields: Mapping[str, str],
    on_progress: OnProgress | None,
    server: str,
    memory: UploadMemory | None,
) -> AtOnce | Uploading:
    """What `stack` closes is what was opened here. An open file is nobody's path, so nothing remembers it."""
    if not isinstance(given, Path | str):
        said = getattr(given, "name", None)
        name = filename or (Path(said).name if isinstance(said, str) else "unnamed")
        return _fitting(Source.of(given, name, on_progress), fields, None)
    path = Path(given)
    source = opened(path, on_progress)
    stack.callback(source.file.close)
    source.name = filename or source.name
    remembered = Remembered(memory, memory.entry(server, path, {**fields, "filename": source.name})) if memory else None
    return _fitting(source, fields, remembered)


def _fitting(source: Source, fields: Mapping[str, str], remembered: Remembered | None) -> AtOnce | Uploading:
    kind = AtOnce if source.size_bytes <= SMALL_BYTES else Uploading
    return kind(source, fields, remembered)
