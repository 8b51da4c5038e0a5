"""One bucket over HTTP, by obstore: timeouts, retries and the breaker in one place, and its errors in our terms.

Retries happen at one layer for each kind of call. obstore repeats the parts of a multipart upload and the pages of a listing,
because only it can; everything else is asked by a client that does not repeat, and repeated here. (obstore's own resuming of
a broken body would not check which bytes the second answer holds: apache/arrow-rs-object-store issue 654.)
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeVar

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, S3Store

from filemill.chassis.errors import FilemillError, NotFound, StorageFull, Unavailable
from filemill.chassis.resilience import deadline
from filemill.chassis.resilience.breaker import Breaker
from filemill.chassis.resilience.retry import ATTEMPTS, RetryBudget, attempts
from filemill.chassis.storage.remote_settings import Bucket

_STATUS = re.compile(r"Server returned non-2xx status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_FULL_CODES = frozenset({"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "NotEnoughSpace"})
_NOT_AWAY = frozenset({400, 401, 403, 404, 405, 411, 412, 416})
_log = structlog.get_logger()
_told_by_caller = ContextVar("told_by_caller", default=False)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may take, in seconds. `read_s` is a silence; `part_s` is one whole request with up to 8 MiB in it."""

    connect_s: float = 2.0
    read_s: float = 5.0
    part_s: float = 30.0
    ask_s: float = 12.0
    """A question with all its repetitions."""
    send_s: float = 45.0
    """Sending what is left, up to 24 MiB, with all repetitions."""


class Refused(Unavailable):
    """The store answered, and said no: a repetition is useless. `status` and `code` are the store's own words."""

    def __init__(self, http_status: int, code: str) -> None:
        super().__init__("The blob store refuses the call.", retry_after_s=30)
        self.http_status = http_status
        self.s3_code = code


class Remote:
    """The clients of one bucket. `once` never repeats a request, `repeating` does."""

    def __init__(self, bucket: Bucket, patience: Patience | None = None) -> None:
        self.bucket = bucket
        self.patience = patience or Patience()
        self.breaker = Breaker("storage")
        self._budget = RetryBudget("storage")
        self.once = self._client(bucket, 0)
        self.repeating = self._client(bucket, ATTEMPTS - 1)
        self._public = self._client(bucket.public, 0)

    async def ask(self, what: str, question: Callable[[], Awaitable[T]]) -> T:
        """Ask the store, again if it is away, within the total time. Raises `NotFound`, `StorageFull`, `Unavailable`."""
        async with self.guarded():
            return await self._asked(what, question)

    async def send(self, what: str, sending: Callable[[], Awaitable[T]]) -> T:
        """Await what the repeating client does. Raises as `ask` does."""
        async with self.guarded(), within(self.patience.send_s, what):
            try:
                return await sending()
            except (BaseError, OSError) as error:
                raise translated(error, what) from error

    @asynccontextmanager
    async def guarded(self) -> AsyncIterator[None]:
        """The breaker around a call. A store that says no is not away: while it is full, or takes no writes, reads go on."""
        answer: FilemillError | None = None
        async with self.breaker.call():
            try:
                yield
            except (Refused, StorageFull) as error:
                answer = error
        if answer is not None:
            raise answer

    async def sign(self, key: str, expires: timedelta, method: Literal["GET", "PUT"] = "GET") -> str:
        """A link for the public endpoint. No call to the store; with a role, credentials may have to be fetched first."""
        async with within(self.patience.ask_s, "sign"):
            try:
                return await obstore.sign_async(self._public, method, key, expires)
            except (BaseError, OSError) as error:
                raise translated(error, "sign") from error

    async def look(self) -> None:
        """The cheapest question that needs the bucket and the credentials: what is below a name that nobody uses."""
        await obstore.list(self.once, "nothing").collect_async()

    async def _asked(self, what: str, question: Callable[[], Awaitable[T]]) -> T:
        async with within(self.patience.ask_s, what):
            async for attempt in attempts(self._budget, _is_worth_repeating):
                with attempt:
                    try:
                        return await question()
                    except (BaseError, OSError) as error:
                        raise translated(error, what) from error
        raise AssertionError("retry_context returns or raises")

    def _client(self, bucket: Bucket, repetitions: int) -> "S3Store | GCSStore | AzureStore":
        patience = self.patience
        return bucket.open(
            client_options={
                "connect_timeout": timedelta(seconds=patience.connect_s),
                # A silence is told from slowness only where the answer is what takes long; a part going up is bounded whole.
                **(
                    {"read_timeout": timedelta(seconds=patience.read_s), "timeout": timedelta(hours=1)}
                    if repetitions == 0
                    else {"timeout": timedelta(seconds=patience.part_s)}
                ),
            },
            retry_config={
                "max_retries": repetitions,
                "retry_timeout": timedelta(seconds=patience.send_s),
                "backoff": {
                    "init_backoff": timedelta(seconds=0.05),
                    "max_backoff": timedelta(seconds=1),
                    "base": 2,
                },
            },
        )


@asynccontextmanager
async def within(seconds: float, what: str) -> AsyncIterator[None]:
    """Run the block for at most so long, and not past the caller's deadline; later it is `Unavailable`."""
    left_s = deadline.left_s(seconds)
    try:
        with deadline.within(seconds):
            async with asyncio.timeout(left_s):
                yield
    except TimeoutError as error:
        _warn(call=what, kind="timeout")
        if left_s < seconds:
            raise deadline.Over() from error
        raise Unavailable("The blob store does not answer in time.") from error


def translated(error: Exception, what: str) -> FilemillError:
    """An error of obstore in our terms. Its text stays out of it: it can hold signed URLs."""
    if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error):
        return NotFound("The stored bytes are missing.")
    text = str(error)
    status_found, code_found = _STATUS.search(text), _CODE.search(text)
    status, code = int(status_found[1]) if status_found else 0, code_found[1] if code_found else ""
    _warn(call=what, status=status or None, code=code or None, kind=type(error).__name__)
    if status == 507 or code in _FULL_CODES:
        return StorageFull()
    if status in _NOT_AWAY or code == "NoSuchBucket":
        return Refused(status, code)
    return Unavailable("The blob store does not answer.")


@contextmanager
def told_by_caller() -> Iterator[None]:
    """Failures in here are not logged: whoever calls tells them, in words for an operator."""
    token = _told_by_caller.set(True)
    try:
        yield
    finally:
        _told_by_caller.reset(token)


def _warn(**facts: object) -> None:
    if not _told_by_caller.get():
        _log.warning("storage.call.failed", **facts)


def _is_worth_repeating(error: Exception) -> bool:
    return isinstance(error, Unavailable) and not isinstance(error, Refused)
