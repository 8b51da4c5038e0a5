"""The fixtures of real servers: each is started when the first test asks for it, and its version and pid are printed."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import pytest

from filemill.local.environment import environment
from support.engines import Engines, ServerEngines
from support.programs import Require
from support.servers import ceph, clamd, nginx, pgbouncer, postgresql, rabbitmq
from support.servers.ceph import Ceph
from support.servers.clamd import Clamd
from support.servers.nginx import Nginx
from support.servers.pgbouncer import PgBouncer
from support.servers.postgresql import PostgreSql
from support.servers.rabbitmq import RabbitMq
from support.servers.redis import Redis
from support.servers.server import Server
from support.servers.swift import Swift

_STARTED = pytest.StashKey[list[str]]()
_HANDED_OVER = "filemill_real_servers"

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
def rabbitmq_server(servers: Servers) -> Iterator[RabbitMq]:
    """A RabbitMQ of this test session."""
    if not rabbitmq.installed():
        servers.missing("RabbitMQ is not installed (Debian: rabbitmq-server)")
    yield from servers.running(RabbitMq())


@pytest.fixture
def vhost(rabbitmq_server: RabbitMq) -> Iterator[str]:
    """The URL of a virtual host for one test."""
    url = rabbitmq_server.fresh_vhost()
    yield url
    rabbitmq_server.drop_vhost(url)


@pytest.fixture(scope="session")
def pgbouncer_server(servers: Servers, postgresql_server: PostgreSql) -> Iterator[PgBouncer]:
    """A PgBouncer in transaction pooling before the PostgreSQL of this session."""
    if not pgbouncer.PROGRAM.exists():
        servers.missing("PgBouncer is not installed (Debian: pgbouncer)")
    yield from servers.running(PgBouncer(postgresql_server.port))


@pytest.fixture(scope="session")
def nginx_server(servers: Servers) -> Iterator[Nginx]:
    """An NGINX of this test session."""
    if not nginx.PROGRAM.exists():
        servers.missing("NGINX is not installed (Debian: nginx)")
    yield from servers.running(Nginx())


@pytest.fixture(scope="session")
def clamd_server(servers: Servers) -> Iterator[Clamd]:
    """A ClamAV daemon of this test session. Whoever kills or pauses it starts one of its own."""
    if not clamd.PROGRAM.exists():
        servers.missing("ClamAV's daemon is not installed (Debian: clamav-daemon)")
    yield from servers.running(Clamd())


@pytest.fixture
def own_clamd(servers: Servers) -> Iterator[Clamd]:
    """A ClamAV daemon of one test, to be killed and paused."""
    if not clamd.PROGRAM.exists():
        servers.missing("ClamAV's daemon is not installed (Debian: clamav-daemon)")
    yield from servers.running(Clamd())


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


@pytest.fixture(scope="session")
def redis_server(servers: Servers) -> Iterator[Redis]:
    """A Redis of this test session."""
    if reason := Redis.missing():
        servers.missing(reason)
    yield from servers.running(Redis())


@pytest.fixture(scope="session")
def valkey_server(servers: Servers) -> Iterator[Redis]:
    """A Valkey of this test session; asked for only where there is one."""
    yield from servers.running(Redis("valkey-server"))


@pytest.fixture(scope="session")
def server_engines(
    postgresql_server: PostgreSql, rabbitmq_server: RabbitMq, swift_server: Swift, redis_server: Redis
) -> Iterator[Callable[[], ServerEngines]]:
    """Gives a set of engines on real servers, a fresh one at each call."""
    made: list[ServerEngines] = []

    def make() -> ServerEngines:
        made.append(ServerEngines(postgresql_server, rabbitmq_server, swift_server, redis_server, f"mill{len(made)}"))
        return made[-1]

    yield make
    for engines in made:
        engines.close()


@pytest.fixture(scope="session", params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def engines(request: pytest.FixtureRequest) -> Engines | None:
    """Each set of engines in turn, for tests that hold on both; None means embedded, which every mill has by itself."""
    make: Callable[[], ServerEngines] | None = None
    if request.param == "servers":
        make = request.getfixturevalue("server_engines")
    return make() if make else None


@pytest.fixture(
    params=["embedded", pytest.param("servers", marks=[pytest.mark.servers, pytest.mark.slow])], ids=lambda name: name
)
def fresh_engines(request: pytest.FixtureRequest) -> Engines | None:
    """As `engines`, of the test's own; on servers in the long run only."""
    make: Callable[[], ServerEngines] | None = None
    if request.param == "servers":
        make = request.getfixturevalue("server_engines")
    return make() if make else None


@pytest.fixture(params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def each_installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """The folder of an empty installation whose settings are in force in this process, on each set of engines in turn."""
    make: Callable[[], ServerEngines] | None = None
    if request.param == "servers":
        make = request.getfixturevalue("server_engines")
    with environment(make().environment() if make else {}, tmp_path / "data"):
        yield tmp_path / "data"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of several hands what it started to the one that prints."""
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_HANDED_OVER] = session.config.stash.get(_STARTED, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker has ended."""
    node.config.stash.setdefault(_STARTED, []).extend(getattr(node, "workeroutput", {}).get(_HANDED_OVER, []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which real servers the tests ran against."""
    for line in config.stash.get(_STARTED, []):
        terminalreporter.write_line(f"real server: {line}")
