"""The two sets of engines a mill can stand on, and how a test looks into them from outside.

`EmbeddedEngines` are the files in the data folder; `ServerEngines` real servers: PostgreSQL, RabbitMQ, an S3 store, Redis.
"""

import asyncio
import json
import re
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import redis

from filemill.contracts.topics import QUEUES
from support.servers.postgresql import PostgreSql
from support.servers.rabbitmq import RabbitMq
from support.servers.redis import Redis
from support.servers.s3 import S3Server

Rows = list[tuple[Any, ...]]
ROWS_S = 60.0


class NotThereYet(Exception):
    """A table or a file is still being made."""


class Engines(Protocol):
    """What a test asks of a set of engines. Queries are plain SQL with `?`, understood by every engine."""

    name: str
    sabotaged: bool
    """Whether the mill on them has a safety switched off, so that what safeties write down says nothing."""

    def environment(self) -> dict[str, str]:
        """The settings that choose them."""
        ...

    def rows(self, service: str, query: str, *values: Any) -> Rows:
        """Look into a service's database. Raises `NotThereYet`."""
        ...

    def undelivered(self) -> Iterator[tuple[str, int]]:
        """(queue, messages not handled yet)."""
        ...

    def holds_messages(self, service: str, holder: str, now: float) -> bool:
        """Whether the process with this identity (a LIKE pattern) has messages in hand, as far as one can see."""
        ...

    def blobs(self) -> set[str]:
        """The keys of all stored blobs."""
        ...

    def overwrite(self, name: str, data: bytes) -> None:
        """Put other bytes where the unfinished body `name` of a direct upload lies, past the product."""
        ...

    def partials(self) -> list[str]:
        """What is half-written in the store."""
        ...

    def integrity(self) -> list[str]:
        """What the engines themselves find damaged."""
        ...

    def close(self) -> None:
        """Let go of them."""
        ...


class EmbeddedEngines:
    """SQLite files and a folder."""

    name = "embedded"
    sabotaged = False

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def environment(self) -> dict[str, str]:
        """See `Engines.environment`."""
        return {}

    def rows(self, service: str, query: str, *values: Any) -> Rows:
        """See `Engines.rows`."""
        return self._look(self._data_dir / "databases" / f"{service}.db", query, *values)

    def undelivered(self) -> Iterator[tuple[str, int]]:
        """See `Engines.undelivered`."""
        for path in sorted((self._data_dir / "queues").glob("*.db")):
            yield path.stem, self._look(path, "SELECT count(*) FROM message WHERE parked_at IS NULL")[0][0]

    def holds_messages(self, service: str, holder: str, now: float) -> bool:
        """See `Engines.holds_messages`."""
        query = "SELECT count(*) FROM message WHERE holder LIKE ? AND lease_until > ? AND parked_at IS NULL"
        paths = (self._data_dir / "queues").glob(f"{service}.*.db")
        return any(self._look(path, query, holder, now)[0][0] for path in paths)

    def blobs(self) -> set[str]:
        """See `Engines.blobs`."""
        small = {key for (key,) in self._look(self._data_dir / "store" / "small.db", "SELECT key FROM small")}
        folder = self._data_dir / "store" / "blobs"
        return small | {f"blobs/{path.parent.name}/{path.name}" for path in folder.glob("*/*")}

    def overwrite(self, name: str, data: bytes) -> None:
        """See `Engines.overwrite`."""
        [path] = (self._data_dir / "store" / "unfinished").rglob(name)
        path.write_bytes(data)

    def partials(self) -> list[str]:
        """See `Engines.partials`."""
        return [path.name for path in (self._data_dir / "store" / "partial").glob("*")]

    def integrity(self) -> list[str]:
        """See `Engines.integrity`."""
        said = {path: self._look(path, "PRAGMA integrity_check")[0][0] for path in sorted(self._data_dir.rglob("*.db"))}
        return [f"damaged: {path.name}: {word}" for path, word in said.items() if word != "ok"]

    def close(self) -> None:
        """See `Engines.close`."""

    @staticmethod
    def _look(path: Path, query: str, *values: Any) -> Rows:
        try:
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
            try:
                return list(connection.execute(query, values))
            finally:
                connection.close()
        except sqlite3.OperationalError as error:
            raise NotThereYet(f"{path.name}: {error}") from error


class ServerEngines:
    """Databases, a virtual host and a bucket of one mill's own on real servers."""

    name = "servers"

    def __init__(self, postgresql: PostgreSql, rabbitmq: RabbitMq, s3: S3Server, redis: Redis, prefix: str) -> None:
        self.postgresql = postgresql
        self.rabbitmq = rabbitmq
        self.s3 = s3
        self._prefix = prefix
        self._vhost_url = rabbitmq.fresh_vhost()
        self._bucket = s3.fresh_bucket()
        self._redis_url = redis.fresh_url()
        self.redis = redis
        self._connections: dict[str, Any] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.sabotaged = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="looking into engines", daemon=True)
        self._thread.start()

    def environment(self) -> dict[str, str]:
        """See `Engines.environment`."""
        database = {"DATABASE_URL": self.postgresql.url(self._prefix), "RABBITMQ_URL": self._vhost_url}
        return database | {"REDIS_URL": self._redis_url} | self.s3.environment(self._bucket)

    def rows(self, service: str, query: str, *values: Any) -> Rows:
        """See `Engines.rows`."""
        asked = asyncio.run_coroutine_threadsafe(self._rows(service, query, values), self._loop)
        try:
            return asked.result(ROWS_S)
        except TimeoutError as error:
            asked.cancel()
            raise NotThereYet(f"{service}: no answer within {ROWS_S:g} s") from error

    def undelivered(self) -> Iterator[tuple[str, int]]:
        """See `Engines.undelivered`: an event of an outbox is due in the inbox of each queue that listens to its type.

        Where a test has switched inboxes or confirms off, the broker is asked, whose numbers are seconds old.
        """
        if self.sabotaged:
            path = "/queues/" + self._vhost_url.rpartition("/")[2]
            for queue in json.loads(self.rabbitmq.api("GET", path)):
                if not queue["name"].endswith(".parked"):
                    yield queue["name"], queue.get("messages", 1)  # without a number: not counted yet
            return
        sent: dict[str, set[str]] = defaultdict(set)
        for service in ("access", "upload", "metadata", "processing", "ai", "notification"):
            query = "SELECT convert_from(body, 'UTF8')::json ->> 'type', event_id FROM outbox"
            for topic, event_id in self.rows(service, query):
                sent[topic].add(event_id)
        for queue, topics in QUEUES.items():
            seen = self.rows(queue.partition(".")[0], "SELECT event_id FROM inbox WHERE queue = ?", queue)
            # By id and not by number: a purge takes events out of the outbox that were handled long ago.
            yield queue, len(set().union(*(sent[topic] for topic in topics)) - {event_id for (event_id,) in seen})

    def holds_messages(self, service: str, holder: str, now: float) -> bool:
        """See `Engines.holds_messages`: a broker does not tell whose they are."""
        return False

    def blobs(self) -> set[str]:
        """See `Engines.blobs`."""
        return set(self.s3.keys(self._bucket))

    def objects(self) -> Iterator[tuple[str, bytes]]:
        """Everything in the bucket, with its bytes."""
        for key in self.s3.keys(self._bucket):
            yield key, self.s3.client().get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def shared(self) -> Iterator[tuple[str, bytes]]:
        """Everything in Redis, in words."""
        with redis.Redis.from_url(self._redis_url) as client:
            for key in client.scan_iter():
                kind = client.type(key)
                value = client.get(key) if kind == b"string" else client.hgetall(key) if kind == b"hash" else kind
                yield key.decode("utf-8", "replace"), repr((key, value)).encode()

    def overwrite(self, name: str, data: bytes) -> None:
        """See `Engines.overwrite`."""
        [key] = [key for key in self.s3.keys(self._bucket) if key.endswith(f"/{name}")]
        self.s3.client().put_object(Bucket=self._bucket, Key=key, Body=data)

    def partials(self) -> list[str]:
        """See `Engines.partials`: multipart uploads that were neither completed nor aborted."""
        return self.s3.open_uploads(self._bucket)

    def integrity(self) -> list[str]:
        """See `Engines.integrity`: the servers have no such question that ends in time."""
        return []

    def close(self) -> None:
        """See `Engines.close`."""

        async def close_all() -> None:
            for connection in self._connections.values():
                await connection.close(timeout=2)

        asyncio.run_coroutine_threadsafe(close_all(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _rows(self, service: str, query: str, values: tuple[Any, ...]) -> Rows:
        numbers = iter(range(1, len(values) + 1))
        statement = re.sub(r"\?", lambda _mark: f"${next(numbers)}", query)
        for fresh in (False, True):
            try:
                # One question at a time: who opens a connection anew takes the old one from whoever asks on it.
                async with self._asking[service]:
                    connection = await self._connection(service, fresh=fresh)
                    return [tuple(row) for row in await connection.fetch(statement, *values)]
            except (asyncpg.UndefinedTableError, asyncpg.InvalidCatalogNameError) as error:
                raise NotThereYet(f"{service}: {error}") from error
            except (
                OSError,
                asyncpg.PostgresConnectionError,
                asyncpg.OperatorInterventionError,
                asyncpg.InterfaceError,
            ) as error:
                if fresh:
                    raise NotThereYet(f"{service}: {error}") from error
        raise AssertionError  # the second try returned or raised

    async def _connection(self, service: str, *, fresh: bool) -> Any:
        if fresh and (old := self._connections.pop(service, None)):
            old.terminate()
        if service not in self._connections:
            url = self.postgresql.url(f"{self._prefix}_{service}")
            self._connections[service] = await asyncpg.connect(url, statement_cache_size=0)
        return self._connections[service]
