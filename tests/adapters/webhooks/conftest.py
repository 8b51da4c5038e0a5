"""The notification service on each engine, in this process, with a receiver on real sockets beside it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from filemill.chassis.database.build import build_database
from filemill.chassis.database.database import Database, Tx
from filemill.chassis.database.migrate import migrate
from filemill.contracts.envelope import Event
from filemill.notification import main
from filemill.notification.consumers import on_event
from filemill.notification.settings import NotificationSettings
from support.asgi import running
from support.receiver import Receiver, receiving

Told = Callable[..., Awaitable[None]]
LONG_S = 30.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def settings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NotificationSettings:
    """Of an installation whose webhooks may call this machine; its database is a file, then a server."""
    monkeypatch.setenv("no_proxy", "")
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # whoever believes it reaches nobody
    url = request.getfixturevalue("postgresql_server").fresh_database() if request.param == "postgresql" else None
    return NotificationSettings(data_dir=tmp_path / "data", database_url=url)


@pytest.fixture
async def database(settings: NotificationSettings) -> AsyncIterator[Database]:
    """A second way into the service's database, as another instance has it."""
    await asyncio.to_thread(migrate, settings)
    made = build_database(settings)
    yield made
    await made.close()


@pytest.fixture
async def client(settings: NotificationSettings, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running service."""
    async with running(await main.build(settings)) as made:
        yield made


@pytest.fixture
def tell(database: Database) -> Told:
    """Take an event in, as the consumer of any instance does."""

    async def told(event: Event) -> None:
        await database.write("test", on_event, event)

    return told


@pytest.fixture
def pass_time(database: Database) -> Callable[[float], Awaitable[None]]:
    """Let seconds pass for everything that waits, without waiting for them."""

    def earlier(tx: Tx, by_s: float) -> None:
        tx.execute(text("UPDATE deliveries SET due_at = due_at - :by, moved_at = moved_at - :by"), {"by": by_s})
        tx.execute(text("UPDATE webhooks SET rests_until = rests_until - :by"), {"by": by_s})

    async def passed(by_s: float) -> None:
        await database.write("test", earlier, by_s)

    return passed


@pytest.fixture
def until() -> Callable[..., Awaitable[Any]]:
    """Wait for a condition; plain functions and coroutines."""

    async def waited(condition: Callable[[], Any], timeout_s: float = LONG_S) -> Any:
        async with asyncio.timeout(timeout_s):
            while True:
                value = condition()
                if asyncio.iscoroutine(value):
                    value = await value
                if value:
                    return value
                await asyncio.sleep(0.1)

    return waited


@pytest.fixture
def hook(client: httpx.AsyncClient, receiver: Receiver) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Make a webhook that leads to a path of the receiver."""

    async def made(path: str, **more: Any) -> dict[str, Any]:
        answer = await client.post("/webhooks", json={"url": receiver.url + path, **more})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return made
