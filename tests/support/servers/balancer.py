"""What a cluster's Services are inside: an NGINX with a port for each service, which spreads connections over its instances."""

from collections.abc import Mapping, Sequence

from support.servers.nginx import PROGRAM, Nginx
from support.servers.ports import free_ports, is_open


class Balancer(Nginx):
    """Services reach each other through it. `ports`: where, for each service."""

    name = "nginx-balancer"

    def __init__(self, instances: Mapping[str, Sequence[int]]) -> None:
        self._instances = instances
        self.ports = dict(zip(instances, free_ports(len(instances)), strict=True))
        super().__init__()
        self._write()

    def start(self) -> None:
        """Start it in the foreground."""
        self._write()
        command = [str(PROGRAM), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        self.launch(command, lambda: all(map(is_open, self.ports.values())))

    def _write(self) -> None:
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "".join(f"{kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        self.write(
            "nginx.conf",
            f"daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log {self.folder}/error.log;\n"
            f"events {{ worker_connections 1024; }}\nhttp {{ access_log off; client_max_body_size 0;\n{paths}"
            + "".join(self._service(name) for name in self._instances)
            + "}\n",
        )

    def _service(self, name: str) -> str:
        servers = "".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=1s; " for port in self._instances[name])
        return (
            f"upstream {name} {{ zone {name} 64k; {servers}keepalive 16; keepalive_timeout 4s; }}\n"
            f"server {{ listen 127.0.0.1:{self.ports[name]}; location / {{ proxy_pass http://{name}; proxy_http_version 1.1; "
            'proxy_set_header Connection ""; proxy_set_header Host $http_host; } }\n'
        )
