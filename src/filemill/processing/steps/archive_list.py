"""Step: what an archive says it holds: names, sizes, counts. Nothing is ever unpacked to disk.

The names are searchable text. A compressed tar must be read through to be listed, so that reading is bounded.
On failure: `unreadable-archive`; `needs-password` only where the names themselves are protected (7z).
"""

import time
from collections.abc import Iterator
from typing import Any

from filemill.processing.steps import archive_members, seven_zip, text_pages
from filemill.processing.steps.archive_members import Entry
from filemill.processing.steps.context import StepContext
from filemill.processing.steps.fitting import first_that_fit
from filemill.processing.steps.results import DONE, StepEnd, StepError

NAME = "archive_list"
VERSION = 2

# Names kept as text; an archive of a million files is told by its counts.
ENTRIES_LISTED_MAX = 10_000
# Of them those that are shown with their sizes.
_SHOWN_MAX_BYTES = 12 * 1024
_ENTRIES_COUNTED_MAX = 1_000_000
# Well before the run's own limit: what was counted by then is told, and that there is more.
_COUNTING_MAX_S = 10.0
_NAMES_PROTECTED = StepEnd(
    "needs-password", "needs-password", "The names in this archive are protected by a password; upload one without."
)


def run(context: StepContext) -> StepEnd:
    """Set the archive's properties and the names as text."""
    listed: list[Entry] = []
    give_up_at = time.monotonic() + _COUNTING_MAX_S
    count, total_bytes, encrypted, complete = 0, 0, False, True
    try:
        for entry in archive_members.entries(context):
            count += 1
            total_bytes += entry.size_bytes or 0
            complete = complete and entry.size_bytes is not None
            encrypted = encrypted or entry.encrypted
            if len(listed) < ENTRIES_LISTED_MAX:
                listed.append(entry)
            if count >= _ENTRIES_COUNTED_MAX or (count % 1000 == 0 and time.monotonic() > give_up_at):
                complete = False
                break
    except seven_zip.EncryptedNames as error:
        context.text_state = "needs-password"
        raise StepError(_NAMES_PROTECTED) from error
    except archive_members.BREAKS as error:
        if not count:
            detail = "The archive could not be opened: its data is damaged or the file ends in the middle."
            raise StepError(StepEnd("failed", "unreadable-archive", detail)) from error
        complete = False
    context.properties["archive"] = {
        "entry_count": count,
        "unpacked_bytes": total_bytes,
        "encrypted": encrypted,
        "complete": complete,
        "entries": first_that_fit(_shown(listed), max_bytes=_SHOWN_MAX_BYTES),
    }
    context.pages = [text_pages.Page(1, text_pages.clean("\n".join(entry.name for entry in listed)))]
    if not text_pages.has_words(context.pages):
        context.text_state = "empty"
        return StepEnd("empty", "no-text", "The archive names no files.")
    context.text_state = "found"
    return DONE


def _shown(listed: list[Entry]) -> Iterator[dict[str, Any]]:
    for entry in listed:
        kind = {"kind": entry.kind} if entry.kind != "file" else {}
        yield {"name": entry.name, "size_bytes": entry.size_bytes} | kind
