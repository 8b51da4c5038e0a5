"""Reads of many documents of one owner: in an order, by their keys, counted. Takes the transaction, owns none."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, RowMapping, Text, cast, func, literal, select, tuple_

from filemill.chassis.database.database import Tx
from filemill.chassis.database.keys import one_of
from filemill.metadata.tables import documents

SORTED_BY: dict[str, tuple[Column[Any], bool]] = {
    "newest": (documents.c.doc_id, True),
    "oldest": (documents.c.doc_id, False),
    "name": (documents.c.name_key, False),
    "size": (documents.c.size, True),
}
"""The orders of a list: by which column, and whether the highest comes first."""


@dataclass(frozen=True, slots=True)
class Within:
    """What a plain list is of: keys from `since` on and before `until`, children of `parent`."""

    since: int | None = None
    until: int | None = None
    parent: str | None = None


def listed(
    tx: Tx, owner_id: str, order: str, limit: int, after: tuple[float | int | str, int] | None, within: Within
) -> list[RowMapping]:
    """Living documents in an order of `SORTED_BY`, after a value and a key."""
    key = documents.c.doc_id
    column, downwards = SORTED_BY[order]
    query = select(documents).where(
        documents.c.owner_id == owner_id, documents.c.deleted.is_(False), documents.c.known.is_(True)
    )
    if within.parent is not None:
        query = query.where(documents.c.parent_id == within.parent)
    if within.since is not None:
        query = query.where(key >= within.since)
    if within.until is not None:
        query = query.where(key < within.until)
    if after is not None and column is key:
        query = query.where(key < after[1] if downwards else key > after[1])
    elif after is not None:
        place = tuple_(literal(after[0], column.type), literal(after[1], BigInteger))
        query = query.where(tuple_(column, key) < place if downwards else tuple_(column, key) > place)
    order_by = [one.desc() if downwards else one for one in dict.fromkeys((column, key))]
    return list(tx.execute(query.order_by(*order_by).limit(limit)).mappings())


def many(tx: Tx, owner_id: str, doc_ids: Sequence[int]) -> dict[int, RowMapping]:
    """Living documents of this owner by key."""
    query = select(documents).where(
        one_of(documents.c.doc_id, doc_ids), documents.c.owner_id == owner_id, documents.c.deleted.is_(False)
    )
    return {row["doc_id"]: row for row in tx.execute(query).mappings()}


def sort_values(tx: Tx, owner_id: str, doc_ids: Sequence[int], order: str) -> dict[int, str | int]:
    """What documents are sorted by, by key; only living ones of this owner."""
    query = select(documents.c.doc_id, SORTED_BY[order][0]).where(
        one_of(documents.c.doc_id, doc_ids), documents.c.owner_id == owner_id, documents.c.deleted.is_(False)
    )
    return {row[0]: row[1] for row in tx.execute(query).all()}


def sizes(tx: Tx, owner_id: str, doc_ids: Sequence[int]) -> dict[int, int]:
    """Sizes in bytes of living documents of this owner, by key."""
    query = select(documents.c.doc_id, documents.c.size).where(
        one_of(documents.c.doc_id, doc_ids), documents.c.owner_id == owner_id, documents.c.deleted.is_(False)
    )
    return {row[0]: row[1] for row in tx.execute(query).all()}


def counted(
    tx: Tx, owner_id: str, doc_ids: Sequence[int], sizes: tuple[int, int | None]
) -> list[tuple[str, list[str], str, int]]:
    """(content type, tags, status, how many) of living documents of this owner between two sizes.

    The keys find the rows: `size + 0` keeps an engine from walking the index of sizes instead.
    """
    tags = cast(documents.c.tags, Text)
    query = select(documents.c.content_type, tags, documents.c.status, func.count()).where(
        one_of(documents.c.doc_id, doc_ids),
        documents.c.owner_id == owner_id,
        documents.c.deleted.is_(False),
    )
    if sizes[0]:
        query = query.where(documents.c.size + 0 >= sizes[0])
    if sizes[1] is not None:
        query = query.where(documents.c.size + 0 <= sizes[1])
    rows = tx.execute(query.group_by(documents.c.content_type, tags, documents.c.status)).all()
    return [(row[0], json.loads(row[1]), row[2], row[3]) for row in rows]
