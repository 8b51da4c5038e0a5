"""Reads and writes of what documents are compared by: vectors of their texts, hashes of their pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, RowMapping, bindparam, delete, func, select, text, update
from sqlalchemy import LargeBinary as Bytes

from filemill.chassis.database.database import Tx
from filemill.chassis.database.keys import one_of
from filemill.metadata.tables import VECTORS_BEHIND, documents, vectors

_KEEP = text(
    "INSERT INTO vectors (doc_id, owner_id, model, dimensions, body) VALUES (:doc_id, :owner_id, :model, :dimensions, :body)"
    " ON CONFLICT (doc_id) DO UPDATE SET owner_id = :owner_id, model = :model, dimensions = :dimensions, body = :body"
).bindparams(bindparam("doc_id", type_=BigInteger), bindparam("body", type_=Bytes))


@dataclass(frozen=True, slots=True)
class Kept:
    """Vectors of one document: float16, one after another, each of `dimensions`."""

    doc_id: int
    model: str
    dimensions: int
    body: bytes


def behind(tx: Tx, most: int, after: int) -> list[RowMapping]:
    """The next documents above a key whose kept vectors are not those that are wanted."""
    columns = (documents.c[name] for name in ("doc_id", "file_id", "owner_id", "version", "vectors_wanted"))
    query = (
        select(*columns)
        .where(text(VECTORS_BEHIND), documents.c.doc_id > after)
        .order_by(documents.c.doc_id)
        .limit(most)
    )
    return list(tx.execute(query).mappings())


def keep(tx: Tx, row: RowMapping, kept: Kept | None) -> None:
    """Keep these vectors, or none, unless others are wanted by now."""
    same = (
        documents.c.vectors_wanted == row["vectors_wanted"]
        if row["vectors_wanted"]
        else (documents.c.vectors_wanted.is_(None))
    )
    mark = update(documents).where(documents.c.doc_id == row["doc_id"], same).values(vectors_kept=row["vectors_wanted"])
    if tx.execute(mark).rowcount != 1:
        return
    if kept is None:
        tx.execute(delete(vectors).where(vectors.c.doc_id == row["doc_id"]))
        return
    values = {"owner_id": row["owner_id"], "model": kept.model, "dimensions": kept.dimensions, "body": kept.body}
    tx.execute(_KEEP, values | {"doc_id": row["doc_id"]})


def of_document(tx: Tx, doc_id: int) -> Kept | None:
    """The vectors of one document."""
    row = tx.execute(select(vectors).where(vectors.c.doc_id == doc_id)).mappings().first()
    return Kept(row["doc_id"], row["model"], row["dimensions"], row["body"]) if row else None


def newest(
    tx: Tx, owner_id: str, model: str, most: int, *, since: int | None, until: int | None, among: Sequence[int] | None
) -> list[Kept]:
    """The newest vectors of an owner's living documents, of one model; `among` these keys, if they are given."""
    query = (
        select(vectors)
        .join(documents, documents.c.doc_id == vectors.c.doc_id)
        .where(vectors.c.owner_id == owner_id, vectors.c.model == model, documents.c.deleted.is_(False))
    )
    if since is not None:
        query = query.where(vectors.c.doc_id >= since)
    if until is not None:
        query = query.where(vectors.c.doc_id < until)
    if among is not None:
        query = query.where(one_of(vectors.c.doc_id, among))
    rows = tx.execute(query.order_by(vectors.c.doc_id.desc()).limit(most))
    return [Kept(row.doc_id, row.model, row.dimensions, row.body) for row in rows]


def count_of_other_models(tx: Tx, owner_id: str, model: str, most: int) -> int:
    """How many documents of an owner have vectors that cannot be compared, counted to `most`."""
    found = select(vectors.c.doc_id).where(vectors.c.owner_id == owner_id, vectors.c.model != model).limit(most)
    return tx.execute(select(func.count()).select_from(found.subquery())).scalar_one()


def pictures(tx: Tx, owner_id: str, most: int) -> list[tuple[int, int]]:
    """(key, hash) of the newest pictures of an owner."""
    query = select(documents.c.doc_id, documents.c.picture_hash).where(
        documents.c.owner_id == owner_id, documents.c.deleted.is_(False), documents.c.picture_hash.is_not(None)
    )
    return [(row[0], row[1]) for row in tx.execute(query.order_by(documents.c.doc_id.desc()).limit(most))]
