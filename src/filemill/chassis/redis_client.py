"""One Redis (or Valkey) and how it is asked: timeouts, one retry, a breaker, its errors in our terms.

A paused server accepts connections and never answers, and would hold a request to the client's own patience: every call here
ends within `TOTAL_S`. Not for Redis Cluster (scripts touch two keys).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, AuthorizationError, RedisError, ResponseError
from redis.exceptions import ConnectionError as Disconnected

from filemill.chassis import server_url
from filemill.chassis.errors import StartError, Unavailable
from filemill.chassis.resilience.breaker import Breaker

CONNECT_S = 1.5  # a lost SYN is sent again after one second (RFC 6298): a burst of connections must survive it
ANSWER_S = 1.0
TOTAL_S = 2.0
CONNECTIONS_MOST = 32

T = TypeVar("T")
_log = structlog.get_logger()


class RedisClient:
    """`name` says what it is for, in metrics and messages. It connects at first use."""

    def __init__(self, url: str, name: str) -> None:
        self.place = _place(url)
        self.breaker = Breaker(f"redis:{name}")
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS_MOST,
            timeout=ANSWER_S,  # for a free connection
            socket_connect_timeout=CONNECT_S,
            socket_timeout=ANSWER_S,
            retry=Retry(NoBackoff(), 0),  # `ask` repeats, and knows what may be repeated
            decode_responses=True,
        )
        self._redis = Redis.from_pool(pool)

    async def ask(self, question: "Callable[[Redis], Awaitable[T]]", *, repeatable: bool = True) -> T:
        """Ask. Raises `Unavailable`.

        A connection that turns out to be dead (the server was restarted) is worth a second try on a fresh one, if the question
        may reach the server twice; a silence is not.
        """
        async with self.breaker.call():
            try:
                return await self._asked(question, repeatable=repeatable)
            except ResponseError as error:
                refusal = error  # it answers: it is full, or read-only, and what it can do goes on
            except (RedisError, OSError, TimeoutError) as error:
                _log.warning("redis.call.failed", dependency=self.breaker.name, kind=type(error).__name__)
                raise Unavailable("Redis does not answer.") from error
        _log.warning("redis.call.refused", dependency=self.breaker.name, word=_word(refusal))
        raise Unavailable("Redis refuses the call.") from refusal

    async def _asked(self, question: "Callable[[Redis], Awaitable[T]]", *, repeatable: bool) -> T:
        async with asyncio.timeout(TOTAL_S):
            try:
                return await question(self._redis)
            except Disconnected as error:
                if not repeatable or isinstance(error, AuthenticationError):
                    raise
                return await question(self._redis)

    async def check(self) -> None:
        """Raise `Unavailable` if it does not answer."""
        await self.ask(lambda redis: redis.ping())

    async def check_start(self) -> None:
        """Raise `StartError` if it cannot be used as `REDIS_URL` says."""
        try:
            async with asyncio.timeout(TOTAL_S):
                await self._redis.ping()
        except (AuthenticationError, AuthorizationError) as error:
            raise StartError(f"REDIS_URL: {self.place} refuses the user or the password; correct them") from error
        except ResponseError as error:
            raise StartError(
                f"REDIS_URL: {self.place} refuses ({_word(error)}); correct user, password, database"
            ) from error
        except (RedisError, OSError, TimeoutError) as error:
            raise StartError(f"REDIS_URL: no Redis answers at {self.place}; start it or correct the address") from error
        await self._warn_of_eviction()

    async def _warn_of_eviction(self) -> None:
        """Not refused: what is evicted is asked for anew (a login), never answered wrongly."""
        try:
            async with asyncio.timeout(TOTAL_S):
                policy = (await self._redis.info("memory")).get("maxmemory_policy", "noeviction")
        except (RedisError, OSError, TimeoutError):
            return  # a user that may not ask this; the question was only for the warning
        if policy != "noeviction":
            _log.warning("redis.evicts", place=self.place, policy=policy, wanted="noeviction")

    async def close(self) -> None:
        """Close its connections."""
        await self._redis.aclose(close_connection_pool=True)


def _place(url: str) -> str:
    """Where it is, for a message: never with the password. Raises `StartError`."""
    form = "redis://host:6379/0 or rediss://host:6380/0"
    parts = server_url.read("REDIS_URL", url, ("redis", "rediss"), form)
    database = parts.path.strip("/")
    if database and not database.isdecimal():
        raise StartError(f"REDIS_URL: its database is no number; it must be {form}")
    return f"{parts.hostname}:{parts.port or 6379}"


def _word(error: Exception) -> str:
    """The first word of a refusal (`NOPERM`, `NOAUTH`, `LOADING`): the rest may repeat what was sent."""
    return str(error).partition(" ")[0][:20] or type(error).__name__
