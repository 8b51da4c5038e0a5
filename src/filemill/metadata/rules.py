"""What an owner may write about a file: sizes and names, checked before anything is changed."""

from filemill.chassis.bounds import CONTROLS, flaw_of_json
from filemill.chassis.errors import BadRequest
from filemill.contracts.metadata import DocumentPatch

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
    if asked.custom is None:
        return
    if len(asked.custom) > CUSTOM_MOST_NAMES:
        raise BadRequest(f"Custom fields may be {CUSTOM_MOST_NAMES}.")
    if flaw := flaw_of_json(asked.custom, most_depth=CUSTOM_MOST_DEPTH, most_bytes=CUSTOM_MOST_BYTES):
        raise BadRequest(f"Custom fields {flaw}.")
