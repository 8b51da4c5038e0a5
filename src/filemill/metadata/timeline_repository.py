"""Reads and writes of the stories of files. Takes the transaction, owns none."""

from typing import Any

from sqlalchemy import RowMapping, insert, select

from filemill.chassis.database.database import Tx
from filemill.metadata.tables import documents, timeline


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
