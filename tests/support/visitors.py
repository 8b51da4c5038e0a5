"""Whoever uses an installation while it is rolled: each request is made once, never again, and counted by what came of it."""

import hashlib
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import orjson

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}
MET = 200, 201, 204


@dataclass
class Visitors:
    """Threads at one edge. `kept`: file id -> SHA-256 of what was sent; `failed`: what a client would have seen as an error."""

    url: str
    key: str
    pace_s: float = 0.3
    kept: dict[str, str] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    heard: list[tuple[int, str]] = field(default_factory=list)  # place and file of each file.uploaded of the stream
    streams_opened: int = 0
    _enough: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin all kinds of work."""
        works: list[Callable[[httpx.Client], Iterator[None]]] = [
            self._form, self._slow_body, self._tus, self._read, self._search, self._ask,
        ]  # fmt: skip
        targets = [*(lambda work=work: self._repeat(work) for work in works), self._listen]
        self._threads = [threading.Thread(target=target, daemon=True) for target in targets]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let what is under way end. The stream is given up by `hear_all`."""
        self._enough.set()
        for thread in self._threads[:-1]:
            thread.join(120)

    def end(self) -> None:
        """Wait for the stream, too."""
        self._threads[-1].join(60)

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=60)

    def _repeat(self, work: Callable[[httpx.Client], Iterator[None]]) -> None:
        with self._client() as client:
            steps = work(client)
            while not self._enough.wait(self.pace_s):
                try:
                    next(steps)
                except Exception as error:
                    self.failed.append(f"{work.__name__}: {type(error).__name__}: {error}")
                    steps = work(client)

    def _met(self, answer: httpx.Response, what: str) -> httpx.Response:
        if answer.status_code not in MET:
            raise AssertionError(f"{what}: {answer.status_code} {answer.text[:300]}")
        self.done[what] += 1
        return answer

    def _keep(self, file_id: str, content: bytes, said: str) -> None:
        sha256 = hashlib.sha256(content).hexdigest()
        assert said == sha256, "other bytes than were sent"
        assert file_id not in self.kept, "an id twice"
        self.kept[file_id] = sha256

    # --- the kinds ---

    def _form(self, client: httpx.Client) -> Iterator[None]:
        for _ in itertools.count():
            content = f"A quokka called {uuid4()}.".encode()
            made = self._met(client.post("/api/upload/files", files={"file": ("q.txt", content)}), "form").json()
            self._keep(made["file_id"], content, made["sha256"])
            yield

    def _slow_body(self, client: httpx.Client) -> Iterator[None]:
        """A body that takes its time: it is on its way when the instance is told to stop."""
        for _ in itertools.count():
            pieces = [f"{uuid4()} ".encode() * 500 for _ in range(20)]

            def body(pieces: list[bytes] = pieces) -> Iterator[bytes]:
                for piece in pieces:
                    self._enough.wait(0.05)
                    yield piece

            size = {"Content-Length": str(sum(map(len, pieces)))}
            made = self._met(client.put("/api/upload/files?filename=s.txt", content=body(), headers=size), "slow body")
            self._keep(made.json()["file_id"], b"".join(pieces), made.json()["sha256"])
            yield

    def _tus(self, client: httpx.Client) -> Iterator[None]:
        """Each request may meet another instance."""
        for _ in itertools.count():
            content = f"{uuid4()} ".encode() * 3000
            half = len(content) // 2
            made = self._met(client.post("/api/upload/tus/", headers=TUS | {"Upload-Length": str(len(content))}), "tus")
            place = made.headers["location"]
            self._met(client.patch(place, headers=PIECE | {"Upload-Offset": "0"}, content=content[:half]), "tus")
            yield
            assert self._met(client.head(place, headers=TUS), "tus").headers["upload-offset"] == str(half)
            last = client.patch(place, headers=PIECE | {"Upload-Offset": str(half)}, content=content[half:])
            file_id = self._met(last, "tus").headers["filemill-file"].rpartition("/")[2]
            known = self._met(client.get(f"/api/upload/files/{file_id}"), "read").json()
            self._keep(file_id, content, known["sha256"])
            yield

    def _read(self, client: httpx.Client) -> Iterator[None]:
        """Of the catalogue only what it has: for a newer file it asks upload and says 503 after half a second of silence.

        That is its stated answer on a machine with too few cores, and no matter of restarts.
        """
        for _ in itertools.count():
            for file_id, sha256 in list(self.kept.items())[-1:]:
                content = self._met(client.get(f"/api/upload/files/{file_id}/content"), "read").content
                assert hashlib.sha256(content).hexdigest() == sha256, "other bytes than were kept"
            known = self._met(client.get("/api/metadata/files", params={"limit": 1}), "catalogue").json()["items"]
            for file_id in [one["file_id"] for one in known]:
                assert self._met(client.get(f"/api/metadata/files/{file_id}"), "read").json()["file_id"] == file_id
            self._met(client.get("/api/upload/files", params={"limit": 5}), "read")
            yield

    def _search(self, client: httpx.Client) -> Iterator[None]:
        for _ in itertools.count():
            self._met(client.get("/api/metadata/files", params={"q": "quokka", "limit": 5}), "search")
            yield

    def _ask(self, client: httpx.Client) -> Iterator[None]:
        for _ in itertools.count():
            for path in ("/api/session", "/api/processing/jobs", "/api/ai/models", "/api/notifications/webhooks"):
                self._met(client.get(path), path)
            yield

    def _listen(self) -> None:
        """One live stream; each time it ends it is opened again at its place, as a browser does."""
        place, wait_s = "0", 0.0
        with self._client() as client:
            while not (self._enough.is_set() and set(self.kept) <= {file_id for _, file_id in self.heard}):
                threading.Event().wait(wait_s)
                try:
                    with client.stream("GET", "/api/notifications/events?types=file.uploaded", timeout=30,
                                       headers={"Last-Event-ID": place}) as answer:  # fmt: skip
                        if answer.status_code != 200:
                            self.failed.append(f"stream: {answer.status_code} {answer.read()[:200]!r}")
                            continue
                        self.streams_opened += 1
                        for line in answer.iter_lines():
                            if line.startswith("id: "):
                                place = line[4:]
                            elif line.startswith("retry: "):
                                wait_s = int(line[7:]) / 1000
                            elif line.startswith("data: "):
                                self.heard.append((int(place), orjson.loads(line[6:])["subject"]))
                            if self._enough.is_set() and set(self.kept) <= {file_id for _, file_id in self.heard}:
                                return
                except httpx.HTTPError as error:
                    self.failed.append(f"stream: {type(error).__name__}: {error}")
                    if self._enough.is_set():
                        return
