"""Marks: words with `=`, which our tokenizer never lets through from a text, so no document can forge one.

Owner, kind, tag and status stand in the word index as marks, so that it filters while it looks.
"""

import hashlib

from filemill.metadata.search.query import Filters
from filemill.metadata.search.text_index import IndexEntry


def marks_of(entry: IndexEntry) -> list[str]:
    """The marks of a document."""
    marks = [_mark("o", entry.owner_id), _mark("s", entry.status)]
    return marks + [_mark("k", kind) for kind in entry.kinds] + [_mark("t", tag) for tag in entry.tags]


def wanted_marks(filters: Filters) -> list[str]:
    """The marks a match must have; the owner's always."""
    wanted = [_mark("o", filters.owner_id)]
    chosen = (("k", filters.kinds), ("t", filters.tags), ("s", filters.statuses))
    return wanted + [_mark(kind, value) for kind, values in chosen for value in values]


def _mark(kind: str, value: str) -> str:
    """A mark is one word whatever its value holds, so the value goes in as a digest."""
    return f"{kind}={hashlib.blake2s(value.encode(), digest_size=8).hexdigest()}"
