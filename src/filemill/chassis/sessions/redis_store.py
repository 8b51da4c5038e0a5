"""Sessions in Redis or Valkey: `session:{id}` holds JSON with `user_id`, `files_uploaded`, `created_at`, for one hour.

Other programs may read them. Changes are scripts, so that two services never overwrite each other.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import orjson

from filemill.chassis.clock import now
from filemill.chassis.errors import Unavailable
from filemill.chassis.redis_client import RedisClient
from filemill.chassis.sessions.store import LIFE_S, Session, is_session_id, new_session_id

SCANNED_AT_ONCE = 500
_COUNT = """
local kept = redis.call('GET', KEYS[1])
if not kept then return nil end
local session = cjson.decode(kept)
session.files_uploaded = session.files_uploaded + 1
redis.call('SET', KEYS[1], cjson.encode(session), 'EX', ARGV[1])
return session.files_uploaded
"""
# The second run of a repeated question finds its work done.
_ROTATE = """
local done = redis.call('GET', KEYS[2])
if done then return done end
local kept = redis.call('GET', KEYS[1])
if not kept then return nil end
redis.call('SET', KEYS[2], kept, 'EX', ARGV[1])
redis.call('DEL', KEYS[1])
return kept
"""


class RedisSessionStore:
    """See `store.SessionStore`."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    async def create(self, user_id: str) -> Session:
        """See `SessionStore.create`."""
        session = Session(new_session_id(), user_id, 0, now())
        body = orjson.dumps(
            {"user_id": user_id, "files_uploaded": 0, "created_at": session.created_at.isoformat()}
        ).decode()
        await self._client.ask(lambda redis: redis.set(_key(session.session_id), body, ex=LIFE_S))
        return session

    async def get(self, session_id: str) -> Session | None:
        """See `SessionStore.get`."""
        if not is_session_id(session_id):
            return None
        return _session(session_id, await self._client.ask(lambda redis: redis.getex(_key(session_id), ex=LIFE_S)))

    async def count_upload(self, session_id: str) -> int | None:
        """See `SessionStore.count_upload`."""
        if not is_session_id(session_id):
            return None
        counted: int | None = await self._client.ask(
            lambda redis: redis.eval(_COUNT, 1, _key(session_id), LIFE_S), repeatable=False
        )
        return counted

    async def rotate(self, session_id: str) -> Session | None:
        """See `SessionStore.rotate`."""
        if not is_session_id(session_id):
            return None
        fresh = new_session_id()
        kept = await self._client.ask(lambda redis: redis.eval(_ROTATE, 2, _key(session_id), _key(fresh), LIFE_S))
        return _session(fresh, kept)

    async def delete(self, session_id: str) -> bool:
        """See `SessionStore.delete`."""
        if not is_session_id(session_id):
            return False
        gone: int = await self._client.ask(lambda redis: redis.delete(_key(session_id)))
        return gone == 1

    async def forget_user(self, user_id: str) -> int:
        """See `ForgetsUsers.forget_user`. Looks at every session there is, a page at a time."""
        cursor, gone = 0, 0
        while True:
            cursor, keys = await self._client.ask(_scan(cursor))
            kept = await self._client.ask(_read(keys)) if keys else []
            theirs = [key for key, body in zip(keys, kept, strict=True) if body and _user_of(body) == user_id]
            if theirs:
                gone += await self._client.ask(_delete(theirs))
            if not cursor:
                return gone

    async def check(self) -> None:
        """See `SessionStore.check`."""
        await self._client.check()

    async def close(self) -> None:
        """See `SessionStore.close`."""
        await self._client.close()


def _key(session_id: str) -> str:
    return f"session:{session_id}"


def _scan(cursor: int) -> Callable[[Any], Any]:
    return lambda redis: redis.scan(cursor, match=_key("*"), count=SCANNED_AT_ONCE)


def _read(keys: Sequence[Any]) -> Callable[[Any], Any]:
    return lambda redis: redis.mget(keys)


def _delete(keys: Sequence[Any]) -> Callable[[Any], Any]:
    return lambda redis: redis.delete(*keys)


def _user_of(kept: Any) -> str | None:
    try:
        return str(orjson.loads(kept)["user_id"])
    except (ValueError, KeyError, TypeError):
        return None  # not in the form that we write: nobody's


def _session(session_id: str, kept: Any) -> Session | None:
    if kept is None:
        return None
    try:
        said = orjson.loads(kept)
        return Session(
            session_id, str(said["user_id"]), int(said["files_uploaded"]), datetime.fromisoformat(said["created_at"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable("A session in Redis is not in the form that we write.") from error
