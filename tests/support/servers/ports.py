"""Free loopback ports, and whether somebody answers on one."""

import contextlib
import secrets
import socket

LOWEST, HIGHEST = 10_081, 32_000
"""Below those that Linux gives to outgoing connections: one of these took a server's port before the server did.
Above those that browsers refuse to open, of which 10080 is the last (https://fetch.spec.whatwg.org/#port-blocking)."""


def free_ports(count: int) -> list[int]:
    """Different ports nobody listens on now."""
    ports: set[int] = set()
    while len(ports) < count:
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            ports.add(port)
    return list(ports)


def is_open(port: int) -> bool:
    """Whether a connection is accepted; raises `OSError` if not."""
    socket.create_connection(("127.0.0.1", port), 0.5).close()
    return True
