"""PgBouncer in transaction pooling, from Debian's package: each transaction may run in another session."""

from pathlib import Path

from support.servers.ports import free_ports, is_open
from support.servers.server import Server

PROGRAM = Path("/usr/sbin/pgbouncer")
SESSIONS = 2
"""Fewer than a process has connections, so that they really are handed around."""


class PgBouncer(Server):
    """Before a PostgreSQL on this machine that trusts its clients."""

    name = "pgbouncer"
    user = "postgres"

    def __init__(self, server_port: int) -> None:
        super().__init__()
        self.port = free_ports(1)[0]
        self.write("users.txt", '"postgres" ""\n')
        self.write(
            "pgbouncer.ini",
            f"""[databases]
* = host=127.0.0.1 port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = trust
auth_file = {self.folder}/users.txt
pool_mode = transaction
default_pool_size = {SESSIONS}
max_client_conn = 200
""",
        )

    def start(self) -> None:
        """Start it."""
        self.launch([str(PROGRAM), str(self.folder / "pgbouncer.ini")], lambda: is_open(self.port))

    def version(self) -> str:
        """As its first line says."""
        return self.run([str(PROGRAM), "--version"]).split()[1]

    def url(self, database: str) -> str:
        """A database of the server behind."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"
