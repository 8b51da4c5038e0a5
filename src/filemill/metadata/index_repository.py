"""Reads and writes of the indexer: documents it has still to look at, whoever owns them, and the texts it keeps.

Takes the transaction, owns none. Not for: the word index itself, which is its engine's (`search/text_index`).
"""

from collections.abc import Sequence

from sqlalchemy import BigInteger, RowMapping, bindparam, delete, func, select, text, update

from filemill.chassis.database.database import Tx
from filemill.chassis.database.keys import one_of
from filemill.metadata.keys import name_key, signed_hash
from filemill.metadata.tables import INDEX_BEHIND, INDEX_FORM_MARK, documents, texts


def unindexed(tx: Tx, most: int) -> list[RowMapping]:
    """Documents whose index entry is behind, oldest first."""
    return list(
        tx.execute(select(documents).where(text(INDEX_BEHIND)).order_by(documents.c.doc_id).limit(most)).mappings()
    )


def is_behind(row: RowMapping) -> bool:
    """Whether the index entry of a document is not as the document is."""
    return bool(row["index_mark"] - row["index_wanted"] < INDEX_FORM_MARK)


def indexed(tx: Tx, row: RowMapping) -> bool:
    """The index entry is as good as this row; False if the document was purged meanwhile.

    What it is sorted and compared by comes with it, for documents that an older program catalogued.
    """
    doc_id, wanted = row["doc_id"], row["index_wanted"]
    hashed = row["properties"].get("perceptual_hash")
    values = {"index_done": wanted, "index_mark": INDEX_FORM_MARK + wanted, "name_key": name_key(row["filename"])}
    values["picture_hash"] = signed_hash(hashed) if isinstance(hashed, str) else None
    return tx.execute(update(documents).where(documents.c.doc_id == doc_id).values(values)).rowcount == 1


def behind_count(tx: Tx, most: int) -> int:
    """How many documents the index does not have as they are, counted up to `most`."""
    behind = select(documents.c.doc_id).where(text(INDEX_BEHIND)).limit(most).subquery()
    return tx.execute(select(func.count()).select_from(behind)).scalar_one()


def mark_behind(tx: Tx, after: int, most: int) -> list[int]:
    """Have the next documents above a key indexed again, whatever the marks say; returns their keys, in order."""
    keys = list(
        tx.execute(
            select(documents.c.doc_id).where(documents.c.doc_id > after).order_by(documents.c.doc_id).limit(most)
        ).scalars()
    )
    tx.execute(update(documents).where(one_of(documents.c.doc_id, keys)).values(index_done=0, index_mark=0))
    return keys


def page_of_all(tx: Tx, after: int, most: int) -> list[RowMapping]:
    """The next documents above a key, of every owner, in order."""
    query = select(documents).where(documents.c.doc_id > after).order_by(documents.c.doc_id).limit(most)
    return list(tx.execute(query).mappings())


def document_count(tx: Tx) -> int:
    """How many documents there are, those in the trash among them."""
    return tx.execute(select(func.count()).select_from(documents)).scalar_one()


def without_document(tx: Tx, doc_ids: Sequence[int]) -> list[int]:
    """Those of these keys that no living document has."""
    living = select(documents.c.doc_id).where(
        one_of(documents.c.doc_id, doc_ids), documents.c.deleted.is_(False), documents.c.known.is_(True)
    )
    return sorted(set(doc_ids) - set(tx.execute(living).scalars()))


def text_of(tx: Tx, doc_id: int) -> tuple[str, str] | None:
    """(storage key, text) that was last indexed for a document."""
    row = tx.execute(select(texts.c.storage_key, texts.c.body).where(texts.c.doc_id == doc_id)).first()
    return (row[0], row[1]) if row else None


def texts_of(tx: Tx, doc_ids: Sequence[int]) -> dict[int, str]:
    """The texts of documents, by key."""
    return {
        row[0]: row[1]
        for row in tx.execute(select(texts.c.doc_id, texts.c.body).where(one_of(texts.c.doc_id, doc_ids))).all()
    }


_KEEP_TEXT = text(
    "INSERT INTO texts (doc_id, storage_key, body) VALUES (:doc_id, :key, :body)"
    " ON CONFLICT (doc_id) DO UPDATE SET storage_key = :key, body = :body"
).bindparams(bindparam("doc_id", type_=BigInteger))


def keep_text(tx: Tx, doc_id: int, storage_key: str, body: str) -> None:
    """Remember the text of a document, for highlights and rebuilds."""
    tx.execute(_KEEP_TEXT, {"doc_id": doc_id, "key": storage_key, "body": body})


def drop_text(tx: Tx, doc_id: int) -> None:
    """Forget the text of a document."""
    tx.execute(delete(texts).where(texts.c.doc_id == doc_id))
