"""Where a call out of this machine may go: over HTTPS to a public address, found once and kept for the call.

A name is resolved once, every address it has must be public, and the call goes to the address that was looked at, so a name
that changes its mind afterwards leads nowhere (RELIABILITY rule 36). Each redirect is a new destination and is looked at again
by whoever follows it. Not for: calls between our own services (`resilience.service_client`). On failure: `RefusedDestination`.
"""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

HTTPS_PORT = 443
HTTP_PORT = 80

Resolve = Callable[[str, int], list[str]]


class RefusedDestination(Exception):
    """This address is not called; the text says why, in one line."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A call as it is made: `url` has the address in place of the name, `host` the name for the header and the certificate."""

    url: str
    host: str
    tls_name: str


def destination(url: str, *, loopback_allowed: bool = False, resolve: Resolve | None = None) -> Destination:
    """Look at an address. With `loopback_allowed` this machine may be called as well, then also over plain HTTP.

    Raises `RefusedDestination`.
    """
    parts = urlsplit(url)
    name = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not name or parts.username is not None:
        raise RefusedDestination(f"{_shown(url)} is not an https:// address")
    try:
        port = parts.port or (HTTPS_PORT if parts.scheme == "https" else HTTP_PORT)
        addresses = (resolve or _resolve)(name, port)
    except (OSError, ValueError) as error:
        raise RefusedDestination(f"the name {name} cannot be resolved: {error}") from error
    found = [ipaddress.ip_address(one) for one in addresses]
    if not found:
        raise RefusedDestination(f"the name {name} has no address")
    local = all(one.is_loopback for one in found)
    if not (local and loopback_allowed):
        if parts.scheme != "https":
            raise RefusedDestination(f"{_shown(url)} is not an https:// address")
        if not all(one.is_global and not one.is_multicast for one in found):
            raise RefusedDestination(f"the name {name} leads to an address that is not public")
    address = f"[{found[0]}]" if found[0].version == 6 else str(found[0])
    pinned = urlunsplit((parts.scheme, f"{address}:{port}", parts.path or "/", parts.query, ""))
    shown = f"[{name}]" if ":" in name else name
    return Destination(pinned, shown if parts.port is None else f"{shown}:{port}", name)


def _resolve(name: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]


def _shown(url: str) -> str:
    """Without what may be a secret."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.hostname or "", parts.path, "", ""))
