"""What can go wrong around a sandbox: it cannot start, or an entry says in a coded way why a file cannot be done.

Not for: what went wrong with one file; that is an `Outcome`, not an exception.
"""


class SandboxUnavailableError(Exception):
    """The sandbox cannot start here, or not at the level asked for; a retry helps only after the machine changed."""

    code = "sandbox-unavailable"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class EntryError(Exception):
    """Raised by an entry: this file cannot be done, for a reason with a stable code and one clear sentence."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
