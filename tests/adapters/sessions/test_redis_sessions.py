"""Sessions on Redis: the form others may read, and all that a server over the network can do to it."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from redis.asyncio import Redis as Client

from filemill.chassis import redis_client
from filemill.chassis.errors import StartError, Unavailable
from filemill.chassis.resilience.breaker import OPEN_LONGEST_S
from filemill.chassis.sessions.build import build_sessions
from filemill.chassis.sessions.redis_store import RedisSessionStore
from filemill.chassis.sessions.store import LIFE_S, new_session_id
from filemill.chassis.settings import ServiceSettings
from support.fault_proxy import FaultProxy
from support.servers.redis import Redis

from .conftest import Open


@pytest.fixture
def url(redis_server: Redis) -> str:
    return redis_server.fresh_url()


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    """Looks into Redis as another program does."""
    client = Client.from_url(url, decode_responses=True)
    yield client
    await client.aclose()


@pytest.fixture
def proxy(redis_server: Redis) -> Iterator[FaultProxy]:
    with FaultProxy(redis_server.port) as proxy:
        yield proxy


@pytest.fixture
async def far(opened: Open, redis_server: Redis, proxy: FaultProxy) -> RedisSessionStore:
    """A store that reaches Redis through the proxy."""
    database = int(redis_server.fresh_url().rpartition("/")[2])
    store = await opened(ServiceSettings(redis_url=redis_server.url(database, port=proxy.port)))
    assert isinstance(store, RedisSessionStore)
    return store


def heal(monkeypatch: pytest.MonkeyPatch, store: RedisSessionStore) -> None:
    """Let the breaker's pause be over."""
    monkeypatch.setattr(store._client.breaker, "_clock", lambda: time.monotonic() + OPEN_LONGEST_S)


@pytest.mark.servers
async def test_redis_when_others_look_then_it_is_the_documented_form(opened: Open, url: str, client: Client) -> None:
    """`session:{id}`, JSON with the three fields, one hour from the last use."""
    sessions = await opened(ServiceSettings(redis_url=url))
    made = await sessions.create("ann")
    key = f"session:{made.session_id}"
    assert json.loads(await client.get(key)) == {
        "user_id": "ann", "files_uploaded": 0, "created_at": made.created_at.isoformat(),
    }  # fmt: skip
    for use in (sessions.get, sessions.count_upload):
        await client.expire(key, 100)
        await use(made.session_id)
        assert LIFE_S - 5 <= await client.ttl(key) <= LIFE_S
    assert json.loads(await client.get(key)) == {
        "user_id": "ann", "files_uploaded": 1, "created_at": made.created_at.isoformat(),
    }  # fmt: skip


@pytest.mark.servers
async def test_redis_when_a_value_is_not_ours_then_unavailable_and_never_a_user(
    opened: Open, url: str, client: Client
) -> None:
    """A damaged session is no login and no crash."""
    sessions = await opened(ServiceSettings(redis_url=url))
    for value in ("", "null", "[]", '{"user_id": "root"}', "not json"):
        stranger = new_session_id()
        await client.set(f"session:{stranger}", value)
        with pytest.raises(Unavailable):
            await sessions.get(stranger)


@pytest.mark.servers
async def test_redis_when_it_is_paused_then_every_call_ends_in_its_time_and_no_answer_goes_to_another(
    redis_server: Redis,
    opened: Open,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A stopped process holds nobody longer than 2 s, then nobody at all; when it goes on each gets its own session."""
    sessions = await opened(ServiceSettings(redis_url=url))
    assert isinstance(sessions, RedisSessionStore)
    made = [await sessions.create(f"user{number}") for number in range(20)]
    redis_server.pause()
    try:
        began_s = time.monotonic()
        found = await asyncio.gather(*[sessions.get(one.session_id) for one in made], return_exceptions=True)
        assert all(isinstance(one, Unavailable) for one in found)
        assert time.monotonic() - began_s < redis_client.TOTAL_S + 1
        began_s = time.monotonic()
        for _ in range(50):
            with pytest.raises(Unavailable):
                await sessions.create("ann")
        assert time.monotonic() - began_s < 1
        assert sessions._client.breaker.is_open
    finally:
        redis_server.resume()
    heal(monkeypatch, sessions)
    assert await sessions.get(made[0].session_id) == made[0]
    for _ in range(3):
        assert await asyncio.gather(*[sessions.get(one.session_id) for one in made]) == made


def fill_backlog(port: int) -> list[socket.socket]:
    """Connections to a paused server until its kernel drops the next."""
    waiting: list[socket.socket] = []
    for _ in range(2000):
        try:
            waiting.append(socket.create_connection(("127.0.0.1", port), timeout=0.2))
        except TimeoutError:
            return waiting
    raise AssertionError("the backlog has no end")


@pytest.mark.servers
async def test_redis_when_the_first_syn_is_dropped_then_the_second_connects(
    redis_server: Redis, opened: Open, url: str
) -> None:
    """A burst of connections overflows the listener's queue: the kernel repeats after a second, nobody gets an error."""
    sessions = await opened(ServiceSettings(redis_url=url))
    assert isinstance(sessions, RedisSessionStore)
    await sessions._client._redis.connection_pool.disconnect()
    redis_server.pause()
    waiting: list[socket.socket] = []
    try:
        waiting = await asyncio.to_thread(fill_backlog, redis_server.port)
        asyncio.get_running_loop().call_later(0.7, redis_server.resume)
        began_s = time.monotonic()
        made = await sessions.create("ann")
        assert time.monotonic() - began_s > 0.6  # it did wait: its first SYN was dropped
    finally:
        redis_server.resume()
        for one in waiting:
            one.close()
    assert await sessions.get(made.session_id) == made


@pytest.mark.servers
async def test_redis_when_connections_are_cut_then_the_next_call_works(
    far: RedisSessionStore, proxy: FaultProxy
) -> None:
    """A restart of Redis costs nobody an error where asking again is safe."""
    made = await far.create("ann")
    for _ in range(5):
        proxy.cut()
        assert await far.get(made.session_id) == made


@pytest.mark.servers
async def test_redis_when_it_is_away_then_unavailable_fast_and_it_heals(
    far: RedisSessionStore, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 and not a logout: the session is still there afterwards."""
    made = await far.create("ann")
    proxy.down()
    began_s = time.monotonic()
    for _ in range(20):
        with pytest.raises(Unavailable):
            await far.get(made.session_id)
    with pytest.raises(Unavailable):
        await far.check()
    assert time.monotonic() - began_s < 2
    proxy.up()
    heal(monkeypatch, far)
    assert await far.get(made.session_id) == made


@pytest.mark.servers
async def test_redis_when_it_was_emptied_then_everybody_logs_in_again(opened: Open, url: str, client: Client) -> None:
    """A flush is no error and no wrong answer."""
    sessions = await opened(ServiceSettings(redis_url=url))
    made = await sessions.create("ann")
    await client.flushdb()
    assert await sessions.get(made.session_id) is None
    assert await sessions.get((await sessions.create("ann")).session_id) is not None


@pytest.mark.servers
async def test_redis_when_it_is_full_then_unavailable_and_known_sessions_stay(
    opened: Open, url: str, client: Client
) -> None:
    """Full is said; with `noeviction` no session is dropped for another."""
    sessions = await opened(ServiceSettings(redis_url=url))
    made, stays = await sessions.create("ann"), await sessions.create("ann")
    await client.config_set("maxmemory", "1")
    try:
        for _ in range(6):
            with pytest.raises(Unavailable):
                await sessions.create("bob")
        assert await sessions.delete(made.session_id) is True  # it still answers: logging out works
    finally:
        await client.config_set("maxmemory", "0")
    assert await sessions.get(stays.session_id) == stays


@pytest.mark.servers
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _server: "redis://127.0.0.1:1/0", "no Redis answers at 127.0.0.1:1"),
        (lambda _server: "redis://nowhere.invalid:6379", "no Redis answers at nowhere.invalid:6379"),
        (lambda _server: "http://127.0.0.1:6379", "it must be redis://"),
        (lambda _server: "redis://127.0.0.1:port/0", "it must be redis://"),
        (lambda _server: "redis://127.0.0.1:6379/first", "it must be redis://"),
        (lambda server: server.url(99_999), "refuses (DB)"),
    ],
)
async def test_start_when_the_url_is_wrong_then_one_line_says_so(
    redis_server: Redis, make: Callable[[Redis], str], says: str
) -> None:
    """An operator reads what to change, and never a password."""
    with pytest.raises(StartError) as refused:
        await build_sessions(ServiceSettings(redis_url=make(redis_server)))
    text = str(refused.value)
    assert text.startswith("REDIS_URL: ")
    assert says in text
    assert "\n" not in text
    assert "hidden" not in text


@pytest.mark.servers
async def test_start_when_a_password_is_needed_then_the_right_one_opens_and_a_wrong_one_is_said_once(
    redis_server: Redis,
) -> None:
    """A wrong password is not tried for ever."""
    server = Redis(password="sesame")
    server.start()
    try:
        for url in (server.url(password="hidden"), f"redis://127.0.0.1:{server.port}/0"):
            with pytest.raises(StartError, match="refuses the user or the password") as refused:
                await build_sessions(ServiceSettings(redis_url=url))
            assert "hidden" not in str(refused.value)
        sessions = await build_sessions(ServiceSettings(redis_url=server.url()))
        await sessions.create("ann")
        assert "sesame" not in repr(ServiceSettings(redis_url=server.url()))
        await sessions.close()
    finally:
        server.stop()
