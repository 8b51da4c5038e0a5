"""`filemill export`: what a search finds as a table, into a file that appears only when it is whole, or on standard output."""

import os
import sys
from pathlib import Path
from typing import BinaryIO

from filemill.cli import screen
from filemill.cli.api import Api, CallFailed


def export(query: str, format_: str, output: Path | None) -> None:
    """Raises `CallFailed` if it broke off; then there is no file."""
    if output is None:
        _write(query, format_, sys.stdout.buffer)
        return
    partial = output.with_name(f".{output.name}.partial")
    try:
        with partial.open("wb") as file:
            size_bytes = _write(query, format_, file)
        os.replace(partial, output)  # noqa: PTH105 - the same folder
    except OSError as error:
        raise CallFailed(f"{output} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    screen.say(f"{output}  {screen.size(size_bytes)}")


def _write(query: str, format_: str, file: BinaryIO) -> int:
    """Returns the size in bytes."""
    size_bytes = 0
    with screen.bars() as progress:
        for block in Api().stream("/api/metadata/export", q=query, format=format_):
            file.write(block)
            size_bytes += len(block)
            progress("bytes", size_bytes, size_bytes)
    file.flush()
    return size_bytes
