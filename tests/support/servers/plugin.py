"""The fixtures of real servers: each is started when the first test asks for it, and its version and pid are printed."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TypeVar

import pytest

from support.programs import Require
from support.servers import ceph, pgbouncer, postgresql
from support.servers.ceph import Ceph
from support.servers.pgbouncer import PgBouncer
from support.servers.postgresql import PostgreSql
from support.servers.server import Server
from support.servers.swift import Swift

_STARTED = pytest.StashKey[list[str]]()

AnyServer = TypeVar("AnyServer", bound=Server)


class Servers:
    """Starts servers and remembers what it started."""

    def __init__(self, config: pytest.Config, require: Require) -> None:
        self._said = config.stash.setdefault(_STARTED, [])
        self.missing = require.missing

    def running(self, server: AnyServer) -> Iterator[AnyServer]:
        """Start it, note its version and pid for the summary, stop it at the end."""
        server.start()
        self._said.append(f"{server.name} {server.version()}, pid {server.pid}, as {server.runs_as}")
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config, require: Require) -> Servers:
    """The starter of real servers."""
    return Servers(pytestconfig, require)


@pytest.fixture(scope="session")
def postgresql_server(servers: Servers) -> Iterator[PostgreSql]:
    """A PostgreSQL of this test session."""
    if postgresql.programs() is None:
        servers.missing("PostgreSQL is not installed (Debian: postgresql)")
    yield from servers.running(PostgreSql())


@pytest.fixture(scope="session")
def pgbouncer_server(servers: Servers, postgresql_server: PostgreSql) -> Iterator[PgBouncer]:
    """A PgBouncer in transaction pooling before the PostgreSQL of this session."""
    if not pgbouncer.PROGRAM.exists():
        servers.missing("PgBouncer is not installed (Debian: pgbouncer)")
    yield from servers.running(PgBouncer(postgresql_server.port))


@pytest.fixture(scope="session")
def swift_server(servers: Servers) -> Iterator[Swift]:
    """An S3 store of this test session: OpenStack Swift."""
    if find_spec("swift") is None:
        servers.missing("OpenStack Swift is not installed (PyPI: swift)")
    yield from servers.running(Swift())


@pytest.fixture(scope="session")
def ceph_server(servers: Servers) -> Iterator[Ceph]:
    """An S3 store of this test session: Ceph."""
    if ceph.missing():
        pytest.skip("Ceph is not installed (Debian: ceph-mon ceph-osd radosgw); it is for the long run only")
    yield from servers.running(Ceph())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which real servers the tests ran against."""
    for line in config.stash.get(_STARTED, []):
        terminalreporter.write_line(f"real server: {line}")
