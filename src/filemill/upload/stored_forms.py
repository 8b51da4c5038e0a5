"""How many bytes the store holds for a content, told to the others when that is another number than the content's own.

A content is kept plain at first and may be compressed later (`compression`); `forms` counts those changes, so that the last
one wins in any order. A file that comes to share a compressed content is told of at once. The change and the news are one
transaction.
"""

from collections.abc import Sequence
from typing import Any

from filemill.chassis.database.database import Tx
from filemill.chassis.messaging import outbox, wire
from filemill.contracts.topics import Topic
from filemill.contracts.upload import FileStored
from filemill.upload import compression_repository, versions_repository

TOLD_MOST = 1_000
"""Files of one content that are told of; the others keep the number they have."""


def switch(tx: Tx, holder: str, storage_key: str, stored_size: int, grace_s: float | None) -> bool:
    """The compressed form is the blob now. False if it is no more the holder's."""
    done = compression_repository.switch(tx, holder, storage_key, stored_size, grace_s)
    return done and _told(tx, storage_key)


def look_again(tx: Tx, storage_key: str) -> bool:
    """It is plain after all. False if that is not so."""
    return compression_repository.look_again(tx, storage_key) and _told(tx, storage_key)


def tell(tx: Tx, rows: Sequence[Any]) -> None:
    """Tell of these versions: rows with the file's facts and `stored_size` and `forms` of the blob."""
    for row in rows:
        facts = {name: row[name] for name in FileStored.model_fields}
        event = wire.make_event("upload", Topic.STORED, row["file_id"], FileStored.model_validate(facts))
        outbox.append(tx, event)


def _told(tx: Tx, storage_key: str) -> bool:
    tell(tx, versions_repository.newest_with(tx, storage_key, TOLD_MOST))
    return True
