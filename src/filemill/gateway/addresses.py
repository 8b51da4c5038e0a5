"""Where a service listens: a TCP address or the path of a Unix socket.

Not for: names that need a resolver with rules (Kubernetes, Compose); there NGINX is the edge.
On failure: `parse_address` raises ValueError with a sentence that names the wrong text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

ProtocolT = TypeVar("ProtocolT", bound=asyncio.Protocol)


@dataclass(frozen=True)
class TcpAddress:
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class UnixAddress:
    path: str

    def __str__(self) -> str:
        return self.path


Address = TcpAddress | UnixAddress


def parse_address(text: str) -> Address:
    """Read `host:port` (IPv6 in brackets) or an absolute socket path."""
    if text.startswith("/"):
        return UnixAddress(text)
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is not an address; write host:port or the absolute path of a Unix socket")
    return TcpAddress(host.removeprefix("[").removesuffix("]"), int(port))


def parse_upstreams(text: str) -> Mapping[str, tuple[Address, ...]]:
    """Read `upload=HOST:PORT,HOST:PORT metadata=HOST:PORT`; raises ValueError with a sentence that names the wrong part."""
    found: dict[str, tuple[Address, ...]] = {}
    for part in text.split():
        service, equals, addresses = part.partition("=")
        if not equals or service in found:
            raise ValueError(f"{part!r} is not SERVICE=ADDRESS,ADDRESS, each service once")
        found[service] = tuple(parse_address(one) for one in addresses.split(","))
    return found


async def connect(address: Address, protocol: ProtocolT) -> None:
    """Open a connection to `address` and hand it to `protocol`; raises OSError when nobody listens there."""
    loop = asyncio.get_running_loop()
    if isinstance(address, UnixAddress):
        await loop.create_unix_connection(lambda: protocol, address.path)
    else:
        await loop.create_connection(lambda: protocol, address.host, address.port)
