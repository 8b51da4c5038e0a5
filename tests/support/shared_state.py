"""Where sessions and limits are kept, as settings: embedded, Redis, Valkey."""

from pathlib import Path

import pytest

from filemill.chassis.settings import ServiceSettings
from support.servers.redis import Redis

SHARED = [
    "sqlite",
    pytest.param("redis", marks=pytest.mark.servers),
    # Debian 12 has no Valkey: it is asked where there is one, and not missed where there is none.
    *([pytest.param("valkey", marks=pytest.mark.servers)] if not Redis.missing("valkey-server") else []),
]


def shared_settings(request: pytest.FixtureRequest, kind: str, folder: Path) -> ServiceSettings:
    """The settings of a service that uses this engine, empty."""
    if kind == "sqlite":
        return ServiceSettings(data_dir=folder)
    server: Redis = request.getfixturevalue(f"{kind}_server")
    return ServiceSettings(data_dir=folder, redis_url=server.fresh_url())
