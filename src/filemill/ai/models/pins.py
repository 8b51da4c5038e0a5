"""Hashes that an operator vouches for, where an entry that comes with filemill has none: `pins.json` in the model's folder.

For entries whose publisher's hashes we could not see; they are checked like any others before each load. Not for an entry with
hashes of its own, nor for writing them (pinning.py: the zygote of the rules reads, and loads nothing that only writes).
On failure: a `pins.json` that makes no sense is `ValueError`, and counts as none.
"""

import json
from dataclasses import replace
from typing import Any

from filemill.ai.models.entry import ModelEntry, ModelFile, checked
from filemill.ai.models.shelf import Shelf

PINS = "pins.json"
_MOST_BYTES = 64 * 1024


def with_pins(entry: ModelEntry, shelf: Shelf) -> ModelEntry:
    """The entry as an operator pinned it; as it is where nobody did, or where it has hashes of its own. Raises `ValueError`."""
    path = shelf.folder(entry) / PINS
    if entry.manifest_complete or not path.is_file():
        return entry
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"it is larger than {_MOST_BYTES} bytes")
        rows = json.loads(path.read_bytes())["files"]
        files = tuple(_file(row) for row in rows)
        known = {file.name for file in entry.shelf_files}
        needed = {file.name for file in entry.shelf_files if not file.optional}
        if not needed <= {one.name for one in files} <= known:
            raise ValueError("it does not name the files of this model")
        return checked(replace(entry, files=files, size_bytes=sum(one.size_bytes or 0 for one in files), pinned=True))
    except (OSError, KeyError, TypeError, AttributeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{PINS} of {entry.id} cannot be used: {type(error).__name__}") from error


def _file(row: dict[str, Any]) -> ModelFile:
    return ModelFile(str(row["name"]), sha256=str(row["sha256"]), size_bytes=int(row["size_bytes"]))
