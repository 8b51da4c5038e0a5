"""A PostgreSQL cluster of its own, from Debian's package; a fresh database for each test that asks."""

import subprocess
from itertools import count
from pathlib import Path
from signal import SIGINT, Signals

from support.servers.ports import free_ports
from support.servers.server import Server


def programs() -> Path | None:
    """The folder of the newest installed server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class PostgreSql(Server):
    """Trusts every loopback client unless there is a `password`, which it then asks for (SCRAM).

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
            make = [f"{self._bin}/initdb", "-D", str(data), "-U", "postgres", *self._how_to_log_in(), "--no-sync"]
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
        ask = [f"{self._bin}/psql", *where, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement]
        return self.run(ask, PGPASSWORD=self._password or "").strip()

    def dump(self, database: str) -> str:
        """Everything in a database, as SQL."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database]
        said = self.run([f"{self._bin}/pg_dump", *where], PGPASSWORD=self._password or "")
        # `\\restrict` and its end carry a random word since the August 2025 releases.
        return "\n".join(line for line in said.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))

    def fresh_database(self, name: str | None = None) -> str:
        """The URL of a new, empty database."""
        name = name or f"test{next(self._numbers)}"
        self.sql(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def url(self, database: str, user: str = "postgres", password: str | None = None) -> str:
        """Where a database is."""
        secret = password or self._password
        return f"postgresql://{user}{f':{secret}' if secret else ''}@127.0.0.1:{self.port}/{database}"

    def _how_to_log_in(self) -> list[str]:
        if self._password is None:
            return ["-A", "trust"]
        return ["-A", "scram-sha-256", "--pwfile", str(self.write("password", self._password))]

    def _is_ready(self) -> bool:
        ask = [f"{self._bin}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ask, check=False).returncode == 0
