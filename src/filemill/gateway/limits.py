"""Every bound of the edge in one place: how long it waits, how much it holds.

Not for: limits of one route (body size, response timeout): these stand in `routes`.
What happens at each bound is said beside it; none of them makes a client wait in a queue.
"""

from __future__ import annotations

from dataclasses import dataclass

from filemill.chassis.limits import admission

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True)
class Limits:
    head_bytes: int = 32 * KIB  # a request head above this: 431
    header_count: int = 100  # the same
    client_connections: int = 2_000  # one more: 503 + Retry-After
    # So that one hung service cannot hold every connection: 503 + Retry-After. A thousand live streams (what one instance of
    # notification holds) leave room for other calls to it.
    exchanges_per_service: int = 1_500
    # And so that a service with more to do than it can is not given more still: 503 + Retry-After (`limits.admission`).
    waiting_per_service: int = admission.FLOOR
    small_body_bytes: int = (
        admission.SMALL_BODY_BYTES
    )  # a longer body has to arrive before its request counts as waiting
    spare_per_service: int = 64  # idle connections kept to each service; more are closed
    client_head_s: float = 30.0  # from the first wait for a request head to its end: 408
    client_idle_s: float = 75.0  # between two requests of a kept connection: closed without a word
    linger_s: float = 10.0  # how long an unread body is thrown away so that the client can read the refusal
    connect_s: float = 1.0  # opening a connection to a service: 503
    # Shorter than a service that leaves goes on serving (`FILEMILL_DRAIN_S`, 6 s), or a request meets a closing socket.
    spare_idle_s: float = 4.0
    health_s: float = 1.0  # a service that has not answered its /health by then counts as down
    health_keep_s: float = 0.5  # a health sum is shared for this long, so that polling cannot multiply
    tick_s: float = 1.0  # how often deadlines are looked at; they are late by at most this
