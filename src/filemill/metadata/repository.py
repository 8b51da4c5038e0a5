"""Reads and writes of documents, their texts, the audit trail and the timeline. Takes the transaction, owns none."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    RowMapping,
    Text,
    TextClause,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from filemill.chassis import erasure
from filemill.chassis.database.database import Tx
from filemill.chassis.database.inventory import Inventory, KeptTable, KnownFile
from filemill.chassis.messaging import inbox as inboxes
from filemill.chassis.messaging import outbox as outboxes
from filemill.contracts.ai import FileAnalyzed
from filemill.contracts.metadata import Document
from filemill.metadata.folding import fold
from filemill.metadata.tables import (
    INDEX_BEHIND,
    INDEX_FORM_MARK,
    audit,
    audit_seals,
    documents,
    inbox,
    outbox,
    purged_files,
    tallies,
    tally_changes,
    texts,
    timeline,
    vectors,
)

SEQ_BITS = 15
EMPTY_DOCUMENT: dict[str, Any] = {
    "known": False, "filename": "", "size": 0, "content_type": "application/octet-stream", "sha256": "",
    "storage_key": "", "version": 0, "tags": [], "custom": {}, "status": "uploaded", "properties": {},
    "renditions": [], "analysis": "pending", "findings": [],
}  # fmt: skip
SHOWN = tuple(column.name for column in documents.c if column.name in Document.model_fields)
"""The columns of a document that are shown under their own names."""


SORTED_BY: dict[str, tuple[Column[Any], bool]] = {
    "newest": (documents.c.doc_id, True),
    "oldest": (documents.c.doc_id, False),
    "name": (documents.c.name_key, False),
    "size": (documents.c.size, True),
}
"""The orders of a list: by which column, and whether the highest comes first."""
NAME_KEY_MOST = 200


def name_key(filename: str) -> str:
    """What a name is sorted by: folded as words are, so that case and accents do not matter."""
    return fold(filename).replace("\0", "")[:NAME_KEY_MOST]


def signed_hash(digits: str) -> int | None:
    """A perceptual hash, 16 hexadecimal digits, as a database keeps 64 bits; None for what is no hash."""
    try:
        number = int(digits, 16)
    except ValueError:
        return None
    return number - (1 << 64) if number >> 63 else number


def doc_id_of(file_id: str) -> int:
    """The integer key a file id gives: its milliseconds, then 15 of its random bits. Source of the bits: RFC 9562, 5.7."""
    number = int(file_id.replace("-", ""), 16)
    return (number >> 80) << SEQ_BITS | (number & ((1 << SEQ_BITS) - 1))


def time_floor(moment: datetime) -> int:
    """The smallest key a file created at `moment` can have."""
    return int(moment.timestamp() * 1000) << SEQ_BITS


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


def ensure(tx: Tx, file_id: str, owner_id: str, at: datetime) -> RowMapping:
    """The row of a file for an event about it; made empty if this is the first word of it. Deleted ones too."""
    row = by_file(tx, file_id)
    if row is not None:
        return row
    values = EMPTY_DOCUMENT | {"file_id": file_id, "owner_id": owner_id, "created_at": at, "updated_at": at}
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


def raise_revision(tx: Tx, file_id: str, above: int) -> RowMapping | None:
    """Count on from a higher number; None if there is no document that others know."""
    known = documents.c.file_id == file_id, documents.c.known.is_(True)
    change = update(documents).where(*known).values(revision=above + 1).returning(documents)
    return tx.execute(change).mappings().first()


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


def sort_values(tx: Tx, owner_id: str, doc_ids: Sequence[int], order: str) -> dict[int, str | int]:
    """What documents are sorted by, by key; only living ones of this owner."""
    query = select(documents.c.doc_id, SORTED_BY[order][0]).where(
        _one_of(doc_ids), documents.c.owner_id == owner_id, documents.c.deleted.is_(False)
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
        _one_of(doc_ids),
        documents.c.owner_id == owner_id,
        documents.c.deleted.is_(False),
    )
    if sizes[0]:
        query = query.where(documents.c.size + 0 >= sizes[0])
    if sizes[1] is not None:
        query = query.where(documents.c.size + 0 <= sizes[1])
    rows = tx.execute(query.group_by(documents.c.content_type, tags, documents.c.status)).all()
    return [(row[0], json.loads(row[1]), row[2], row[3]) for row in rows]


def _one_of(doc_ids: Sequence[int]) -> TextClause:
    """A condition on many keys, written out: a thousand bound values cost more than what is asked of them."""
    return text(f"documents.doc_id IN ({', '.join(str(int(key)) for key in doc_ids) or 'NULL'})")


def many(tx: Tx, owner_id: str, doc_ids: Sequence[int]) -> dict[int, RowMapping]:
    """Living documents of this owner by key."""
    query = select(documents).where(
        documents.c.doc_id.in_(doc_ids), documents.c.owner_id == owner_id, documents.c.deleted.is_(False)
    )
    return {row["doc_id"]: row for row in tx.execute(query).mappings()}


def sizes(tx: Tx, owner_id: str, doc_ids: Sequence[int]) -> dict[int, int]:
    """Sizes in bytes of living documents of this owner, by key."""
    query = select(documents.c.doc_id, documents.c.size).where(
        _one_of(doc_ids), documents.c.owner_id == owner_id, documents.c.deleted.is_(False)
    )
    return {row[0]: row[1] for row in tx.execute(query).all()}


# the indexer's view


def unindexed(tx: Tx, most: int) -> list[RowMapping]:
    """Documents whose index entry is behind, oldest first."""
    return list(
        tx.execute(select(documents).where(text(INDEX_BEHIND)).order_by(documents.c.doc_id).limit(most)).mappings()
    )


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
    tx.execute(update(documents).where(documents.c.doc_id.in_(keys)).values(index_done=0, index_mark=0))
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
        documents.c.doc_id.in_(doc_ids), documents.c.deleted.is_(False), documents.c.known.is_(True)
    )
    return sorted(set(doc_ids) - set(tx.execute(living).scalars()))


def doc_id_at(tx: Tx, file_id: str) -> int | None:
    """The key of a file's document."""
    return tx.execute(select(documents.c.doc_id).where(documents.c.file_id == file_id)).scalar()


def text_of(tx: Tx, doc_id: int) -> tuple[str, str] | None:
    """(storage key, text) that was last indexed for a document."""
    row = tx.execute(select(texts.c.storage_key, texts.c.body).where(texts.c.doc_id == doc_id)).first()
    return (row[0], row[1]) if row else None


def texts_of(tx: Tx, doc_ids: Sequence[int]) -> dict[int, str]:
    """The texts of documents, by key."""
    return {
        row[0]: row[1]
        for row in tx.execute(select(texts.c.doc_id, texts.c.body).where(texts.c.doc_id.in_(doc_ids))).all()
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


# audit and timeline


def audit_page(
    tx: Tx, owner_id: str, file_id: str, limit: int, before: tuple[datetime, int] | None
) -> list[RowMapping]:
    """Entries about a file, newest first by when it happened, whenever the news of it came."""
    query = select(audit).where(audit.c.file_id == file_id, audit.c.owner_id == owner_id)
    if before is not None:
        at, entry_id = before
        query = query.where(or_(audit.c.at < at, and_(audit.c.at == at, audit.c.entry_id < entry_id)))
    return list(tx.execute(query.order_by(audit.c.at.desc(), audit.c.entry_id.desc()).limit(limit)).mappings())


def add_timeline(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Append entries."""
    tx.execute(insert(timeline), rows)


def timeline_of(tx: Tx, file_id: str, most: int = 1000) -> list[RowMapping]:
    """The newest `most` entries about a file, in order of time."""
    query = select(timeline).where(timeline.c.file_id == file_id)
    rows = tx.execute(query.order_by(timeline.c.at.desc(), timeline.c.entry_id.desc()).limit(most)).mappings()
    return list(rows)[::-1]


def file_of_request(tx: Tx, owner_id: str, request_id: str) -> str | None:
    """The file a request was about, for `filemill trace REQUEST_ID`."""
    query = (
        select(timeline.c.file_id)
        .join(documents, documents.c.file_id == timeline.c.file_id)
        .where(timeline.c.request_id == request_id, documents.c.owner_id == owner_id)
    )
    return tx.execute(query.limit(1)).scalar()


def merged_findings(kept: list[dict[str, Any]], analyzed: FileAnalyzed) -> list[dict[str, Any]]:
    """Findings by capability, each from the newest run; the newest run's first, in its own order."""
    run = [analyzed.run, analyzed.attempt]
    merged = {finding["capability"]: finding for finding in kept}
    for place, finding in enumerate(analyzed.findings):
        old = merged.get(finding.capability)
        if old is None or _said_by(old)[:2] < run:
            merged[finding.capability] = finding.model_dump(mode="json", exclude_none=True) | {"said_by": [*run, place]}
    return sorted(merged.values(), key=_newest_first)


def _said_by(finding: dict[str, Any]) -> list[int]:
    """Run, attempt and place of a kept finding; one kept by an older program is older than any."""
    return finding.get("said_by") or [0, 0, 0]


def _newest_first(finding: dict[str, Any]) -> tuple[int, int, int]:
    run, attempt, place = _said_by(finding)
    return -run, -attempt, place


def by_file(tx: Tx, file_id: str) -> RowMapping | None:
    """A file's document, whatever became of it."""
    return tx.execute(select(documents).where(documents.c.file_id == file_id)).mappings().first()


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


def without_upload_entry(tx: Tx, file_ids: Sequence[str]) -> list[str]:
    """Those of these known files whose upload the audit trail does not tell of."""
    told = select(audit.c.file_id).where(audit.c.file_id.in_(file_ids), audit.c.action == "uploaded")
    here = select(documents.c.file_id).where(documents.c.file_id.in_(file_ids), documents.c.known.is_(True))
    return list(tx.execute(here.where(documents.c.file_id.not_in(told))).scalars())


INVENTORY = Inventory(
    "metadata",
    (
        # The word index belongs to its engine: where the rows go the indexer makes it anew, from mark 0 on.
        KeptTable(texts, batch=20, erase=_erase_text),
        KeptTable(vectors, batch=20, erase=_erase_vectors),
        KeptTable(documents, local={"index_done": 0, "index_mark": 0}),
        KeptTable(audit, flaw=_audit_flaw, erase=_blank_audit),
        KeptTable(audit_seals, survives="hashes and numbers only"),
        KeptTable(tallies, survives="numbers; a tag that no file has any more is in none"),
        KeptTable(tally_changes, survives="numbers that are folded into those of `tallies` within seconds"),
        erasure.kept(purged_files),
        KeptTable(timeline),
        outboxes.kept(outbox),
        inboxes.kept(inbox),
    ),
    documents,
    _known,
    without_upload_entry,
)
