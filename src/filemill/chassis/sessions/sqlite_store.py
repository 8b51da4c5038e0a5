"""Sessions in a SQLite file that all services of this machine share. Not synced: a power cut may log people out."""

from datetime import datetime

from sqlalchemy import text

from filemill.chassis.clock import now, unix_s
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.database.first_use import FirstUse, execute_all
from filemill.chassis.sessions.store import LIFE_S, Session, is_session_id, new_session_id

SWEEP_MOST = 20
"""Ended sessions forgotten with each new one: the table stays about as large as the number of living ones."""

_TABLE = text(
    "CREATE TABLE IF NOT EXISTS sessions (session_id TEXT PRIMARY KEY, user_id TEXT NOT NULL, files_uploaded INTEGER NOT NULL,"
    " created_at TEXT NOT NULL, ends_at REAL NOT NULL) WITHOUT ROWID"
)
_INDEX = text("CREATE INDEX IF NOT EXISTS sessions_ends ON sessions (ends_at)")
_INSERT = text("INSERT INTO sessions VALUES (:session_id, :user_id, 0, :created_at, :ends_at)")
_SWEEP = text(
    "DELETE FROM sessions WHERE session_id IN"
    " (SELECT session_id FROM sessions WHERE ends_at <= :now ORDER BY ends_at LIMIT :most)"
)
_CHANGE = text(
    "UPDATE sessions SET session_id = :fresh, files_uploaded = files_uploaded + :more, ends_at = :ends_at"
    " WHERE session_id = :session_id AND ends_at > :now RETURNING user_id, files_uploaded, created_at"
)
_FORGET_USER = text("DELETE FROM sessions WHERE user_id = :user_id")
_DELETE = text("DELETE FROM sessions WHERE session_id = :session_id AND ends_at > :now")


class SqliteSessionStore:
    """See `store.SessionStore`. `database` is a file of its own, opened by every service."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._schema = FirstUse(lambda: database.write_unsynced("sessions.schema", execute_all, _TABLE, _INDEX))

    async def create(self, user_id: str) -> Session:
        """See `SessionStore.create`."""
        await self._schema.ready()
        session = Session(new_session_id(), user_id, 0, now())
        await self._database.write_unsynced("sessions.create", _create, session)
        return session

    async def get(self, session_id: str) -> Session | None:
        """See `SessionStore.get`."""
        if not is_session_id(session_id):
            return None
        await self._schema.ready()
        return await self._database.write_unsynced("sessions.use", _change, session_id, session_id)

    async def count_upload(self, session_id: str) -> int | None:
        """See `SessionStore.count_upload`."""
        if not is_session_id(session_id):
            return None
        await self._schema.ready()
        session = await self._database.write_unsynced("sessions.count", _change, session_id, session_id, more=1)
        return session.files_uploaded if session else None

    async def rotate(self, session_id: str) -> Session | None:
        """See `SessionStore.rotate`."""
        if not is_session_id(session_id):
            return None
        await self._schema.ready()
        return await self._database.write_unsynced("sessions.rotate", _change, session_id, new_session_id())

    async def delete(self, session_id: str) -> bool:
        """See `SessionStore.delete`."""
        if not is_session_id(session_id):
            return False
        await self._schema.ready()
        return await self._database.write_unsynced("sessions.delete", _delete, session_id)

    async def forget_user(self, user_id: str) -> int:
        """See `ForgetsUsers.forget_user`."""
        await self._schema.ready()
        return await self._database.write_unsynced("sessions.forget-user", _forget_user, user_id)

    async def check(self) -> None:
        """See `SessionStore.check`."""
        await self._schema.ready()
        await self._database.check()

    async def close(self) -> None:
        """See `SessionStore.close`."""
        await self._database.close()


def _create(tx: Tx, session: Session) -> None:
    now_s = unix_s()
    tx.execute(_SWEEP, {"now": now_s, "most": SWEEP_MOST})
    values = {
        "session_id": session.session_id,
        "user_id": session.user_id,
        "created_at": session.created_at.isoformat(),
    }
    tx.execute(_INSERT, values | {"ends_at": now_s + LIFE_S})


def _change(tx: Tx, session_id: str, fresh: str, more: int = 0) -> Session | None:
    now_s = unix_s()
    values = {"session_id": session_id, "fresh": fresh, "more": more, "now": now_s, "ends_at": now_s + LIFE_S}
    row = tx.execute(_CHANGE, values).one_or_none()
    if row is None:
        return None
    return Session(fresh, row.user_id, row.files_uploaded, datetime.fromisoformat(row.created_at))


def _delete(tx: Tx, session_id: str) -> bool:
    return tx.execute(_DELETE, {"session_id": session_id, "now": unix_s()}).rowcount == 1


def _forget_user(tx: Tx, user_id: str) -> int:
    return tx.execute(_FORGET_USER, {"user_id": user_id}).rowcount
