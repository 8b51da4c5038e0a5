"""A mill with Redis: it says when Redis is away, holds nobody up for it, and does not start with one it cannot use."""

import time
from pathlib import Path

import httpx
import pytest

from support.mill import Mill, wait_for
from support.servers.redis import Redis

pytestmark = pytest.mark.servers


def state_of_access(client: httpx.Client) -> str:
    state: str = client.get("/health").json()["services"]["access"]["status"]
    return state


def test_redis_when_it_is_paused_then_health_says_so_in_time_and_files_go_on(
    redis_server: Redis, tmp_path: Path
) -> None:
    """A Redis that accepts and never answers degrades one service, for as long as it lasts; nobody waits for it."""
    mill = Mill(tmp_path / "data", REDIS_URL=redis_server.fresh_url())
    try:
        mill.start()
        with mill.client() as client:
            assert state_of_access(client) == "ok"
            redis_server.pause()
            try:
                wait_for(lambda: state_of_access(client) == "degraded", "health to say so", 10)
                began_s = time.monotonic()
                assert client.get("/health").status_code == 200
                assert time.monotonic() - began_s < 2
                began_s = time.monotonic()
                sent = client.put("/api/upload/files", params={"filename": "a.txt"}, content=b"some words")
                assert sent.status_code == 201
                assert time.monotonic() - began_s < 4
                assert client.get("/api/session").status_code == 200
            finally:
                redis_server.resume()
            wait_for(lambda: state_of_access(client) == "ok", "access to be well")
    finally:
        assert mill.stop() == 0, mill.said()


def test_start_when_redis_refuses_the_password_then_one_line_says_so(tmp_path: Path, redis_server: Redis) -> None:
    """A wrong password stops the start at once; it is not tried again and again, and not shown."""
    closed = Redis(password="sesame")
    closed.start()
    try:
        mill = Mill(tmp_path / "data", REDIS_URL=closed.url(password="guessed"))
        assert mill.run_to_end() != 0
    finally:
        closed.stop()
    lines = [line for line in mill.said().splitlines() if "REDIS_URL" in line]
    assert lines, mill.said()
    assert "refuses the user or the password" in lines[0]
    assert "guessed" not in mill.said()
    assert "Traceback" not in mill.said()
