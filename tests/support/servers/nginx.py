"""An NGINX of its own, from Debian's package, with the server blocks a test gives it."""

import re
import subprocess
from pathlib import Path

from support.servers.ports import free_ports, is_open
from support.servers.server import Server

PROGRAM = Path("/usr/sbin/nginx")


class Nginx(Server):
    """Answers on `port`; `start` serves nothing until `serve` says what."""

    name = "nginx"
    user = "www-data"

    def __init__(self) -> None:
        super().__init__()
        self.port = free_ports(1)[0]
        self._configure("return 404;")

    def start(self) -> None:
        """Start it in the foreground, one worker."""
        self.launch(
            [str(PROGRAM), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")], lambda: is_open(self.port)
        )

    def serve(self, *directives: str) -> str:
        """From now on it does this at `/` (directives of a `location`); returns its address.

        Started anew: after a reload a worker of before may still take the next connection, also when one was seen to be new.
        """
        self.halt()
        self._configure("\n".join(directives))
        self.start()
        return f"http://127.0.0.1:{self.port}"

    def version(self) -> str:
        """As `nginx -v` says."""
        said = subprocess.run([str(PROGRAM), "-v"], capture_output=True, text=True, check=True).stderr
        found = re.search(r"nginx/(\S+)", said)
        return found[1] if found else said.strip()

    def _configure(self, location: str) -> None:
        places = "".join(
            f"{kind}_temp_path {self.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        self.write(
            "nginx.conf",
            f"""daemon off;
worker_processes 1;
pid {self.folder}/nginx.pid;
error_log {self.folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  {places}
  server {{
    listen 127.0.0.1:{self.port};
    client_max_body_size 0;
    location / {{
      {location}
    }}
  }}
}}
""",
        )
