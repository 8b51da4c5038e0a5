"""Free loopback ports, and whether somebody answers on one."""

import socket


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def is_open(port: int) -> bool:
    """Whether a connection is accepted; raises `OSError` if not."""
    socket.create_connection(("127.0.0.1", port), 0.5).close()
    return True
