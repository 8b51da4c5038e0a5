"""A receiver of webhooks on real sockets: keeps what it gets, answers what the test wants, and is told apart by path.

Signatures are judged by the library of Standard Webhooks, never by our own code.
"""

import contextlib
import json
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from support.threaded_server import serving

HUGE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Call:
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]

    def event(self, secret: str) -> dict[str, Any]:
        """The event, if it was signed with this secret; raises otherwise."""
        found: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return found


@dataclass
class Receiver:
    """`answers[path]` are statuses to give in turn, the last one for ever; `headers[path]` go with them.

    `silent` paths never answer, `huge` ones send a gigabyte. With a `secret` each call is judged as it comes: `unsigned`.
    """

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [204]))
    headers: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    bodies: dict[str, bytes] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    huge: set[str] = field(default_factory=set)
    secret: str | None = None
    unsigned: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    most_in_hand: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    now_in_hand: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, path: str) -> list[Call]:
        """The calls of a path."""
        return [call for call in list(self.calls) if call.path == path]

    def status(self, path: str) -> int:
        """The next answer of a path."""
        with self.lock:
            left = self.answers[path]
            return left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def receiving(host: str = "127.0.0.1") -> Iterator[Receiver]:
    """A receiver, until the context ends."""
    found = Receiver()
    with serving(_handler(found), found.over, host) as found.url:
        yield found


def _handler(found: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # the sender was killed on the way: no receiver can take this for a call
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            with found.lock:
                found.calls.append(Call(self.path, headers, body))
                found.now_in_hand[self.path] += 1
                found.most_in_hand[self.path] = max(found.most_in_hand[self.path], found.now_in_hand[self.path])
            if found.secret is not None:
                try:
                    Webhook(found.secret).verify(body, headers)
                except WebhookVerificationError as error:
                    found.unsigned.append(f"{headers.get('webhook-id')}: {error}")
            try:
                self._answer()
            finally:
                with found.lock:
                    found.now_in_hand[self.path] -= 1

        def _answer(self) -> None:
            if self.path in found.silent:
                found.over.wait(60)
                return
            said = found.bodies.get(self.path, b"")
            size = HUGE_BYTES if self.path in found.huge else len(said)
            self.send_response(found.status(self.path))
            for name, value in found.headers[self.path].items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(size))
            self.end_headers()
            self.wfile.write(said)
            if self.path in found.huge:
                with contextlib.suppress(OSError):
                    for _ in range(HUGE_BYTES >> 20):
                        self.wfile.write(b"x" * (1 << 20))

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    return Handler


@contextmanager
def canary(host: str = "127.0.0.1") -> Iterator[tuple[int, list[bytes]]]:
    """A port that nobody may connect to: (port, the first bytes of whoever did, with an empty one for a bare connection)."""
    listener = socket.create_server((host, 0), backlog=64)
    hits: list[bytes] = []

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(0.5)
                try:
                    hits.append(connection.recv(1000))
                except OSError:
                    hits.append(b"")

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], hits
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def as_json(call: Call) -> dict[str, Any]:
    """The event of a call, unverified."""
    found: dict[str, Any] = json.loads(call.body)
    return found
