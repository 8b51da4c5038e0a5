"""Whose word on where a request came from counts: that of the edges in front of us, and nobody else's.

Anybody can write `X-Forwarded-For`. Who reaches a service's own port and is believed would be counted as a new address with
each call, and would stand in the audit trail as another.
"""

import ipaddress
from functools import lru_cache

from filemill.chassis.networks import Network, listed_networks

FORWARDED_FOR = b"x-forwarded-for"
ADDRESS_MOST_CHARACTERS = 64
"""An IPv6 address with a zone, and some."""


class TrustedProxies:
    """`names` as `FILEMILL_TRUSTED_PROXIES` has them: addresses and networks, by commas."""

    def __init__(self, names: str) -> None:
        trusted = listed_networks("FILEMILL_TRUSTED_PROXIES", names)
        # Few peers ask again and again, and reading an address costs more than all else here.
        self._is_trusted = lru_cache(maxsize=1024)(lambda host: _is_in(host, trusted))

    def client(self, peer: tuple[str, int] | None, headers: dict[bytes, bytes]) -> tuple[str, int] | None:
        """Where a request came from; `peer` is who opened the connection, None on a Unix socket (which only edges reach)."""
        said = headers.get(FORWARDED_FOR)
        if said is None or (peer is not None and not self._is_trusted(peer[0])):
            return peer
        seen = said.rpartition(b",")[2].strip().decode("latin-1")  # what stands before it, a client may have written
        return (seen[:ADDRESS_MOST_CHARACTERS], 0) if seen else peer


def _is_in(host: str, trusted: tuple[Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped  # how a socket that speaks both shows an IPv4 client
    return any(address in network for network in trusted)
