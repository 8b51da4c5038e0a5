"""What differs between installations behind NGINX: where it listens, where services answer, who is asked for credentials.

The defaults are those of containers: service names as hosts, files under `/etc/nginx` and `/usr/share`, everything it writes
under `/tmp`. On failure: `StartError` with one sentence that names the option and the fix.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from filemill.chassis.errors import StartError
from filemill.chassis.limits.admission import FLOOR
from filemill.chassis.settings import LOOPBACK_HOSTS, PORTS
from filemill.gateway.addresses import parse_address
from filemill.gateway.routes import DEFAULT_MAX_FILE_BYTES

SERVICES = ("access", "upload", "metadata", "processing", "ai", "notification")
# Twice what the services let a caller do: they count exactly, over all instances, and say how much is left; this is a wall
# before them, and must not refuse what they would take.
RATE_PER_S, BURST = 100, 400
# Of one address: people behind one router share it.
ADDRESS_RATE_PER_S, ADDRESS_BURST, ADDRESS_CONNECTIONS = 400, 1_600, 500
OLDEST = (1, 22)
RESOLVES_IN_UPSTREAM = (1, 27, 3)
"""From this version `server NAME resolve` follows a name inside an upstream block, so connections can be kept as well."""
HTTP2_BY_DIRECTIVE = (1, 25, 1)

_SAFE = re.compile(r"[A-Za-z0-9_./:\[\]@+=,-]+")
"""Nothing that could end a directive or begin another."""
_LISTEN = re.compile(r"(?:(?:[0-9.]+|\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):)?[0-9]{1,5}")
_VERSION = re.compile(r"1\.[0-9]{1,2}(?:\.[0-9]{1,2})?")


@dataclass(frozen=True)
class NginxOptions:
    """One installation.

    `resolver`: addresses of name servers, or the path of a file that deployment/nginx/resolver.sh writes before NGINX starts:
    the directive, and which of the two ways of reaching services is right for the NGINX that is there; None: names are
    looked up once, at the start, and connections to services are kept. `at_once`: short requests under way at one time in
    one instance of a service, where connections are kept. `blobs_dir`: the local store's folder, if NGINX can read it.
    `run_as`: a user of the system for its workers, where root starts it.
    """

    listen: tuple[str, ...] = ("8080",)
    tls_listen: tuple[str, ...] = ()
    certificate: str = "/etc/nginx/tls/tls.crt"
    certificate_key: str = "/etc/nginx/tls/tls.key"
    upstreams: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: default_upstreams())
    resolver: str | None = None
    nginx: tuple[int, ...] = OLDEST
    asks_for_credentials: bool = True
    public_host: str | None = None
    max_file_bytes: int = DEFAULT_MAX_FILE_BYTES
    rate_per_s: int = RATE_PER_S
    burst: int = BURST
    at_once: int = FLOOR
    trusted_proxies: tuple[str, ...] = ()
    page_dir: str = "/usr/share/filemill/page"
    work_dir: str = "/tmp"  # noqa: S108 - a container's own, and the one place that a read-only one can write to
    access_log: str = "/dev/stdout"
    error_log: str = "stderr"
    blobs_dir: str | None = None
    run_as: str | None = None

    def __post_init__(self) -> None:
        """Raises `StartError`."""
        texts = {"--page": self.page_dir, "--work": self.work_dir, "--access-log": self.access_log,
                 "--error-log": self.error_log, "--certificate": self.certificate,
                 "--certificate-key": self.certificate_key, "--blobs": self.blobs_dir or "-", "--user": self.run_as or "-",
                 "--resolver": (self.resolver or "-").replace(" ", "")}  # fmt: skip
        for option, text in texts.items():
            if not _SAFE.fullmatch(text):
                raise StartError(f"{option} is {text!r}; letters, digits and ._-/:@+=,[] may stand there")
        for text in (*self.listen, *self.tls_listen):
            if not _LISTEN.fullmatch(text) or not 0 < int(text.rpartition(":")[2]) < 65536:
                raise StartError(f"--listen and --tls-listen take a port or address:port, not {text!r}")
        if not (self.listen or self.tls_listen):
            raise StartError("without --listen and --tls-listen nobody could come in")
        several = [name for name, addresses in self.upstreams.items() if len(addresses) > 1]
        if several and self.resolver and not self.keeps_connections:
            raise StartError(
                f"--upstream {several[0]} names several addresses, which NGINX follows by a resolver only from "
                "1.27.3 on: say --nginx 1.28, leave --resolver out, or let one name stand for all of them"
            )

    @property
    def keeps_connections(self) -> bool:
        """Whether services stand in upstream blocks, whose connections are kept."""
        return self.resolver is None or self.nginx >= RESOLVES_IN_UPSTREAM

    @property
    def found_at_start(self) -> bool:
        """Whether `resolver.sh` finds out if connections can be kept."""
        return (self.resolver or "").startswith("/") and not self.keeps_connections

    @property
    def allowed_hosts(self) -> frozenset[str] | None:
        """As `ServiceSettings.allowed_hosts`, in NGINX's form; None: any, since credentials are asked for."""
        if self.asks_for_credentials:
            return None
        named = {self.public_host} if self.public_host else set()
        return frozenset(f"[{host}]" if ":" in host else host for host in LOOPBACK_HOSTS | named)


def default_upstreams() -> dict[str, tuple[str, ...]]:
    """Each service under its own name, on its fixed port."""
    return {service: (f"{service}:{PORTS[service]}",) for service in SERVICES}


def read_upstreams(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The defaults, changed by `NAME=HOST:PORT[,HOST:PORT]`. Raises `StartError`."""
    found = default_upstreams()
    for text in texts:
        name, _, addresses = text.partition("=")
        if name not in found:
            raise StartError(f"--upstream {text}: there is no service {name!r}; there are {', '.join(SERVICES)}")
        for address in addresses.split(","):
            try:
                parse_address(address)
            except ValueError as error:
                raise StartError(f"--upstream {text}: {error}") from error
            if not _SAFE.fullmatch(address):
                raise StartError(f"--upstream {text}: {address!r} is not an address")
        found[name] = tuple(addresses.split(","))
    return found


def read_host(text: str) -> str:
    """The host of an address or a bare name. Raises `StartError`."""
    host = urlsplit(text if "//" in text else f"//{text}").hostname
    if not host or not _SAFE.fullmatch(host):
        raise StartError(f"--public {text}: write a host name or an address as https://files.example.org")
    return host


def read_trusted(texts: Iterable[str]) -> tuple[str, ...]:
    """Addresses or networks of proxies in front. Raises `StartError`."""
    for text in texts:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError as error:
            raise StartError(f"--trusted-proxy {text}: it is an address or a network, as 10.0.0.0/8") from error
    return tuple(texts)


def read_version(text: str) -> tuple[int, ...]:
    """`1.22`, `1.27.3`. Raises `StartError`."""
    if not _VERSION.fullmatch(text) or (found := tuple(int(part) for part in text.split("."))) < OLDEST:
        raise StartError(f"--nginx is {text!r}; 1.22 or newer is needed")
    return found
