"""Where a call out of this machine may go: over HTTPS to a public address, found once and kept for the call.

A name is resolved once, every address it has must be public, and the call goes to the address that was looked at, so a name
that changes its mind afterwards leads nowhere. Each redirect is a new destination and is looked at again
by whoever follows it. Not for: calls between our own services (`resilience.service_client`). On failure: `RefusedDestination`.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit, urlunsplit

from filemill.chassis.networks import Network

HTTPS_PORT = 443
HTTP_PORT = 80
FIRST_FREE_PORT = 1024
"""Below it are the ports of mail, shells and directories, which have no business with a caller of ours."""
URL_MOST_CHARACTERS = 2000
RESOLVE_S = 5.0

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]

LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))

_PRINTABLE = re.compile(r"[!-\[\]-~]+")
"""ASCII without controls, space and backslash: what one parser strips or turns around, another may read differently."""
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?")
_NUMBER = re.compile(r"(0[xX][0-9A-Fa-f]*|[0-9]+)\.?")
"""A last label like this makes the whole host an IPv4 address (WHATWG URL, 3.5)."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST = ipaddress.IPv6Network("2000::/3")
_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(one)
    for one in ("0.0.0.0/8", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
"""Not public whatever the Python at hand says: 6to4 and its relays, Teredo and ORCHID, documentation."""


class RefusedDestination(Exception):
    """This address is not called; the text says why, in one line.

    `of_name`: because of what the name resolves to. A stranger is told no more than that, or could map a network by asking.
    """

    def __init__(self, text: str, *, of_name: bool = False) -> None:
        super().__init__(text)
        self.of_name = of_name


@dataclass(frozen=True, slots=True)
class Policy:
    """What is allowed beside HTTPS to public addresses: `networks`, also over plain HTTP.

    `web_ports_only`: no port below 1024 but 443 (80 inside `networks`). `refused_ports` are ours inside `networks`.
    """

    networks: tuple[Network, ...] = ()
    web_ports_only: bool = False
    refused_ports: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Destination:
    """A call as it is made: `url` has the address in place of the name, `host` the name for the header and the certificate."""

    url: str
    host: str
    tls_name: str


@dataclass(frozen=True, slots=True)
class Asked:
    """An address whose form is in order. `name` is the host as it was written, without brackets."""

    parts: SplitResult
    name: str
    port: int


def destination(url: str, *, loopback_allowed: bool = False, resolve: Resolve | None = None) -> Destination:
    """Look at an address. With `loopback_allowed` this machine may be called as well, then also over plain HTTP.

    Blocks while the name is looked up. Raises `RefusedDestination`.
    """
    policy = Policy(networks=LOOPBACK if loopback_allowed else ())
    asked = read(url)
    try:
        addresses = (resolve or _resolve)(asked.name, asked.port)
    except (OSError, ValueError) as error:
        raise RefusedDestination(f"the name {asked.name} cannot be resolved: {error}", of_name=True) from error
    return decide(asked, addresses, policy)


def read(url: str) -> Asked:
    """The parts of an address that can be called at all. Raises `RefusedDestination`."""
    if len(url) > URL_MOST_CHARACTERS:
        raise RefusedDestination(f"an address has at most {URL_MOST_CHARACTERS} characters")
    if not _PRINTABLE.fullmatch(url):
        raise RefusedDestination(
            "an address is written in ASCII, without spaces and backslashes (xn--… for other names)"
        )
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise RefusedDestination("this is not an https:// address") from error
    if parts.scheme not in ("https", "http") or not name or "@" in parts.netloc or port == 0:
        raise RefusedDestination(f"{_shown(parts)} is not an https:// address")
    if not _is_host(name, bracketed="[" in parts.netloc):
        raise RefusedDestination(f"{_shown(parts)}: the host is neither a name nor an address in its usual form")
    return Asked(parts, name, port or (HTTPS_PORT if parts.scheme == "https" else HTTP_PORT))


def decide(asked: Asked, addresses: Sequence[str], policy: Policy) -> Destination:
    """Whether what a name resolves to may be called. Raises `RefusedDestination`."""
    found = [ipaddress.ip_address(one) for one in addresses]
    if not found:
        raise RefusedDestination(f"the name {asked.name} has no address", of_name=True)
    inside = all(any(_is_in(one, network) for network in policy.networks) for one in found)
    if not inside and asked.parts.scheme != "https":
        raise RefusedDestination(f"{_shown(asked.parts)} is not an https:// address")
    if not inside and not all(is_public(one) for one in found):
        raise RefusedDestination(f"the name {asked.name} leads to an address that is not public", of_name=True)
    usual = (HTTPS_PORT, HTTP_PORT) if inside else (HTTPS_PORT,)
    if policy.web_ports_only and asked.port < FIRST_FREE_PORT and asked.port not in usual:
        raise RefusedDestination(f"port {asked.port} is not called; use 443, or one from {FIRST_FREE_PORT} on")
    if inside and asked.port in policy.refused_ports:
        raise RefusedDestination(f"port {asked.port} is one of filemill's own")
    address = f"[{found[0]}]" if found[0].version == 6 else str(found[0])
    parts = asked.parts
    pinned = urlunsplit((parts.scheme, f"{address}:{asked.port}", parts.path or "/", parts.query, ""))
    shown = f"[{asked.name}]" if ":" in asked.name else asked.name
    return Destination(pinned, shown if parts.port is None else f"{shown}:{asked.port}", asked.name.rstrip("."))


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet, looking through the IPv6 forms that stand for an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _UNICAST or address.scope_id is not None:
            return False  # mapped, compatible, link-local, unique local, site-local, multicast, …
    if any(_is_in(address, network) for network in _NEVER):
        return False
    return address.is_global and not address.is_multicast


class Resolver:
    """Finds destinations without holding up the event loop: each look-up in a thread of its own pool, with a time limit.

    A system resolver that hangs keeps its thread for longer than we wait, so there are more threads than callers.
    """

    def __init__(self, policy: Policy, threads: int, *, resolve: Resolve | None = None) -> None:
        self.policy = policy
        self._resolve = resolve or _resolve
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolve")

    async def destination(self, url: str) -> Destination:
        """As the function of that name. Raises `RefusedDestination`."""
        asked = read(url)
        looking = asyncio.get_running_loop().run_in_executor(self._threads, self._resolve, asked.name, asked.port)
        try:
            addresses = await asyncio.wait_for(looking, RESOLVE_S)
        except TimeoutError as error:
            raise RefusedDestination(f"the name {asked.name} was not resolved in time", of_name=True) from error
        except (OSError, ValueError) as error:
            raise RefusedDestination(f"the name {asked.name} cannot be resolved: {error}", of_name=True) from error
        return decide(asked, addresses, self.policy)

    def close(self) -> None:
        """Take no more; threads that hang end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _resolve(name: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]


def _is_in(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


def _is_host(name: str, *, bracketed: bool) -> bool:
    """One form for each address: decimal, octal, hexadecimal and short IPv4 are refused, and so are zones of IPv6."""
    if bracketed or _NUMBER.fullmatch(name.rstrip(".").rpartition(".")[2]):
        try:
            return "%" not in name and ipaddress.ip_address(name).version == (6 if bracketed else 4)
        except ValueError:
            return False
    return len(name) <= 253 and _NAME.fullmatch(name) is not None


def _shown(parts: SplitResult) -> str:
    """Without what may be a secret."""
    return urlunsplit((parts.scheme, parts.hostname or "", parts.path, "", ""))
