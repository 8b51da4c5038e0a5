"""The body of every error: RFC 9457 problem details with our stable code."""

from filemill.contracts.model import Contract

PROBLEM_MEDIA_TYPE = "application/problem+json"
PROBLEM_TYPE_PREFIX = "https://filemill.dev/problems/"
"""`type` is this and the code: a stable name. What each code means is in `docs/problems/`."""


class Problem(Contract):
    """`code` is what programs branch on; `detail` is for people; `retryable` says whether the same call may succeed later."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    request_id: str | None = None
