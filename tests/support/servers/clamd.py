"""ClamAV's daemon from Debian's package, with signatures of our own: EICAR's test file and a word that tests choose."""

import socket
import subprocess
from pathlib import Path

from support.servers.ports import free_ports
from support.servers.server import Server

PROGRAM = Path("/usr/sbin/clamd")
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""In two parts, so that no scanner takes this file for it."""
BAD_WORD = b"filemill-test-bad-word-5d1c"
STREAM_MOST_BYTES = 2 * 1024 * 1024


class Clamd(Server):
    """One daemon on loopback and on a Unix socket. It takes `STREAM_MOST_BYTES` at most.

    Without `looks_inside` it sees an archive or a mail as bytes like others.
    """

    name = "clamd"
    user = "clamav"

    def __init__(self, *, looks_inside: bool = True) -> None:
        super().__init__()
        self.port = free_ports(1)[0]
        self.socket_path = self.folder / "clamd.socket"
        signatures = {"Test.Eicar": EICAR, "Test.Word": BAD_WORD}
        lines = [f"{name}:0:*:{pattern.hex()}" for name, pattern in signatures.items()]
        self.write("signatures/test.ndb", "\n".join(lines) + "\n")
        settings = {
            "Foreground": "yes",
            "DatabaseDirectory": self.folder / "signatures",
            "TCPSocket": self.port,
            "TCPAddr": "127.0.0.1",
            "LocalSocket": self.socket_path,
            "LocalSocketMode": "666",
            "StreamMaxLength": STREAM_MOST_BYTES,
            "AlertExceedsMax": "yes",
            "MaxThreads": 4,
            "SelfCheck": 0,
            "ScanArchive": "yes" if looks_inside else "no",
            "ScanMail": "yes" if looks_inside else "no",
            "TemporaryDirectory": self.folder,
        }
        self._settings = self.write("clamd.conf", "".join(f"{name} {value}\n" for name, value in settings.items()))

    @property
    def tcp_url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def unix_url(self) -> str:
        return f"unix://{self.socket_path}"

    def start(self) -> None:
        """See `Server.start`."""
        self.socket_path.unlink(missing_ok=True)
        self.launch([str(PROGRAM), "--config-file", str(self._settings)], self._is_ready)

    def version(self) -> str:
        """As `--version` says."""
        said = subprocess.run([str(PROGRAM), "--version"], capture_output=True, text=True, check=True).stdout
        return said.split()[1].partition("/")[0]

    def _is_ready(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), 1.0) as connection:
            connection.sendall(b"zPING\0")
            return connection.recv(5) == b"PONG\0"
