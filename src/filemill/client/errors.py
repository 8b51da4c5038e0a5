"""What can go wrong in a call, as one exception.

`code` is the server's (docs/problems/) or one of the client's own: `unreachable`, `connection-broken`, `not-a-filemill`,
`bad-address`, `timeout`, `file-changed`, `digest-mismatch`. Trouble with files of this machine stays an `OSError`.
"""


class MillError(Exception):
    """A call did not succeed. `retryable`: the same call may succeed later. `status` is 0 where no answer came."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        retryable: bool = False,
        request_id: str | None = None,
        status: int = 0,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.retryable = retryable
        self.request_id = request_id
        self.status = status
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.detail} ({self.code}{f', request {self.request_id}' if self.request_id else ''})"
