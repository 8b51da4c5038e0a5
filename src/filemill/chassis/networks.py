"""Addresses and networks as settings list them."""

import ipaddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def listed_networks(variable: str, text: str) -> tuple[Network, ...]:
    """What `10.0.0.0/8, ::1` lists. Raises `ValueError`, whose words name the variable and the fix."""
    found: list[Network] = []
    for one in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(ipaddress.ip_network(one))
        except ValueError as error:
            raise ValueError(f"{variable} lists addresses and networks as 10.20.0.0/16, not {one!r}") from error
    return tuple(found)
