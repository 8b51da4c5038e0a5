"""What is known of one request, for the access log and the counters.

Never in it: the query (search words, signatures of links), header values, bodies.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from filemill.gateway.identity import Identity
from filemill.gateway.stats import EDGE


@dataclass
class Record:
    """Filled while the request runs; `event` is taken when it is over."""

    identity: Identity
    client: str
    method: str = ""
    path: str = ""
    service: str = EDGE
    route: str | None = None  # the prefix in the table
    status: int | None = None  # None: the client went before an answer began
    bytes_in: int = 0
    bytes_out: int = 0
    retried: bool = False
    outcome: str = "ok"  # or refused, full, client-gone, service-failed
    started_s: float = field(default_factory=time.perf_counter)

    def event(self, duration_s: float) -> dict[str, object]:
        """The access log's line as a dictionary."""
        return {
            "event": "gateway.request.finished",
            "request_id": self.identity.request_id,
            "trace_id": self.identity.trace_id,
            "client": self.client,
            "method": self.method,
            "path": self.path,
            "upstream": self.service,
            "status": self.status,
            "outcome": self.outcome,
            "retried": self.retried,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "duration_ms": round(duration_s * 1000, 3),
        }
