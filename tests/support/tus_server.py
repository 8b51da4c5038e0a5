"""A tus server without a network: plays a client's steps, keeps what arrives, and fails when and as a test says."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from filemill.client.errors import MillError
from filemill.client.steps import Answer, Call, Pause, Steps, Work

T = TypeVar("T")
FILE_ID = "019c2d6e-0000-7000-8000-00000000004d"
BROKEN = MillError("connection-broken", "the connection broke", retryable=True)


def problem(status: int, code: str, *, retryable: bool = False, **headers: str) -> Answer:
    """An error answer as filemill writes it."""
    body = {"code": code, "detail": f"It is {code}.", "retryable": retryable, "request_id": "r-1"}
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode())


@dataclass(frozen=True, slots=True)
class Hurt:
    """What happens to one PATCH: `after_bytes` are kept, then `answer` is given, or the connection breaks."""

    after_bytes: int = 0
    answer: Answer | None = None
    lost_answer: bool = False


@dataclass
class TusServer:
    """One upload at a time. `hurts` meet the PATCHes in order; None lets one pass."""

    hurts: list[Hurt | None] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    received: bytes = b""
    size: int | None = None
    told: dict[str, str] = field(default_factory=dict)
    begun: int = 0
    location: str = "/api/upload/tus/one"
    changed: Callable[[bytes], bytes] = lambda data: data

    def play(self, steps: Steps[T]) -> T:
        """Drive the steps to their end."""
        try:
            step = next(steps)
            while True:
                if isinstance(step, Call):
                    try:
                        answer = self.answer(step)
                    except MillError as error:
                        step = steps.throw(error)
                        continue
                    step = steps.send(answer)
                    continue
                if isinstance(step, Pause):
                    self.pauses.append(step.seconds)
                else:
                    assert isinstance(step, Work)
                    step.run()
                step = steps.send(None)
        except StopIteration as done:
            value: T = done.value
            return value

    def methods(self) -> str:
        """What was called, in order."""
        return " ".join(call.method for call in self.calls)

    def answer(self, call: Call) -> Answer:
        """One answer; may raise as a driver does when the connection breaks."""
        self.calls.append(call)
        return {"POST": self._create, "HEAD": self._head, "PATCH": self._patch, "GET": self._file}[call.method](call)

    def _create(self, call: Call) -> Answer:
        self.begun += 1
        self.size, self.received = int(call.headers["Upload-Length"]), b""
        pairs = (pair.split(" ") for pair in call.headers["Upload-Metadata"].split(","))
        self.told = {name: base64.b64decode(text).decode() for name, text in pairs}
        return Answer(201, {"location": self.location})

    def _head(self, call: Call) -> Answer:
        return Answer(404) if self.size is None else Answer(200, self._about())

    def _patch(self, call: Call) -> Answer:
        assert call.body is not None
        if self.size is None:
            return problem(404, "not-found")
        if int(call.headers["Upload-Offset"]) != len(self.received):
            return problem(409, "offset-conflict")
        hurt = self.hurts.pop(0) if self.hurts else None
        room = call.body.size_bytes if hurt is None or hurt.lost_answer else hurt.after_bytes
        for piece in call.body.pieces():
            taken = self.changed(piece[:room])
            self.received += taken
            room -= len(taken)
            call.body.passed(len(piece))
            if room <= 0:
                break
        if hurt is None:
            return Answer(204, self._about())
        if hurt.answer is None:
            raise BROKEN
        return hurt.answer

    def _about(self) -> dict[str, str]:
        about = {"upload-offset": str(len(self.received))}
        return about | ({"filemill-file": f"/api/upload/files/{FILE_ID}"} if len(self.received) == self.size else {})

    def _file(self, call: Call) -> Answer:
        return Answer(200, {}, json.dumps(document(self.received)).encode())


def document(data: bytes, **more: Any) -> dict[str, Any]:
    """A file as upload shows it."""
    return {
        "file_id": FILE_ID, "filename": "a.bin", "size": len(data), "content_type": "application/octet-stream",
        "sha256": hashlib.sha256(data).hexdigest(), "status": "uploaded", "analysis": "pending", "version": 1,
        "created_at": "2026-11-23T12:00:00.000000Z",
    } | more  # fmt: skip
