"""What a service keeps, told to the operator's tools (`verify`, `move`) without opening its tables to anybody.

Each service declares one `Inventory` in its repository, the only room that sees its tables: which tables there are, which
columns mean something only where they were written, which rows name blobs, what it knows of each file. The tools in `local`
walk the declarations and know no table by name, so a new table is moved and checked as soon as it is declared (a test
fails on one that is not).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, RowMapping, Table

from filemill.chassis.database.database import Tx


@dataclass(frozen=True, slots=True)
class NamedBlob:
    """A row's word on one blob. `size` (bytes) and `sha256` are None where the row does not remember them.

    `file_id` is empty where several files may share the blob: `Inventory.whose` names them.
    """

    file_id: str
    role: str
    storage_key: str
    size: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What a service knows of a file. None: it does not keep that. `version` 0: it only heard of a later delete so far."""

    file_id: str
    owner_id: str
    version: int
    storage_key: str
    change: int
    deleted: bool
    sha256: str | None = None
    status: str | None = None
    analysis: str | None = None


def no_blobs(_row: RowMapping) -> list[NamedBlob]:
    """Rows that name no blob."""
    return []


def no_flaw(_row: RowMapping) -> str | None:
    """Rows that any value may stand in."""
    return None


OwnerRows = Literal["with files", "at once", "at last", "renamed"]
"""Of an erased owner: gone with the purges of the files; deleted when it begins, or once the files are gone; or kept under a
mark that names nobody."""


@dataclass(frozen=True, slots=True)
class KeptTable:
    """A table, and what its rows mean to somebody who carries or checks them.

    `local`: columns that mean something only where they were written (leases, index marks), with the value a copy gets.
    `worth`: which rows are worth carrying; None for all. `counted`: part of the installation's digest. `batch`: rows
    carried at once. `flaw` says in words what is wrong with a row. `must_be_empty`: rows cannot be carried, and what to do
    about them. A purge deletes the rows with the file's `file_id` and the blobs they name; `erase` does it another way
    (rows erased, keys of blobs to delete), `survives` says why nothing has to be erased.

    What becomes of the rows of an owner who is erased: `owner` says it, for rows where one of `owner_columns` names him
    (`blanked`: what else a renamed row loses), or `erase_owner` (the owner's name, the mark that takes its place) does it and
    returns how many rows it changed: for few rows. `events`: a column with events, which may name one.
    """

    table: Table
    local: Mapping[str, Any] = field(default_factory=dict)
    worth: ColumnElement[bool] | None = None
    counted: bool = True
    batch: int = 500
    must_be_empty: str = ""
    blobs: Callable[[RowMapping], list[NamedBlob]] = no_blobs
    flaw: Callable[[RowMapping], str | None] = no_flaw
    erase: Callable[[Tx, str], tuple[int, list[str]]] | None = None
    survives: str = ""
    owner: OwnerRows | None = None
    owner_columns: Sequence[str] = ("owner_id",)
    blanked: Mapping[str, Any] = field(default_factory=dict)
    erase_owner: Callable[[Tx, str, str], int] | None = None
    events: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything one service keeps.

    `files` is the table with a row per file, `known` reads such a row (None: not a file to others yet). `unaudited` names
    those of some files whose upload has no entry in the audit trail; only the owner of the trail has it. `whose` names the
    files with a blob that several may share.
    """

    service: str
    tables: Sequence[KeptTable]
    files: Table | None = None
    known: Callable[[RowMapping], KnownFile | None] | None = None
    unaudited: Callable[[Tx, Sequence[str]], list[str]] | None = None
    whose: Callable[[Tx, str], list[str]] | None = None
