"""Answers the edge writes itself: problems (RFC 9457) and other small complete bodies.

Not for: answers of the services; those pass through `exchange`.
Every problem has a stable code of the contract, one clear sentence, and the request id to quote in a question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import orjson

from filemill.chassis.clock import unix_s

REASONS = {int(status): status.phrase.encode() for status in HTTPStatus}
PROBLEM_TYPE_BASE = "https://filemill.dev/problems/"
JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
# Shown on everything the edge writes itself; a JSON body must never be taken for a page.
SAFE_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


@dataclass(frozen=True)
class Answer:
    """A complete answer, before it is known for which request."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self, request_id: str, *, keep: bool, head_only: bool = False) -> bytes:
        """The bytes on the wire; `keep` says whether the connection stays open."""
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, b'Unknown').decode()}"]
        if self.status != HTTPStatus.NOT_MODIFIED:
            lines.append(f"Content-Length: {len(self.body)}")
            lines.append(f"Content-Type: {self.content_type}")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"Date: {_now()}", f"X-Request-ID: {request_id}"]
        if not keep:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        return head if head_only or self.status == HTTPStatus.NOT_MODIFIED else head + self.body


@dataclass(frozen=True)
class Problem:
    """A refusal, before it is known for which request."""

    status: int
    code: str
    title: str
    detail: str
    retryable: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def answer(self, request_id: str) -> Answer:
        body = {
            "type": PROBLEM_TYPE_BASE + self.code,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "retryable": self.retryable,
            "request_id": request_id,
        }
        return Answer(self.status, orjson.dumps(body), PROBLEM_JSON, {**SAFE_HEADERS, **self.headers})


def json_answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body that no cache keeps."""
    return Answer(status, orjson.dumps(body), JSON, {**SAFE_HEADERS, **(headers or {})})


def bad_request(detail: str, status: int = 400, headers: Mapping[str, str] | None = None) -> Problem:
    """The request itself is wrong: 400, or 405, 408, 421, 431 where HTTP has a nearer status."""
    title = REASONS.get(status, b"Bad Request").decode()
    return Problem(status, "bad-request", title, detail, retryable=status == 408, headers=headers or {})


def not_found() -> Problem:
    return Problem(404, "not-found", "Not Found", "There is nothing at this address.")


def file_too_large(max_bytes: str) -> Problem:
    """Refused from the size in the header, or as soon as a body of unknown size has grown past the limit."""
    detail = f"The body is larger than the {max_bytes} bytes this address takes."
    return Problem(413, "file-too-large", "File Too Large", detail)


def rate_limited() -> Problem:
    """Before the services' own limits: somebody comes far more often than these would take."""
    return Problem(
        429, "rate-limited", "Too many requests", "Too many calls at once; come back in a second.", retryable=True,
        headers={"Retry-After": "1"},
    )  # fmt: skip


def service_unavailable(detail: str) -> Problem:
    """A service is down, slow or full; the same request may succeed a moment later."""
    return Problem(
        503, "service-unavailable", "Service Unavailable", detail, retryable=True, headers={"Retry-After": "1"}
    )


@lru_cache(64)  # said thousands of times a second when it is said at all
def service_full(service: str, retry_after_s: int) -> Problem:
    """A service has as much to do as it can; who comes again after `retry_after_s` finds room, if others do the same."""
    return Problem(
        503, "service-unavailable", "Service Unavailable",
        f"The service {service} has as many requests as it can answer soon; come again in {retry_after_s} s.",
        retryable=True, headers={"Retry-After": str(retry_after_s)},
    )  # fmt: skip


_date: tuple[int, str] = (0, "")


def _now() -> str:
    """The Date header, made anew once a second."""
    global _date
    second = int(unix_s())
    if _date[0] != second:
        _date = (second, formatdate(second, usegmt=True))
    return _date[1]
