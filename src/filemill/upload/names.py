"""File names of strangers: display data only, never a path. Cleaned once, here."""

import re
import unicodedata

from filemill.contracts.upload import PARENT_PATH_MOST_CHARACTERS
from filemill.upload.errors import NameTooLong

NAME_MOST_BYTES = 255
"""What every common file system takes as one name (ext4, NTFS, APFS: 255)."""

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]")
"""Control characters, and the invisible ones that turn text around (a known disguise of `.exe`)."""
UNNAMED = "unnamed"


def clean_name(raw: str | None) -> str:
    """The last component of `raw`, readable and harmless; `unnamed` if nothing is left. Raises `NameTooLong`."""
    if not raw:
        return UNNAMED
    text = unicodedata.normalize("NFC", raw.encode("utf-8", "replace").decode("utf-8"))
    text = _UNSEEN.sub("", text).replace("\\", "/").rpartition("/")[2].strip()
    if text.strip(". ") == "":
        return UNNAMED
    if len(text.encode("utf-8")) > NAME_MOST_BYTES:
        raise NameTooLong(f"A file name may have {NAME_MOST_BYTES} bytes; this one has {len(text.encode('utf-8'))}.")
    return text


def clean_path(raw: str) -> str:
    """Where in its parent a file was, readable and cut to what is kept: shown, never used as a path."""
    text = unicodedata.normalize("NFC", raw.encode("utf-8", "replace").decode("utf-8"))
    return _UNSEEN.sub("", text)[:PARENT_PATH_MOST_CHARACTERS]
