"""What an owner may write about a file: sizes and names, checked before anything is changed."""

from collections.abc import Mapping
from typing import Any

from filemill.chassis.bounds import CONTROLS, flaw_of_json
from filemill.chassis.errors import BadRequest
from filemill.contracts.metadata import BulkPatch, DocumentPatch

TAG_MOST_CHARACTERS = 100
CUSTOM_MOST_BYTES = 64 * 1024
CUSTOM_MOST_DEPTH = 4
CUSTOM_MOST_NAMES = 100


def check_patch(asked: DocumentPatch) -> None:
    """Raises `BadRequest` with the first thing that is wrong."""
    if not asked.model_fields_set:
        raise BadRequest("The patch changes nothing; it may have title, description, tags and custom.")
    for tag in asked.tags or []:
        if not tag.strip() or len(tag) > TAG_MOST_CHARACTERS or CONTROLS.search(tag):
            raise BadRequest(f"A tag has 1 to {TAG_MOST_CHARACTERS} characters, and no control characters.")
    if asked.custom is not None and (flaw := flaw_of_custom(asked.custom)):
        raise BadRequest(flaw)


def check_bulk(asked: BulkPatch) -> None:
    """Raises `BadRequest` with the first thing that is wrong."""
    if not (asked.add_tags or asked.remove_tags or asked.custom):
        raise BadRequest("It changes nothing; it may have add_tags, remove_tags and custom.")
    if both := sorted(set(asked.add_tags) & set(asked.remove_tags)):
        raise BadRequest(f"The tag {both[0]!r} is to be added and removed.")
    check_patch(DocumentPatch(tags=asked.add_tags, custom=asked.custom))


def flaw_of_custom(custom: Mapping[str, Any]) -> str | None:
    """What is wrong with custom fields, in a sentence."""
    if len(custom) > CUSTOM_MOST_NAMES:
        return f"Custom fields may be {CUSTOM_MOST_NAMES}."
    flaw = flaw_of_json(custom, most_depth=CUSTOM_MOST_DEPTH, most_bytes=CUSTOM_MOST_BYTES)
    return f"Custom fields {flaw}." if flaw else None
