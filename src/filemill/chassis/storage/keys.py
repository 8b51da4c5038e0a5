"""Storage keys: `blobs/ab/<id>`, where `ab` are the last two digits of the id, which are random and spread evenly.

A key names a blob. Under its own name, or with a suffix, lie the forms in which a store has it (`compressed_forms`).
"""

import re

from filemill.chassis.ids import new_id

COMPRESSED_SUFFIX = ".zst"
FOLDER = "blobs/"
"""Every key begins so."""
_KEY = re.compile(r"blobs/[0-9a-f]{2}/[0-9a-f-]{36}")


def new_key() -> str:
    """A key nobody used before and nobody will use again."""
    blob_id = new_id()
    return f"blobs/{blob_id[-2:]}/{blob_id}"


def is_key(text: str) -> bool:
    """Whether `text` is one of ours; only such a text ever becomes a path."""
    return _KEY.fullmatch(text) is not None


def is_form(text: str) -> bool:
    """Whether `text` names a form of a blob: its key, or its key with the suffix."""
    return is_key(text.removesuffix(COMPRESSED_SUFFIX))
