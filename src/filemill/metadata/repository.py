"""Reads and writes of documents one by one, and what the operator's tools see of every table.

Takes the transaction, owns none.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from filemill.chassis import erasure, owner_erasure
from filemill.chassis.database.database import Tx
from filemill.chassis.database.inventory import Inventory, KeptTable, KnownFile
from filemill.chassis.messaging import inbox as inboxes
from filemill.chassis.messaging import outbox as outboxes
from filemill.contracts.metadata import Document
from filemill.metadata import tallies_repository
from filemill.metadata.keys import doc_id_of
from filemill.metadata.tables import (
    audit,
    audit_seals,
    documents,
    inbox,
    outbox,
    owner_erasures,
    purged_files,
    rules,
    saved_searches,
    tallies,
    tally_changes,
    texts,
    timeline,
    vectors,
)

EMPTY_DOCUMENT: dict[str, Any] = {
    "known": False, "filename": "", "size": 0, "content_type": "application/octet-stream", "sha256": "",
    "storage_key": "", "version": 0, "tags": [], "custom": {}, "status": "uploaded", "properties": {},
    "renditions": [], "analysis": "pending", "findings": [],
}  # fmt: skip


SHOWN = tuple(column.name for column in documents.c if column.name in Document.model_fields)
"""The columns of a document that are shown under their own names."""


def get(tx: Tx, owner_id: str, file_id: str) -> RowMapping | None:
    """One living document of this owner."""
    query = select(documents).where(
        documents.c.file_id == file_id,
        documents.c.owner_id == owner_id,
        documents.c.deleted.is_(False),
        documents.c.known.is_(True),
    )
    return tx.execute(query).mappings().first()


def owner_of(tx: Tx, file_id: str) -> str | None:
    """Whose a living file is."""
    query = select(documents.c.owner_id).where(documents.c.file_id == file_id, documents.c.deleted.is_(False))
    return tx.execute(query).scalar()


def by_file(tx: Tx, file_id: str) -> RowMapping | None:
    """A file's document, whatever became of it."""
    return tx.execute(select(documents).where(documents.c.file_id == file_id)).mappings().first()


_LIVING = select(*[documents.c[name] for name in SHOWN]).where(
    documents.c.file_id.in_(bindparam("file_ids", expanding=True)),
    documents.c.deleted.is_(False),
    documents.c.known.is_(True),
)


def get_many(tx: Tx, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], RowMapping]:
    """Living documents by (owner, file id); only the columns that the contract shows."""
    file_ids = [file_id for _, file_id in keys]
    # To the next power of two with the last one again: an engine then has a handful of statements to know, not one per length.
    file_ids += file_ids[-1:] * ((1 << (len(file_ids) - 1).bit_length()) - len(file_ids))
    return {(row["owner_id"], row["file_id"]): row for row in tx.execute(_LIVING, {"file_ids": file_ids}).mappings()}


def ensure(tx: Tx, file_id: str, owner_id: str, at: datetime, updated_at: datetime | None = None) -> RowMapping:
    """The row of a file for an event about it; made empty if this is the first word of it. Deleted ones too.

    `updated_at`: for an event that is no update of the file, so that it makes it no newer whenever it comes.
    """
    row = by_file(tx, file_id)
    if row is not None:
        return row
    values = EMPTY_DOCUMENT | {
        "file_id": file_id,
        "owner_id": owner_id,
        "created_at": at,
        "updated_at": updated_at or at,
    }
    doc_id = doc_id_of(file_id)
    while True:
        try:
            with tx.begin_nested():
                tx.execute(insert(documents), values | {"doc_id": doc_id})
            break
        except IntegrityError:
            doc_id += 1  # two files of one millisecond share 15 random bits: the next number is as good
    made = by_file(tx, file_id)
    assert made is not None
    return made


def change(tx: Tx, doc_id: int, values: dict[str, Any]) -> RowMapping:
    """Write values, count a revision, ask for a new index entry; returns the row as it is now."""
    counted = {"revision": documents.c.revision + 1, "index_wanted": documents.c.index_wanted + 1}
    done = update(documents).where(documents.c.doc_id == doc_id).values(**values, **counted).returning(documents)
    return tx.execute(done).mappings().one()


def note(tx: Tx, doc_id: int, values: dict[str, Any]) -> RowMapping:
    """Write what nobody is shown and no search looks at; returns the row as it is now."""
    done = update(documents).where(documents.c.doc_id == doc_id).values(**values).returning(documents)
    return tx.execute(done).mappings().one()


def raise_revision(tx: Tx, file_id: str, above: int) -> RowMapping | None:
    """Count on from a higher number; None if there is no document that others know."""
    known = documents.c.file_id == file_id, documents.c.known.is_(True)
    change = update(documents).where(*known).values(revision=above + 1).returning(documents)
    return tx.execute(change).mappings().first()


def without_upload_entry(tx: Tx, file_ids: Sequence[str]) -> list[str]:
    """Those of these known files whose upload the audit trail does not tell of."""
    told = select(audit.c.file_id).where(audit.c.file_id.in_(file_ids), audit.c.action == "uploaded")
    here = select(documents.c.file_id).where(documents.c.file_id.in_(file_ids), documents.c.known.is_(True))
    return list(tx.execute(here.where(documents.c.file_id.not_in(told))).scalars())


# what the operator's tools see


def _erase_text(tx: Tx, file_id: str) -> tuple[int, list[str]]:
    mine = select(documents.c.doc_id).where(documents.c.file_id == file_id).scalar_subquery()
    return tx.execute(delete(texts).where(texts.c.doc_id == mine)).rowcount, []


def _erase_vectors(tx: Tx, file_id: str) -> tuple[int, list[str]]:
    mine = select(documents.c.doc_id).where(documents.c.file_id == file_id).scalar_subquery()
    return tx.execute(delete(vectors).where(vectors.c.doc_id == mine)).rowcount, []


def _blank_audit(tx: Tx, file_id: str) -> tuple[int, list[str]]:
    """The trail keeps who did what and when; names, addresses and details of a purged file go."""
    blank = update(audit).where(audit.c.file_id == file_id).values(detail={}, client_address=None, salt=None)
    return tx.execute(blank).rowcount, []


def _known(row: RowMapping) -> KnownFile | None:
    if not row["known"]:
        return None
    return KnownFile(
        row["file_id"], row["owner_id"], row["version"], row["storage_key"], row["change"],
        deleted=row["deleted"], sha256=row["sha256"], status=row["status"], analysis=row["analysis"],
    )  # fmt: skip


def _audit_flaw(row: RowMapping) -> str | None:
    """What is wrong with an entry by itself. The chain over the entries is checked beside this."""
    if not (row["file_id"] and row["owner_id"] and row["actor"] and row["action"] and row["outcome"]):
        return "says not who did what"
    return None if isinstance(row["detail"], dict) else "has a detail that is no object"


INVENTORY = Inventory(
    "metadata",
    (
        # The word index belongs to its engine: where the rows go the indexer makes it anew, from mark 0 on.
        KeptTable(texts, batch=20, erase=_erase_text),
        KeptTable(vectors, batch=20, erase=_erase_vectors, owner="with files"),
        KeptTable(documents, local={"index_done": 0, "index_mark": 0}, owner="with files"),
        KeptTable(
            audit,
            flaw=_audit_flaw,
            erase=_blank_audit,
            # What they did, and had done to their files. The leaves stay as they were sealed, so the chain holds; what these
            # entries said of the owner cannot be shown any more.
            owner="renamed",
            owner_columns=("owner_id", "actor"),
            blanked={"detail": {}, "client_address": None, "salt": None},
        ),
        KeptTable(audit_seals, survives="hashes and numbers only"),
        KeptTable(
            tallies,
            survives="numbers; a tag that no file has any more is in none",
            erase_owner=tallies_repository.forget_owner,
        ),
        KeptTable(
            tally_changes, survives="numbers that are folded into those of `tallies` within seconds", owner="at last"
        ),
        KeptTable(rules, survives="what an owner wants of files that match; it names none", owner="at once"),
        KeptTable(saved_searches, survives="what an owner looks for; it names no file", owner="at once"),
        erasure.kept(purged_files),
        owner_erasure.kept(owner_erasures),
        KeptTable(timeline),
        outboxes.kept(outbox),
        inboxes.kept(inbox),
    ),
    documents,
    _known,
    without_upload_entry,
)
