"""The port to the word index: plain functions of a transaction. Chosen by `build`: `fts5_index` or `postgresql_index`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from filemill.chassis.database.database import Tx
from filemill.metadata.search.query import Filters, Term

FIELDS = ("name", "title", "tags", "text", "findings")
"""What is searched, and what `matched_in` names."""
PAGE_MARK = "\f"
"""Stands in a kept text where a page ends; none is in a page, which has no control characters."""
KEY_END = 1 << 62
"""Above every document key."""
NO_IMPACTS = "0 "
"""Of an entry none are known of."""
NONE_KNOWN: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One document as the index sees it: words per field, and the exact marks it can be filtered by.

    `stems`, `about`, `impacts`: see `impacts.Weighed`. `languages`: those it was stemmed in.
    """

    doc_id: int
    fields: dict[str, list[str]]
    owner_id: str
    kinds: tuple[str, ...]
    tags: tuple[str, ...]
    status: str
    stems: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    impacts: str = NO_IMPACTS
    languages: tuple[str, ...] = ()


class TextIndex(Protocol):
    """Words to documents."""

    def create(self, tx: Tx) -> None:
        """Make the index if it is not there."""
        ...

    def put(self, tx: Tx, entries: Sequence[IndexEntry]) -> None:
        """Add or replace entries, each of another document."""
        ...

    def remove(self, tx: Tx, doc_ids: Sequence[int]) -> None:
        """Drop entries, where they are there."""
        ...

    def keys(self, tx: Tx, after: int, most: int) -> list[int]:
        """The next keys of entries above `after`, in order."""
        ...

    def has_to_forget(self, tx: Tx) -> bool:
        """Whether words of removed entries may be on the disk still."""
        ...

    def forget(self, tx: Tx) -> bool:
        """Take a step of a pass that takes words of removed entries from the disk; False when it has ended, or none is due.

        A pass is about what was removed before it began.
        """
        ...

    def newest(
        self,
        tx: Tx,
        terms: Sequence[Term],
        filters: Filters,
        limit: int,
        before: int | None,
        *,
        about: bool = False,
        oldest_first: bool = False,
    ) -> list[int]:
        """Keys of matches below `before`, newest first; or above it, oldest first.

        `about`: only documents that are about every word, not those that merely hold them.
        """
        ...

    def weighed(
        self,
        tx: Tx,
        terms: Sequence[Term],
        filters: Filters,
        limit: int,
        *,
        about: bool = False,
        known: Mapping[int, str] = NONE_KNOWN,
    ) -> dict[int, str]:
        """The newest matches with their impacts, newest first. `known`: of these they need not be looked up."""
        ...

    def impacts(self, tx: Tx, doc_ids: Sequence[int]) -> dict[int, str]:
        """The impacts of entries, by key."""
        ...
