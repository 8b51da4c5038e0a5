"""A PostgreSQL cluster of its own, from Debian's package; a fresh database for each test that asks."""

import subprocess
from itertools import count
from pathlib import Path
from signal import SIGINT, Signals
from urllib.parse import quote

from support.servers.ports import free_ports
from support.servers.server import Server


def programs() -> Path | None:
    """The folder of the newest installed server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class PostgreSql(Server):
    """Trusts every loopback client, unless there is a `password` (the superuser's, and then every role needs one).

    `durable=False` leaves out fsync, for tests that do not ask about power cuts.
    """

    name = "postgresql"
    user = "postgres"

    def __init__(self, *, durable: bool = False, password: str | None = None) -> None:
        super().__init__()
        found = programs()
        assert found is not None
        self._bin = found
        self._durable = durable
        self._password = password
        self._numbers = count(1)
        self.port = free_ports(1)[0]

    def start(self) -> None:
        """Make the cluster if need be, and start it."""
        data = self.folder / "data"
        if not data.exists():
            make = [f"{self._bin}/initdb", "-D", str(data), "-U", "postgres", "--no-sync", *self._authentication()]
            self.run([*make, "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"])
        fast = [] if self._durable else ["-c", "fsync=off", "-c", "full_page_writes=off"]
        place = ["-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder)]
        self.launch(
            [
                f"{self._bin}/postgres",
                "-D",
                str(data),
                *place,
                "-c",
                "shared_buffers=64MB",
                "-c",
                "max_connections=400",
                *fast,
            ],
            self._is_ready,
        )

    def halt(self, number: Signals = SIGINT) -> None:
        """A fast shutdown: clients are cut off, the data is flushed."""
        super().halt(number)

    def version(self) -> str:
        """As `server_version` says."""
        return self.sql("SHOW server_version")

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run one statement as the superuser; returns the bare values."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database]
        options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        return self.run([f"{self._bin}/psql", *where, *options, "-c", statement], **self._login()).strip()

    def script(self, path: Path, **variables: str) -> None:
        """Run a psql script as the superuser."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-X", "-q"]
        given = [word for name, value in variables.items() for word in ("-v", f"{name}={value}")]
        copy = self.write(path.name, path.read_text(encoding="utf-8"))  # where the server's user can read it
        self.run([f"{self._bin}/psql", *where, *given, "-f", str(copy)], **self._login())

    def fresh_database(self, name: str | None = None) -> str:
        """The URL of a new, empty database."""
        name = name or f"test{next(self._numbers)}"
        self.sql(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def url(self, database: str, user: str = "postgres", password: str | None = None) -> str:
        """Where a database is."""
        login = user if password is None else f"{user}:{quote(password, safe='')}"
        return f"postgresql://{login}@127.0.0.1:{self.port}/{database}"

    def _login(self) -> dict[str, str]:
        return {} if self._password is None else {"PGPASSWORD": self._password}

    def _authentication(self) -> list[str]:
        if self._password is None:
            return ["-A", "trust"]
        return ["-A", "scram-sha-256", "--pwfile", str(self.write("password", self._password))]

    def _is_ready(self) -> bool:
        ask = [f"{self._bin}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ask, check=False).returncode == 0
