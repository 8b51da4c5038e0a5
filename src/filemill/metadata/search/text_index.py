"""The port to the word index: plain functions of a transaction. Chosen by `build`: `fts5_index` or `postgresql_index`."""

from dataclasses import dataclass
from typing import Protocol

from filemill.chassis.database.database import Tx
from filemill.metadata.search.query import Filters, Term

FIELDS = ("name", "title", "tags", "text", "findings")
"""What is searched, and what `matched_in` names."""
KEY_END = 1 << 62
"""Above every document key."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One document as the index sees it: words per field, and the exact marks it can be filtered by."""

    doc_id: int
    fields: dict[str, list[str]]
    owner_id: str
    kinds: tuple[str, ...]
    tags: tuple[str, ...]
    status: str


class TextIndex(Protocol):
    """Words to documents."""

    def create(self, tx: Tx) -> None:
        """Make the index if it is not there."""
        ...

    def put(self, tx: Tx, entry: IndexEntry) -> None:
        """Add or replace an entry."""
        ...

    def remove(self, tx: Tx, doc_id: int) -> None:
        """Drop an entry, if it is there."""
        ...

    def keys(self, tx: Tx, after: int, most: int) -> list[int]:
        """The next keys of entries above `after`, in order."""
        ...

    def forget(self, tx: Tx) -> bool:
        """Take a step towards the words of removed entries being gone from the disk; False when there is none to take."""
        ...

    def newest(self, tx: Tx, terms: list[Term], filters: Filters, limit: int, before: int | None) -> list[int]:
        """Keys of matches below `before`, newest first."""
        ...

    def ranked(
        self, tx: Tx, terms: list[Term], filters: Filters, limit: int, among: int
    ) -> tuple[list[tuple[int, float]], bool]:
        """The best of the newest `among` matches with their scores, best first; and whether there were more than that."""
        ...
