"""`backup` and `restore` across engines: from PostgreSQL, RabbitMQ and a bucket into plain folders, and the other way round."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from filemill.cli.backup import make_backup, restore_backup
from filemill.local.environment import environment
from filemill.local.installation import opened
from filemill.local.verify import Report, verify
from support.engines import ServerEngines
from support.small_installation import fill

FILES = 9


async def look() -> Report:
    async with opened() as mill:
        return await verify(mill, lambda *_: None)


@pytest.mark.servers
@pytest.mark.parametrize("from_servers", [True, False], ids=["from-servers", "to-servers"])
def test_restore_when_the_engines_are_others_then_everything_is_back(
    server_engines: Callable[[], ServerEngines], tmp_path: Path, *, from_servers: bool
) -> None:
    """A backup belongs to no engine: rows, blobs and the digest of both are the same on either side."""
    servers = server_engines().environment()
    here, there = (servers, {}) if from_servers else ({}, servers)
    with environment(here, tmp_path / "here"):
        asyncio.run(fill(tmp_path / "here", FILES))
        before = asyncio.run(look())
        assert make_backup(tmp_path / "backup", keep=1)
    with environment(there, tmp_path / "there"):
        assert restore_backup(tmp_path / "backup", snapshot=None, resume=False)
        after = asyncio.run(look())
    assert (before.ok, after.ok) == (True, True), (before.faults, after.faults)
    assert (after.files, after.digest) == (FILES, before.digest)
