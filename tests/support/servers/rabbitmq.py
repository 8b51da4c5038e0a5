"""A RabbitMQ node of its own, from Debian's package; a fresh virtual host for each test that asks."""

import base64
import http.client
import socket
import subprocess
from itertools import count
from pathlib import Path
from signal import SIGTERM, Signals

from support.servers.ports import free_ports
from support.servers.server import Server, ServerFailed

_BIN = Path("/usr/lib/rabbitmq/bin")
_PROTOCOL = b"AMQP\x00\x00\x09\x01"
USER, PASSWORD = "guest", "guest"


def installed() -> bool:
    """Whether the server's programs are on this machine."""
    return (_BIN / "rabbitmq-server").exists()


class RabbitMq(Server):
    """One node on loopback with the management API.

    `consumer_timeout_s`: how long the broker waits for an ack before it closes a consumer's channel (its default: 30 min).
    """

    name = "rabbitmq"
    user = "rabbitmq"

    def __init__(self, *, consumer_timeout_s: float | None = None) -> None:
        super().__init__()
        self.port, self._distribution_port, self._epmd_port, self._api_port = free_ports(4)
        self._numbers = count(1)
        self._configure(consumer_timeout_s)

    def _configure(self, consumer_timeout_s: float | None) -> None:
        lines = [
            f"listeners.tcp.1 = 127.0.0.1:{self.port}",
            "loopback_users.guest = true",
            "disk_free_limit.absolute = 50MB",
            "vm_memory_high_watermark.absolute = 2GB",
            "management.tcp.ip = 127.0.0.1",
            f"management.tcp.port = {self._api_port}",
        ]
        advanced = "[]."
        if consumer_timeout_s is not None:
            lines.append(f"consumer_timeout = {round(consumer_timeout_s * 1000)}")
            # The node looks for consumers past their time once a tick, a minute unless told.
            advanced = "[{rabbit, [{channel_tick_interval, 500}]}]."
        self.write("rabbitmq.conf", "\n".join(lines) + "\n")
        self.write("advanced.config", advanced)
        self.write("enabled_plugins", "[rabbitmq_management].")
        self._settings = {
            "RABBITMQ_NODENAME": f"filemill{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            # One scheduler that sleeps when idle: a node for tests shares two cores with them.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none",
        }

    def start(self) -> None:
        """Start it, and wait until it accepts AMQP clients."""
        self.launch([str(_BIN / "rabbitmq-server")], self._is_ready, **self._settings)

    def halt(self, number: Signals = SIGTERM) -> None:
        """Ask it to end, flushing what it holds."""
        super().halt(number)

    def stop(self) -> None:
        """End it, and the port mapper that it started, which would outlive it."""
        self.halt()
        epmd = ["epmd", "-port", str(self._epmd_port), "-kill"]
        subprocess.run(epmd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=10, check=False)
        super().stop()

    def version(self) -> str:
        """As the node says in its greeting."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as client:
            client.sendall(_PROTOCOL)
            greeting = client.recv(4096)
        # A table entry: name, type `S`, a length of four bytes, the text.
        after = greeting.partition(b"\x07versionS")[2]
        return after[4 : 4 + int.from_bytes(after[:4], "big")].decode()

    def fresh_vhost(self) -> str:
        """The URL of a new, empty virtual host."""
        name = f"test{next(self._numbers)}"
        self.api("PUT", f"/vhosts/{name}")
        self.api("PUT", f"/permissions/{name}/{USER}", b'{"configure": ".*", "write": ".*", "read": ".*"}')
        return self.url(name)

    def drop_vhost(self, url: str) -> None:
        """Delete a virtual host with its queues; the node then has less to carry."""
        self.api("DELETE", f"/vhosts/{url.rpartition('/')[2]}")

    def url(self, vhost: str, password: str = PASSWORD) -> str:
        """Where a virtual host is."""
        return f"amqp://{USER}:{password}@127.0.0.1:{self.port}/{vhost}"

    def api(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """One call of the management API. Raises `ServerFailed` if it is refused."""
        connection = http.client.HTTPConnection("127.0.0.1", self._api_port, timeout=30)
        try:
            token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
            connection.request(method, f"/api{path}", body, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise ServerFailed(f"rabbitmq answered {answer.status} to {method} {path}: {text[:500].decode()}")
        return text

    def _is_ready(self) -> bool:
        for port, greeting, wanted in (
            (self.port, _PROTOCOL, b"\x01"),
            (self._api_port, b"GET / HTTP/1.0\r\n\r\n", b"H"),
        ):
            with socket.create_connection(("127.0.0.1", port), 1) as client:
                client.sendall(greeting)
                if client.recv(1) != wanted:
                    return False
        return True
