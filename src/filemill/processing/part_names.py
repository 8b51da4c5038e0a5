"""What a part of a file is called when it is a file of its own: the last piece of its path, cut to what upload takes.

Upload cleans every name again; this is so that a name out of an archive is never why a part is refused.
"""

import re

NAME_MOST_BYTES = 255
PATH_MOST_CHARACTERS = 500
_SUFFIX_MOST_BYTES = 20
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]")


def display_name(path: str) -> str:
    """A name for a file that was at `path`; the suffix stays, since it says what the file is."""
    text = path.encode("utf-8", "replace").decode("utf-8")
    name = _UNSEEN.sub("", text).replace("\\", "/").rstrip("/").rpartition("/")[2].strip()
    if not name.strip(". "):
        return "unnamed"
    if len(name.encode()) <= NAME_MOST_BYTES:
        return name
    stem, dot, suffix = name.rpartition(".")
    end = dot + suffix if stem and len(suffix.encode()) < _SUFFIX_MOST_BYTES else ""
    kept = (stem if end else name).encode()[: NAME_MOST_BYTES - len(end.encode())]
    return kept.decode("utf-8", "ignore") + end


def display_path(path: str) -> str:
    """Where in the parent it was, to be shown."""
    return _UNSEEN.sub("", path.encode("utf-8", "replace").decode("utf-8"))[:PATH_MOST_CHARACTERS]
