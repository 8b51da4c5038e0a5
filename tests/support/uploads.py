"""Clients that behave: each upload has an `Idempotency-Key` and is sent again until it is answered, as a good client does."""

import hashlib
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import httpx

GIVE_UP_S = 240.0  # a claim of a holder that was killed on another instance lasts 30 s, and there may be several
AGAIN_STATUSES = frozenset({409, 429, 500, 502, 503, 504})
LOCKED = 423


@dataclass(frozen=True, slots=True)
class Upload:
    """One file that somebody wants to be kept. `word` is in its text and in no other's."""

    key: str
    filename: str
    body: bytes
    word: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


def make_uploads(count: int, dice: random.Random) -> list[Upload]:
    """Small texts, each eighth beyond the store's limit for small bodies, now and then a table or a broken PDF."""
    return [make_upload(at, dice) for at in range(count)]


def make_upload(at: int, dice: random.Random) -> Upload:
    """One of them."""
    word = f"quokka{at:05d}{dice.getrandbits(32):08x}"
    line = f"Line of file {at} about {word} in Berlin. ".encode()
    if at % 8 == 3:
        body = line * (dice.randint(66_000, 160_000) // len(line))
        return Upload(f"key-{at}", f"large-{at}.txt", body, word)
    if at % 40 == 7:
        return Upload(f"key-{at}", f"broken-{at}.pdf", b"%PDF-1.7\n" + line * 3, word)
    if at % 20 == 9:
        return Upload(f"key-{at}", f"table-{at}.csv", b"name,value\n" + f"{word},{at}\n".encode() * 5, word)
    return Upload(f"key-{at}", f"small-{at}.txt", line * dice.randint(1, 60), word)


class Pace:
    """Lets an upload go every so often, for ever."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._lock = threading.Lock()
        self._due_s = time.monotonic()

    def __call__(self) -> None:
        with self._lock:
            self._due_s = max(self._due_s + self._every_s, time.monotonic())
            pause_s = self._due_s - time.monotonic()
        time.sleep(max(0.0, pause_s))


@dataclass(slots=True)
class Clients:
    """Sends uploads from several threads, each try to another instance; `acknowledged` is what the mill has promised."""

    urls: list[str]
    threads: int = 8
    acknowledged: dict[str, str] = field(default_factory=dict)
    gave_up: list[str] = field(default_factory=list)
    again: frozenset[int] = AGAIN_STATUSES
    """What is answered by sending again."""
    final: frozenset[int] = frozenset()
    """Refusals that are as good as a 201 (a file that is none): noted in `refused`, and not sent again."""
    refused: dict[str, int] = field(default_factory=dict)
    give_up_s: float = GIVE_UP_S
    retries: int = 0
    in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _running: list[threading.Thread] = field(default_factory=list)
    _turns: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self._turns = itertools.cycle(self.urls)

    def start(self, uploads: Iterable[Upload], pace: Callable[[], object] = lambda: None) -> None:
        """Begin; `pace` is called before each upload and may hold it back."""
        waiting = iter(uploads)
        self._running = [
            threading.Thread(target=self._work, args=(waiting, pace), name=f"client-{at}", daemon=True)
            for at in range(self.threads)
        ]
        for thread in self._running:
            thread.start()

    def busy(self) -> bool:
        """Whether somebody is still sending."""
        return any(thread.is_alive() for thread in self._running)

    def wait(self) -> None:
        """Until every upload was acknowledged or given up."""
        for thread in self._running:
            thread.join()

    def _work(self, waiting: "Iterable[Upload]", pace: Callable[[], object]) -> None:
        with httpx.Client(timeout=20.0) as client:
            while True:
                with self._lock:
                    upload = next(iter(waiting), None)
                if upload is None:
                    return
                pace()
                self._send(client, upload)

    def _send(self, client: httpx.Client, upload: Upload) -> None:
        until_s = time.monotonic() + self.give_up_s
        pause_s = 0.05
        while time.monotonic() < until_s:
            file_id = self._try(client, upload)
            if file_id is not None:
                with self._lock:
                    self.acknowledged[upload.key] = file_id
                return
            if upload.key in self.refused:
                return
            with self._lock:
                self.retries += 1
            time.sleep(random.uniform(pause_s / 2, pause_s))
            pause_s = min(pause_s * 2, 1.0)
        with self._lock:
            self.gave_up.append(upload.key)

    def _try(self, client: httpx.Client, upload: Upload) -> str | None:
        """One go, counted. The id if it was acknowledged; None if another try is due, as after a connection that broke."""
        with self._lock:
            self.in_flight += 1
        try:
            return self._go_on(client, upload)
        except httpx.TransportError:
            return None
        finally:
            with self._lock:
                self.in_flight -= 1

    def _go_on(self, client: httpx.Client, upload: Upload) -> str | None:
        """What one go is; other ways to upload have another."""
        answer = client.post(
            f"{next(self._turns)}/api/upload/files",
            files={"file": (upload.filename, upload.body)},
            headers={"Idempotency-Key": upload.key},
        )
        if answer.status_code == 201:
            file_id: str = answer.json()["file_id"]
            return file_id
        if answer.status_code in self.final:
            self.refused[upload.key] = answer.status_code
            return None
        assert answer.status_code in self.again, f"{answer.status_code}: {answer.text}"
        assert answer.status_code != 503 or "retry-after" in answer.headers, answer.text
        return None

    def _fine(self, answer: httpx.Response) -> bool:
        """Whether one of several requests went well; if not, it may be sent again (423: one of before is still at work)."""
        if answer.is_success:
            return True
        said = f"{answer.request.method}: {answer.status_code} {answer.text}"
        assert answer.status_code in self.again | {LOCKED}, said
        return False
