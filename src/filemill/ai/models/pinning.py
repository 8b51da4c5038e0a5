"""Writing down hashes that an operator vouches for: `models pull ID --from FOLDER --pin` says that these files are the ones.

Not for: what they mean afterwards (pins.py). On failure: `PullFailed` with one line.
"""

import json
from dataclasses import replace
from pathlib import Path

from filemill.ai.models.entry import ModelEntry, ModelFile
from filemill.ai.models.pins import PINS
from filemill.ai.models.pulling import PullFailed
from filemill.ai.models.shelf import Shelf, sha256_of
from filemill.chassis.durable_folder import make_durable, sync_folder


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
