"""Hashes that an operator vouches for, where an entry that comes with filemill has none: `pins.json` in the model's folder.

For entries whose publisher's hashes we could not see. Who brought the files says with `models pull ID --from FOLDER --pin` that
these are the ones; from then on they are checked like any others before each load. Not for an entry with hashes of its own.
On failure: `PullFailed`; a `pins.json` that makes no sense is `ValueError`, and counts as none.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from filemill.ai.models.entry import ModelEntry, ModelFile, checked
from filemill.ai.models.pulling import PullFailed
from filemill.ai.models.shelf import Shelf, sha256_of
from filemill.chassis.durable_folder import make_durable, sync_folder

PINS = "pins.json"
_MOST_BYTES = 64 * 1024


def found_in(entry: ModelEntry, place: Path) -> ModelEntry:
    """The entry with size and SHA-256 of the files in a folder. Raises `PullFailed`."""
    if entry.manifest_complete:
        raise PullFailed(f"{entry.id} has hashes of its own; pull it without --pin")
    if not place.is_dir():
        raise PullFailed(f"--pin takes the files of a folder, and {place.name} is none")
    files = []
    for file in entry.shelf_files:
        path = place / file.name
        if path.is_file():
            files.append(ModelFile(file.name, sha256=sha256_of(path), size_bytes=path.stat().st_size))
        elif not file.optional:
            raise PullFailed(f"there is no {file.name} in {place}; the model needs it")
    return replace(entry, files=tuple(files), size_bytes=sum(one.size_bytes or 0 for one in files), pinned=True)


def keep(entry: ModelEntry, shelf: Shelf) -> None:
    """Write down what was found; from the next start on it is the manifest."""
    folder = shelf.folder(entry)
    make_durable(folder)
    rows = [{"name": one.name, "size_bytes": one.size_bytes, "sha256": one.sha256} for one in entry.shelf_files]
    beside = folder / f"{PINS}.new"
    beside.write_text(json.dumps({"files": rows}, indent=1), encoding="utf-8")
    beside.replace(folder / PINS)
    sync_folder(folder)


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
