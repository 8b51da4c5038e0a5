"""What the client does, apart from how bytes travel: a piece of work is a generator that yields calls and pauses.

A driver (`mill`, `async_mill`) does each step and sends the answer back; a connection that breaks is thrown in as
`MillError`. So every decision (retry, resume, check) is written once, and tests need neither a server nor a clock.
"""

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, TypeVar

from filemill.client.errors import MillError

T = TypeVar("T")
RETRYABLE_STATUSES = frozenset({408, 423, 425, 429, 500, 502, 503, 504})
"""Where the answer does not say itself whether a retry can help (a proxy's own page)."""


class Body(Protocol):
    """Bytes of a request. They are read while it is sent; never all at once."""

    @property
    def size_bytes(self) -> int:
        """How many there are."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """The bytes; may read a disk. Each call begins anew."""
        ...

    def passed(self, size_bytes: int) -> None:
        """So many more bytes were handed to the connection."""
        ...


class Sink(Protocol):
    """Where the bytes of an answer go, once its head is known to be good."""

    def begin(self, answer: "Answer") -> None:
        """The head of a good answer. Raises `MillError` to refuse it."""
        ...

    def write(self, data: bytes) -> None:
        """The next bytes; may write to a disk."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `long`: its answer may take the time of a large file's last sync."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    body: Body | None = None
    sink: Sink | None = None
    long: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Work:
    """Do something that takes a while here: reading, hashing."""

    run: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `body` is empty where a sink has taken it. Names in `headers` have small letters."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON. Raises `MillError` if it is none."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise MillError(
                "not-a-filemill", "what answers there is not a filemill; see FILEMILL_URL", status=self.status
            ) from error


Step = Call | Pause | Work
Steps = Generator[Step, Answer | None, T]


def ask(call: Call) -> Steps[Answer]:
    """Do one call. Raises `MillError` for an answer that is not good, and when the connection breaks."""
    answer = yield call
    assert answer is not None
    if not answer.is_good:
        raise error_of(answer)
    return answer


def error_of(answer: Answer) -> MillError:
    """What an error answer says."""
    request_id: str | None
    try:
        problem = json.loads(answer.body)
        code, detail, retryable = str(problem["code"]), str(problem["detail"]), bool(problem["retryable"])
        request_id = str(problem["request_id"])
    except (ValueError, KeyError, TypeError):
        code, detail = f"http-{answer.status}", f"the server answered {answer.status}"
        retryable, request_id = answer.status in RETRYABLE_STATUSES, answer.headers.get("x-request-id")
    return MillError(
        code, detail, retryable=retryable, request_id=request_id, status=answer.status,
        retry_after_s=_retry_after(answer.headers.get("retry-after")),
    )  # fmt: skip


def _retry_after(text: str | None) -> float | None:
    """Seconds, from either form of `Retry-After` (RFC 9110, 10.2.3)."""
    if text is None:
        return None
    try:
        if text.isascii() and text.isdigit():
            return float(text)
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None  # neither form: then our own pause is as good as any
