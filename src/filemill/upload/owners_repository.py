"""Reads and writes about everything one owner has. Takes the transaction, owns none."""

from sqlalchemy import func, select, update

from filemill.chassis.database.database import Tx
from filemill.upload.tables import files, purges, upload_sessions


def expire_uploads(tx: Tx, owner_id: str) -> int:
    """The time of each is over: of what has not become a file yet, and of what has."""
    mine = upload_sessions.c.owner_id == owner_id, upload_sessions.c.expires_at > 0
    return tx.execute(update(upload_sessions).where(*mine).values(expires_at=0.0)).rowcount


def has_uploads(tx: Tx, owner_id: str) -> bool:
    """Whether anything is known of uploads that came, or come, in several requests."""
    mine = select(upload_sessions.c.upload_id).where(upload_sessions.c.owner_id == owner_id).limit(1)
    return tx.execute(mine).first() is not None


def free_files(tx: Tx, owner_id: str, most: int) -> list[str]:
    """Files that are under no legal hold, living, in the trash, failed or waiting for whatever."""
    mine = select(files.c.file_id).where(files.c.owner_id == owner_id, files.c.hold.is_(None))
    return list(tx.execute(mine.limit(most)).scalars())


def held_files(tx: Tx, owner_id: str, most: int) -> tuple[list[str], int]:
    """Files under a legal hold: some by id, and how many they are."""
    mine = files.c.owner_id == owner_id, files.c.hold.is_not(None)
    count = tx.execute(select(func.count()).select_from(files).where(*mine)).scalar_one()
    named = select(files.c.file_id).where(*mine).order_by(files.c.file_id).limit(most)
    return list(tx.execute(named).scalars()), count


def is_busy(tx: Tx, owner_id: str) -> bool:
    """Whether there are files to purge, purges to be confirmed, or uploads to end."""
    looks = (
        select(files.c.file_id).where(files.c.owner_id == owner_id, files.c.hold.is_(None)),
        select(purges.c.purge_id).where(purges.c.owner_id == owner_id, purges.c.done_at.is_(None)),
    )
    return has_uploads(tx, owner_id) or any(tx.execute(query.limit(1)).first() is not None for query in looks)
