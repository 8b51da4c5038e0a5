"""An NGINX of its own, from Debian's package: with the server blocks a test gives it, or as the edge that we render."""

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from filemill.gateway.nginx.options import NginxOptions
from filemill.gateway.nginx.render import render
from filemill.gateway.proxy import PAGE_DIR
from support.servers.ports import free_ports, is_open
from support.servers.server import Server

PROGRAM = Path("/usr/sbin/nginx")
NEWER = Path(__file__).parents[3] / ".tools" / "nginx" / "nginx"
"""From 1.27.3 on (`scripts/newer_nginx.sh`)."""


class Nginx(Server):
    """Answers on `port`; `start` serves nothing until `serve` says what."""

    name = "nginx"
    user = "www-data"
    program = PROGRAM

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
        said = subprocess.run([str(self.program), "-v"], capture_output=True, text=True, check=True).stderr
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


class EdgeNginx(Server):
    """The edge as `filemill render nginx` writes it; `options` are those of `NginxOptions` that differ from a test's."""

    name = "nginx-edge"

    def __init__(
        self,
        upstreams: dict[str, tuple[str, ...]],
        routes: Any = None,
        *,
        user: str | None = "www-data",
        program: Path = PROGRAM,
        **options: Any,
    ) -> None:
        self.user, self.program = user, program
        super().__init__()
        self.port, self.tls_port = free_ports(2)
        self._routes = routes
        page = self.folder / "page"
        shutil.copytree(PAGE_DIR, page)
        nowhere = dict.fromkeys(NginxOptions().upstreams, ("127.0.0.1:1",))
        self.options = NginxOptions(
            listen=(f"127.0.0.1:{self.port}",),
            upstreams=nowhere | upstreams,
            page_dir=str(page),
            work_dir=str(self.folder),
            access_log=str(self.folder / "access.log"),
            error_log=str(self.folder / "error.log"),
        )
        self.options = replace(self.options, **options)

    def use_tls(self) -> Path:
        """From the next start on also HTTPS with a certificate it signed itself; returns that."""
        certificate, key = self.folder / "tls.crt", self.folder / "tls.key"
        private = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(private, hashes.SHA256())
        )
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        kind = serialization.PrivateFormat.PKCS8
        key.write_bytes(private.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()))
        self._own(key)
        self.options = replace(
            self.options,
            tls_listen=(f"127.0.0.1:{self.tls_port}",),
            certificate=str(certificate),
            certificate_key=str(key),
        )
        return certificate

    def start(self) -> None:
        """Render, and start in the foreground."""
        for name, text in render(self.options, self._routes).items():
            self.write(name, text)
        command = [
            str(self.program),
            "-p",
            str(self.folder),
            "-c",
            str(self.folder / "nginx.conf"),
            "-g",
            "daemon off;",
        ]
        self.launch(command, lambda: is_open(self.port))

    def version(self) -> str:
        """As `nginx -v` says."""
        return Nginx.version(self)  # type: ignore[arg-type]

    def said(self) -> str:
        """Its own log, too."""
        log = self.folder / "error.log"
        return super().said() + (log.read_text(errors="replace")[-2000:] if log.exists() else "")
