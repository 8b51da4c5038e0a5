"""One suite for every session store, and how those in a file end."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from filemill.chassis.sessions import sqlite_store
from filemill.chassis.sessions.build import build_sessions
from filemill.chassis.sessions.store import LIFE_S, SessionStore, is_session_id, new_session_id
from filemill.chassis.settings import ServiceSettings
from support.shared_state import SHARED, shared_settings

from .conftest import Open


@pytest.fixture(params=SHARED)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> ServiceSettings:
    return shared_settings(request, request.param, tmp_path)


@pytest.fixture
async def sessions(opened: Open, settings: ServiceSettings) -> SessionStore:
    return await opened(settings)


@pytest.fixture
async def other(opened: Open, settings: ServiceSettings) -> SessionStore:
    """The store as another service has it."""
    return await opened(settings)


async def test_get_when_another_service_made_it_then_it_is_the_same_session(
    sessions: SessionStore, other: SessionStore
) -> None:
    """Written by one service, read by every other."""
    made = await sessions.create("ann")
    assert await other.get(made.session_id) == made
    assert (made.user_id, made.files_uploaded) == ("ann", 0)
    assert abs(made.created_at - datetime.now(UTC)) < timedelta(seconds=10)


async def test_create_when_called_often_then_every_id_is_new_and_secret(sessions: SessionStore) -> None:
    """256 random bits each, and no text of a session shows them."""
    made = [await sessions.create("ann") for _ in range(50)]
    assert len({one.session_id for one in made}) == 50
    assert all(is_session_id(one.session_id) for one in made)
    assert made[0].session_id not in repr(made[0])


@pytest.mark.parametrize("text", ["", "*", "x" * 43 + "\n", "../" * 14, "é" * 43, "a" * 42, "a" * 44])
async def test_get_when_the_text_is_no_id_then_nobody_is_asked(sessions: SessionStore, text: str) -> None:
    """Whatever a cookie holds never becomes a key."""
    assert await sessions.get(text) is None
    assert await sessions.count_upload(text) is None
    assert await sessions.rotate(text) is None
    assert await sessions.delete(text) is False


async def test_get_when_it_is_unknown_then_none(sessions: SessionStore) -> None:
    """Somebody else's idea of an id is nobody."""
    await sessions.create("ann")
    unknown = new_session_id()
    assert await sessions.get(unknown) is None
    assert await sessions.count_upload(unknown) is None
    assert await sessions.rotate(unknown) is None
    assert await sessions.delete(unknown) is False


async def test_count_upload_when_many_services_count_at_once_then_none_is_lost(
    sessions: SessionStore, other: SessionStore
) -> None:
    """Reading, adding and writing are one step."""
    made = await sessions.create("ann")
    counts = await asyncio.gather(*[one.count_upload(made.session_id) for one in (sessions, other) for _ in range(50)])
    assert sorted(count or 0 for count in counts) == list(range(1, 101))
    found = await other.get(made.session_id)
    assert found is not None
    assert (found.user_id, found.files_uploaded, found.created_at) == ("ann", 100, made.created_at)


async def test_rotate_when_called_then_the_old_id_is_nobody_and_all_else_stays(
    sessions: SessionStore, other: SessionStore
) -> None:
    """An id that was known before the login is worth nothing after it."""
    made = await sessions.create("ann")
    await sessions.count_upload(made.session_id)
    fresh = await sessions.rotate(made.session_id)
    assert fresh is not None
    assert fresh.session_id != made.session_id
    assert (fresh.user_id, fresh.files_uploaded, fresh.created_at) == ("ann", 1, made.created_at)
    assert await other.get(made.session_id) is None
    assert await other.get(fresh.session_id) == fresh
    assert await sessions.rotate(made.session_id) is None


async def test_delete_when_called_then_it_is_gone_everywhere_and_a_second_says_no(
    sessions: SessionStore, other: SessionStore
) -> None:
    """Logged out is logged out at once."""
    made, stays = await sessions.create("ann"), await sessions.create("ann")
    assert await sessions.delete(made.session_id) is True
    assert await other.get(made.session_id) is None
    assert await other.delete(made.session_id) is False
    assert await other.get(stays.session_id) == stays


async def test_check_when_all_is_well_then_it_is_silent(sessions: SessionStore) -> None:
    """Health asks this."""
    await sessions.check()


# how long


async def test_sqlite_when_an_hour_has_passed_since_the_last_use_then_it_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each use moves the end; an ended one is nobody, and is forgotten when others come."""
    sessions = await build_sessions(ServiceSettings(data_dir=tmp_path))
    made, unused = await sessions.create("ann"), await sessions.create("bob")
    at_s = time.time()
    for later_s in (LIFE_S - 10, 2 * LIFE_S - 20):
        monkeypatch.setattr("time.time", lambda later_s=later_s: at_s + later_s)
        assert await sessions.get(made.session_id) == made
    assert await sessions.get(unused.session_id) is None
    monkeypatch.setattr("time.time", lambda: at_s + 4 * LIFE_S)
    assert await sessions.get(made.session_id) is None
    await sessions.create("cat")
    assert isinstance(sessions, sqlite_store.SqliteSessionStore)
    kept = await sessions._database.read(lambda tx: tx.exec_driver_sql("SELECT user_id FROM sessions").scalars().all())
    assert list(kept) == ["cat"]
    await sessions.close()


# Redis
