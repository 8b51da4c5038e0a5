"""What client and zygote say to each other: one JSON object per line, some with an open descriptor beside it.

The zygote trusts its client; the client trusts the zygote. What a child says goes past the zygote, straight to the
client through the run's own channel, and is trusted by nobody.
On failure: a message that does not parse is a bug on our side and raises ValueError.
"""

import array
import json
import socket
from collections import deque
from typing import Any

from filemill.chassis.sandbox.outcome import Limits
from filemill.chassis.telemetry import request_context

Message = dict[str, Any]

# Control messages are small (two paths and a few numbers); the request itself travels through the run's channel.
_READ_BYTES = 65536
_MAX_FDS = 64

# The longest line a child may send: progress or its result. Texts and pictures belong in the work folder.
LINE_MAX_BYTES = 4 << 20
# A child may send this much in all before it is stopped, so that endless progress messages end too.
CHANNEL_MAX_BYTES = 16 << 20


def encode(message: Message) -> bytes:
    """Return one line of UTF-8 JSON."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def question(request: Message) -> bytes:
    """One question to a child: the request, and for whom it is worked on."""
    context = request_context.current()
    ids = {"request_id": context.request_id, "traceparent": context.traceparent} if context else {}
    return json.dumps({"request": request, **ids}).encode() + b"\n"


def run_message(run_id: int, source: str, work_dir: str, limits: Limits) -> Message:
    """Ask the zygote to fork a child; the descriptor of the child's end of the channel goes with it."""
    return {"op": "run", "id": run_id, "source": source, "work_dir": work_dir, "limits": vars(limits)}


class ControlReader:
    """Reads lines and descriptors from a stream socket, keeping them in step: one descriptor per `run` message."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._buffer = bytearray()
        self._fds: deque[int] = deque()
        self.closed = False

    def receive(self) -> list[Message]:
        """Read what is there (blocking until there is something) and return the complete messages."""
        size = socket.CMSG_SPACE(_MAX_FDS * array.array("i").itemsize)
        data, ancillary, _, _ = self._control.recvmsg(_READ_BYTES, size)
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds = array.array("i")
                fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
                self._fds.extend(fds)
        if not data:
            self.closed = True
        self._buffer += data
        lines = self._buffer.split(b"\n")
        self._buffer = bytearray(lines.pop())
        return [json.loads(line) for line in lines]

    def take_fd(self) -> int:
        """Return the descriptor that came with the oldest `run` message not yet served; the caller closes it."""
        return self._fds.popleft()
