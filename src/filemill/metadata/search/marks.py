"""Marks: words with `=`, which our tokenizer never lets through from a text, so no document can forge one.

Owner, kind, tag and status stand in the word index as marks, so that it filters while it looks; so do the words a document is
about, and the stems of its words.
"""

import hashlib

from filemill.metadata.search.query import Filters
from filemill.metadata.search.text_index import IndexEntry


def marks_of(entry: IndexEntry) -> list[str]:
    """The marks of a document."""
    marks = [owner_mark(entry.owner_id), _mark("s", entry.status)]
    marks += [_mark("k", kind) for kind in entry.kinds] + [_mark("t", tag) for tag in entry.tags]
    return marks + [about_mark(word) for word in entry.about]


def owner_mark(owner_id: str) -> str:
    """What every document of an owner has."""
    return _mark("o", owner_id)


def about_mark(word: str) -> str:
    """What a document has that is about this word, or stem; it can be looked for by its beginning, as the word can."""
    return f"a={word}"


def stem_mark(stem: str) -> str:
    """What a document has that holds a word with this stem."""
    return f"s={stem}"


def wanted_marks(filters: Filters) -> list[str]:
    """The marks a match must have; the owner's always."""
    return [owner_mark(filters.owner_id), *chosen_marks(filters)]


def chosen_marks(filters: Filters) -> list[str]:
    """Those of them that were asked for."""
    chosen = (("k", filters.kinds), ("t", filters.tags), ("s", filters.statuses))
    return [_mark(kind, value) for kind, values in chosen for value in values]


def _mark(kind: str, value: str) -> str:
    """A mark is one word whatever its value holds, so the value goes in as a digest."""
    return f"{kind}={hashlib.blake2s(value.encode(), digest_size=8).hexdigest()}"
