"""Sending a small file in one request: a form with an `Idempotency-Key`, as steps.

tus needs three requests where one will do. The key is noted before the first byte goes, and every repetition says the same one,
in this process or a later: however often it is sent, there is one file. A break costs all of it, so it is for small files only.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from filemill.client.errors import MillError
from filemill.client.file import File
from filemill.client.patience import Patience, ask_again
from filemill.client.source import Source
from filemill.client.steps import Call, Steps, Work
from filemill.client.uploading import Remembered, checked

SMALL_BYTES = 1024 * 1024
"""Up to this size a file goes in one request."""
_KEY_IS_SPENT = (404, 410, 422)
"""What an earlier run made with this key is deleted since, or was of other bytes."""


@dataclass(slots=True)
class _Form:
    """The file as the last part of a form."""

    source: Source
    head: bytes
    tail: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.head) + self.source.size_bytes + len(self.tail)

    def pieces(self) -> Iterator[bytes]:
        """The form; the file is small enough to be one piece."""
        yield self.head
        yield self.source.read(0, self.source.size_bytes)
        yield self.tail

    def passed(self, size_bytes: int) -> None:
        """The piece that is the file is the progress."""
        if size_bytes == self.source.size_bytes:
            self.source.tell(size_bytes)


@dataclass(slots=True)
class AtOnce:
    """One small file on its way up. `steps` does it."""

    source: Source
    fields: Mapping[str, str]
    remembered: Remembered | None = None
    patience: Patience = field(default_factory=Patience)

    def steps(self) -> Steps[File]:
        """Raises `MillError`; a file that could not be read raises `OSError`."""
        self.source.tell(0)
        found = self.remembered.memory.find(self.remembered.entry) if self.remembered else None
        if found is not None:
            try:
                return (yield from self._send(found))
            except MillError as error:
                if error.status not in _KEY_IS_SPENT:
                    raise
        key = secrets.token_hex(16)
        if self.remembered is not None:
            self.remembered.memory.note(self.remembered.entry, key)
        return (yield from self._send(key))

    def _send(self, key: str) -> Steps[File]:
        boundary = secrets.token_hex(16)
        headers = {"Idempotency-Key": key, "Content-Type": f"multipart/form-data; boundary={boundary}"}
        body = _Form(self.source, self._head(boundary), f"\r\n--{boundary}--\r\n".encode())
        try:
            answer = yield from ask_again(
                Call("POST", "/api/upload/files", headers=headers, body=body, long=True), self.patience
            )
        except MillError as error:
            if self.remembered is not None and not error.retryable:
                self.remembered.memory.forget(self.remembered.entry)
            raise
        yield Work(self.source.sha256)
        return checked(File.of(answer.json()), self.source, self.remembered)

    def _head(self, boundary: str) -> bytes:
        """Everything before the bytes of the file (RFC 7578; the name is UTF-8)."""
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
            for name, text in self.fields.items()
        ]
        name = self.source.name
        for bad, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\r", " "), ("\n", " ")):
            name = name.replace(bad, escaped)
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n')
        return "".join(parts).encode("utf-8", "replace")
