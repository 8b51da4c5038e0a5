"""THE route table: which path goes to which service, under which limits. The NGINX configuration is rendered from it.

Not for: how a request is passed on (`proxy`), what the edge answers itself (`local_answers`).
On failure: a path that matches nothing has no route, and the edge answers 404 `not-found`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from filemill.gateway.limits import GIB, MIB

DEFAULT_MAX_FILE_BYTES = 5 * GIB
# What a multipart form adds around the file: boundary, part heads, the fields title, tags and metadata.
FORM_OVERHEAD_BYTES = 1 * MIB
SMALL_BODY_BYTES = 1 * MIB
# Paths of a service that are for the inner network, never for the world: the operator's scraper, the edge's own question.
HIDDEN_FIRST_SEGMENTS = frozenset({"metrics", "verify"})


@dataclass(frozen=True)
class Route:
    """One entry: paths that start with `prefix` go to `service` with `strip` taken off the front."""

    prefix: str
    service: str
    strip: str
    max_body_bytes: int = SMALL_BODY_BYTES
    response_head_s: float = 60.0  # from the end of the request to the first byte of the answer: 503
    idle_s: float = 60.0  # longest silence while a body moves, either way
    streaming: bool = False  # an answer without end (server-sent events): no idle limit, ended at once on shutdown
    holds: bool = False  # answers may be kept back on purpose: how many wait says nothing of how much there is to do
    asks: bool = True  # the edge asks access who calls; not for access itself, which looks at credentials anyway
    wants_cookie: bool = (
        False  # gets the session's cookie also where access has said who it is: it counts in the session
    )
    carries_files: bool = False  # bodies both ways may be files: never gathered, never compressed
    read_slowly: str | None = None
    """For NGINX, which cannot tell who still waits for an answer from who is slow to read it: the paths (a regular expression,
    below `prefix`) whose answers may be long. Of all others only so many are let through at one time. None: no bound there."""

    @cached_property
    def below(self) -> str:
        """What every path at or below it begins with, once a slash is added: `/api/uploads` is not below `/api/upload`."""
        return self.prefix + "/"


def build_routes(max_file_bytes: int = DEFAULT_MAX_FILE_BYTES) -> tuple[Route, ...]:
    """The table of CONTRACT section 2; longer prefixes first, so the first match is the right one."""
    routes = (
        Route("/api/session", "access", strip="/api", asks=False),
        Route("/api/access", "access", strip="/api/access", asks=False),
        Route("/api/upload", "upload", strip="/api/upload", max_body_bytes=max_file_bytes + FORM_OVERHEAD_BYTES,
              wants_cookie=True, carries_files=True, read_slowly="files/[^/]+/content|files/zip|signed/|shared/"),
        Route("/api/metadata", "metadata", strip="/api/metadata", read_slowly="export|files/[^/]+/(text|renditions)"),
        Route("/api/ai", "ai", strip="/api/ai", response_head_s=120.0, holds=True),  # `?wait=` up to a minute
        Route("/api/processing", "processing", strip="/api/processing"),
        Route("/api/notifications/events", "notification", strip="/api/notifications", streaming=True, holds=True),
        Route("/api/notifications", "notification", strip="/api/notifications"),
    )  # fmt: skip
    return tuple(sorted(routes, key=lambda route: -len(route.prefix)))


def find_route(routes: Sequence[Route], path: str) -> Route | None:
    """The first route for a decoded path; None where there is none or the path is hidden from the world."""
    ended = path + "/"
    for route in routes:
        if ended.startswith(route.below):
            inner = path[len(route.strip) :].lstrip("/")
            return None if inner.split("/", 1)[0] in HIDDEN_FIRST_SEGMENTS else route
    return None
