"""A wrong setting of an engine: the start ends within seconds, with one line that says what to change and no password."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from socket import create_server
from typing import Any

import pytest

from support.mill import SERVICES
from support.servers.plugin import Servers
from support.servers.ports import free_ports
from support.servers.postgresql import PostgreSql, programs
from support.servers.rabbitmq import RabbitMq
from support.servers.redis import Redis
from support.servers.swift import Swift

RIGHT, WRONG = "sesame-right", "hush-hush"
ENDS_S = 30.0
NOBODY = f"127.0.0.1:{free_ports(1)[0]}"
real = pytest.mark.servers

Environment = dict[str, str]


@pytest.fixture(scope="module")
def locked_postgresql(servers: Servers) -> Iterator[PostgreSql]:
    """One that asks for a password."""
    if programs() is None:
        servers.missing("PostgreSQL is not installed (Debian: postgresql)")
    yield from servers.running(PostgreSql(password=RIGHT))


@pytest.fixture(scope="module")
def locked_redis(servers: Servers) -> Iterator[Redis]:
    """One that asks for a password."""
    if reason := Redis.missing():
        servers.missing(reason)
    yield from servers.running(Redis(password=RIGHT))


class Places:
    """Real servers, each started when a case first leads to it."""

    def __init__(self, request: pytest.FixtureRequest, stack: ExitStack) -> None:
        self._get: Callable[[str], Any] = request.getfixturevalue
        self._stack = stack

    def silent(self) -> str:
        """An address that accepts and never answers."""
        listener = self._stack.enter_context(create_server(("127.0.0.1", 0)))
        return f"127.0.0.1:{listener.getsockname()[1]}"

    @property
    def postgresql(self) -> PostgreSql:
        server: PostgreSql = self._get("locked_postgresql")
        return server

    @property
    def rabbitmq(self) -> RabbitMq:
        server: RabbitMq = self._get("rabbitmq_server")
        return server

    @property
    def redis(self) -> Redis:
        server: Redis = self._get("locked_redis")
        return server

    def store(self, **changed: str) -> Environment:
        """A bucket of a real store, and what is wrong with it."""
        swift: Swift = self._get("swift_server")
        return swift.environment(swift.fresh_bucket()) | changed

    def postgresql_without_rights(self) -> str:
        """The URL of a user who may not make databases."""
        name = f"plain_{len(self.postgresql.sql('SELECT rolname FROM pg_roles').splitlines())}"
        self.postgresql.sql(f"CREATE ROLE {name} LOGIN PASSWORD '{RIGHT}'")
        return self.postgresql.url("mill_of_plain", name)


@pytest.fixture
def places(request: pytest.FixtureRequest) -> Iterator[Places]:
    with ExitStack() as stack:
        yield Places(request, stack)


CASES: dict[str, tuple[Callable[[Places], Environment], str, str]] = {
    # what is wrong: the settings, the problem and the fix that the line must hold
    "run upload, database: unknown scheme": (
        lambda _: {"DATABASE_URL": f"mysql://u:{WRONG}@h/upload"},
        "begins with mysql://", "must be postgresql://",
    ),
    "run upload, database: no such port": (
        lambda _: {"DATABASE_URL": f"postgresql://u:{WRONG}@127.0.0.1:99999/upload"},
        "port cannot be read", "must be postgresql://",
    ),
    "run upload, database: password with a slash": (
        lambda _: {"DATABASE_URL": f"postgresql://u:1/{WRONG}@127.0.0.1/upload"},
        "an @ behind its host", "as %40",
    ),
    "run upload, database: refused": (
        lambda _: {"DATABASE_URL": f"postgresql://u:{WRONG}@{NOBODY}/upload"},
        f"u@{NOBODY}/upload: cannot be reached (Connection refused)", "start the server",
    ),
    "run upload, database: silent": (
        lambda places: {"DATABASE_URL": f"postgresql://u:{WRONG}@{places.silent()}/upload"},
        "no answer within 5 s", "check host, port",
    ),
    "run upload, database: another server": (
        lambda places: {"DATABASE_URL": f"postgresql://u:{WRONG}@127.0.0.1:{places.rabbitmq.port}/upload"},
        "speaks no PostgreSQL", "correct host, port",
    ),
    "run upload, database: wrong password": (
        lambda places: {"DATABASE_URL": places.postgresql.url("upload", password=WRONG)},
        "refuses the password", "correct it",
    ),
    "run upload, database: missing": (
        lambda places: {"DATABASE_URL": places.postgresql.url("nowhere")},
        "no such database", "create it",
    ),
    "up, database: wrong password": (
        lambda places: {"DATABASE_URL": places.postgresql.url("mill", password=WRONG)},
        "refuses the password", "correct it",
    ),
    "up, database: missing and may not be made": (
        lambda places: {"DATABASE_URL": places.postgresql_without_rights()},
        "may not make it", 'CREATE DATABASE "mill_of_plain_access"',
    ),
    "run upload, broker: unknown scheme": (
        lambda _: {"RABBITMQ_URL": f"http://u:{WRONG}@h/"},
        "begins with http://", "must be amqp://",
    ),
    "run upload, broker: no such port": (
        lambda _: {"RABBITMQ_URL": f"amqp://u:{WRONG}@h:port/"},
        "port cannot be read", "must be amqp://",
    ),
    "run upload, broker: refused": (
        lambda _: {"RABBITMQ_URL": f"amqp://u:{WRONG}@{NOBODY}/"},
        f"no broker answers at {NOBODY}", "start the broker",
    ),
    "run upload, broker: silent": (
        lambda places: {"RABBITMQ_URL": f"amqp://u:{WRONG}@{places.silent()}/"},
        "silent for 5 s", "start the broker",
    ),
    "run upload, broker: wrong password": (
        lambda places: {"RABBITMQ_URL": places.rabbitmq.url("", password=WRONG)},
        "refuses user 'guest'", "correct user and password",
    ),
    "up, broker: wrong password": (
        lambda places: {"RABBITMQ_URL": places.rabbitmq.url("", password=WRONG)},
        "refuses user 'guest'", "correct user and password",
    ),
    "run upload, store: unknown scheme": (
        lambda _: {"STORAGE_URL": f"ftp://{WRONG}/"},
        "ftp:// is no store", "use s3://bucket",
    ),
    "run upload, store: missing bucket": (
        lambda places: places.store(STORAGE_URL="s3://nowhere"),
        "there is no bucket 'nowhere'", "create it",
    ),
    "run upload, store: wrong key": (
        lambda places: places.store(AWS_SECRET_ACCESS_KEY=WRONG),
        "refuses them", "correct them",
    ),
    "up, store: wrong key": (
        lambda places: places.store(AWS_SECRET_ACCESS_KEY=WRONG),
        "refuses them", "correct them",
    ),
    "run access, Redis: unknown scheme": (
        lambda _: {"REDIS_URL": f"http://u:{WRONG}@h/"},
        "begins with http://", "must be redis://",
    ),
    "run access, Redis: refused": (
        lambda _: {"REDIS_URL": f"redis://u:{WRONG}@{NOBODY}/0"},
        f"no Redis answers at {NOBODY}", "start it",
    ),
    "run access, Redis: silent": (
        lambda places: {"REDIS_URL": f"redis://u:{WRONG}@{places.silent()}/0"},
        "no Redis answers", "start it",
    ),
    "run access, Redis: wrong password": (
        lambda places: {"REDIS_URL": places.redis.url(password=WRONG)},
        "refuses the user or the password", "correct them",
    ),
    "up, Redis: wrong password": (
        lambda places: {"REDIS_URL": places.redis.url(password=WRONG)},
        "refuses the user or the password", "correct them",
    ),
}  # fmt: skip
NEEDS_SERVER = ("wrong", "missing", "another server")
VARIABLES = {"database": "DATABASE_URL", "broker": "RABBITMQ_URL", "store": "STORAGE_URL", "Redis": "REDIS_URL"}


@pytest.mark.parametrize(
    "case", [pytest.param(name, marks=[real] if any(word in name for word in NEEDS_SERVER) else []) for name in CASES]
)
def test_start_when_a_setting_is_wrong_then_one_line_names_it_the_problem_and_the_fix(
    case: str, places: Places, tmp_path: Path
) -> None:
    """It is not tried again and again, and no password is shown or logged, neither the wrong one nor a right one."""
    command, _, what = case.partition(", ")
    settings, problem, fix = CASES[case]
    line = refused(command, tmp_path, settings(places))
    wanted = "AWS_SECRET_ACCESS_KEY" if "wrong key" in case else VARIABLES[what.partition(":")[0]]
    assert wanted in line.partition(": ")[0] + line.partition(": ")[2].partition(": ")[0]
    assert problem in line
    assert fix in line


@real
@pytest.mark.parametrize("command", ["run upload", "up"])
def test_start_when_the_database_is_from_a_newer_version_then_it_is_refused_and_unchanged(
    command: str, locked_postgresql: PostgreSql, tmp_path: Path
) -> None:
    """An older program never touches what a newer one wrote."""
    name = "newer" if command == "up" else "newer_alone"
    database = f"{name}_upload" if command == "up" else name
    own = {"DATABASE_URL": locked_postgresql.fresh_database(database)}
    assert start("migrate upload", tmp_path, own).returncode == 0
    locked_postgresql.sql("UPDATE alembic_version SET version_num = '9999'", database)
    locked_postgresql.sql("UPDATE schema_floor SET oldest = '9998'", database)
    before = locked_postgresql.dump(database)
    assert "9999" in before
    line = refused(command, tmp_path, {"DATABASE_URL": locked_postgresql.url(name)})
    assert "DATABASE_URL" in line
    assert f"/{database}: this database of upload is at revision 9999" in line
    assert "start the newer filemill" in line
    assert locked_postgresql.dump(database) == before


def refused(command: str, folder: Path, settings: Environment) -> str:
    """Start it with these settings; returns the one line that says why it cannot."""
    done = start(command, folder, settings)
    assert done.returncode not in (0, None), done.stdout
    lines = done.stdout.splitlines()
    if command == "up":  # which has said who came up before it knew
        lines = [line for line in lines if "ready  " not in line and not line.startswith("filemill ")]
    assert len(lines) == 1, done.stdout
    for path in (folder / "data").rglob("*"):
        assert not path.is_file() or not any(word.encode() in path.read_bytes() for word in (RIGHT, WRONG)), path
    assert RIGHT not in done.stdout
    assert WRONG not in done.stdout
    return lines[0]


def start(command: str, folder: Path, settings: Environment) -> "subprocess.CompletedProcess[str]":
    """Run a command of filemill to its end, which must come soon."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FILEMILL_", "AWS_"))}
    ports = {f"FILEMILL_{service.upper()}_PORT": "0" for service in SERVICES}
    return subprocess.run(
        [sys.executable, "-m", "filemill.cli", *command.split()],
        env=kept | ports | {"FILEMILL_DATA_DIR": str(folder / "data")} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=ENDS_S,
        check=False,
    )
