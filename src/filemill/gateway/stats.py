"""What the edge counted since it started; a metrics library reads it, the edge itself knows none.

Not for: timings of single requests; those go to the access callback.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

EDGE = "edge"  # the service name of what the edge answers itself


@dataclass
class GatewayStats:
    """Plain numbers, changed only on the event loop's thread."""

    requests: Counter[tuple[str, str]] = field(default_factory=Counter)  # (service, "2xx" ... "5xx" or "gone")
    seconds: defaultdict[str, float] = field(
        default_factory=lambda: defaultdict(float)
    )  # service -> time from head to last byte, summed
    service_failures: Counter[tuple[str, str]] = field(default_factory=Counter)  # (service, reason)
    retries: Counter[str] = field(default_factory=Counter)  # service -> requests repeated on a fresh connection
    open_connections: int = 0
    refused_connections: int = 0
    bytes_from_clients: int = 0  # request bodies
    bytes_to_clients: int = 0  # response bodies
    bodies_spliced: int = 0  # bodies, or parts of them, that a thread moved

    def finished(self, service: str, status: int | None, seconds: float) -> None:
        """Count one request; `status` is None when the client went before an answer began."""
        self.requests[service, f"{status // 100}xx" if status else "gone"] += 1
        self.seconds[service] += seconds
