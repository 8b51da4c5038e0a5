"""Redis or Valkey from Debian's packages, in memory only; a numbered database of its own for each test."""

import shutil
import socket
import subprocess
from itertools import count

from support.servers.ports import free_ports
from support.servers.server import Server

DATABASES = 4096


class Redis(Server):
    """`program` is `redis-server` or `valkey-server`: they speak the same."""

    def __init__(self, program: str = "redis-server", *, password: str | None = None) -> None:
        self.name = program.removesuffix("-server")
        self.user = self.name
        super().__init__()
        self._program = program
        self._password = password
        self._numbers = count(1)
        self.port = free_ports(1)[0]

    @staticmethod
    def missing(program: str = "redis-server") -> str | None:
        """Why it cannot be started, if it cannot."""
        package = program.removesuffix("-server")
        return None if shutil.which(program) else f"{program} is not installed (Debian: {package}-server)"

    def start(self) -> None:
        """Start it, empty."""
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        memory_only = ["--save", "", "--appendonly", "no", "--databases", str(DATABASES)]
        closed = ["--requirepass", self._password] if self._password else []
        self.launch([self._program, *place, *memory_only, *closed], self._is_ready)

    def version(self) -> str:
        """As `--version` says."""
        said = subprocess.run([self._program, "--version"], capture_output=True, text=True, check=True).stdout
        return said.partition("v=")[2].split()[0]

    def fresh_url(self) -> str:
        """The URL of an empty database."""
        return self.url(next(self._numbers))

    def url(self, database: int = 0, *, port: int | None = None, password: str | None = None) -> str:
        """Where a database is, or as a proxy shows it."""
        secret = password or self._password
        return f"redis://{f':{secret}@' if secret else ''}127.0.0.1:{port or self.port}/{database}"

    def _is_ready(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), 0.5) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(7) in (b"+PONG\r\n", b"-NOAUTH")
