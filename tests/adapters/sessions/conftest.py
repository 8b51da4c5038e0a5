"""Session stores that are closed after their test."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from filemill.chassis.sessions.build import build_sessions
from filemill.chassis.sessions.store import SessionStore
from filemill.chassis.settings import ServiceSettings

Open = Callable[[ServiceSettings], Awaitable[SessionStore]]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Opens stores and closes them after the test."""
    stores: list[SessionStore] = []

    async def open_one(settings: ServiceSettings) -> SessionStore:
        stores.append(await build_sessions(settings))
        return stores[-1]

    yield open_one
    for store in stores:
        await store.close()
