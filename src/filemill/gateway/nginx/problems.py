"""What NGINX itself may have to say, in the words of the local gateway: a problem (RFC 9457), never a page of HTML."""

from __future__ import annotations

from dataclasses import dataclass, replace

from filemill.gateway import answers
from filemill.gateway.answers import Problem

# Written by NGINX when it answers.
REQUEST_ID = "$filemill_request_id"
BODY_MOST = "$filemill_body_most"
FULL_RETRY_AFTER_S = 2
"""NGINX cannot count how many it sends away, so it says the same to all."""


@dataclass(frozen=True)
class Page:
    """The answer to these statuses of NGINX; to none: what stands for another of them if no instance was asked."""

    statuses: tuple[int, ...]
    problem: Problem

    @property
    def name(self) -> str:
        """Of its location, and of the status unless it stands for another."""
        return str(self.statuses[0]) if self.statuses else "full"

    def body(self) -> str:
        """The JSON, for between single quotes."""
        text = self.problem.answer(REQUEST_ID).body.decode()
        assert "'" not in text, text
        return text


def pages() -> tuple[Page, ...]:
    """Every status that NGINX can end with by itself."""
    return (
        Page((400, 411, 415, 417, 501, 505),
             answers.bad_request("The request is not well-formed, or could be read in two ways.")),
        Page((403, 404), answers.not_found()),
        Page((405,), answers.bad_request("This address can only be read (GET or HEAD).", 405, {"Allow": "GET, HEAD"})),
        Page((408,), answers.bad_request("The request did not arrive in time.", 408)),
        Page((412,), Problem(412, "precondition-failed", "Precondition Failed", "It changed since you last read it.")),
        Page((413,), answers.file_too_large(BODY_MOST)),
        Page((416,), Problem(416, "range-not-satisfiable", "Range Not Satisfiable", "There are no such bytes.")),
        Page((421,), answers.bad_request("This gateway does not answer under that host name.", 421)),
        Page((494, 414, 431), answers.bad_request("The head of the request is longer than it may be.", 431)),
        Page((495, 496, 497), answers.bad_request("This port speaks TLS: use https.")),
        Page((429,), answers.rate_limited()),
        Page((500,), Problem(500, "internal-error", "Internal Error",
                             "This is a fault of ours; quote the request id when you report it.")),
        Page((503, 502, 504),
             answers.service_unavailable("The service is not reachable, or did not answer in time.")),
    )  # fmt: skip


def full() -> Page:
    """Every instance has as much to do as it may, or none of several has answered a moment ago."""
    problem = answers.service_unavailable(
        "The service has as many requests as it can answer soon, or none of its instances answers; "
        f"come again in {FULL_RETRY_AFTER_S} s."
    )
    return Page((), replace(problem, headers={"Retry-After": str(FULL_RETRY_AFTER_S)}))
