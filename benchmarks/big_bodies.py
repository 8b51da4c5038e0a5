"""What the benchmarks of large bodies share: the places, the clients, and a race of servers with the same bytes.

`FILEMILL_DEDUPE=off`: each round stores its bytes, though they are the same. What was stored is hashed, then deleted.
"""

import hashlib
import json
import os
import random
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import http_client
import processes

BLOCK_BYTES = 16 * 1024 * 1024
TMPFS = Path("/dev/shm")
BOUNDARY = b"----filemillbench"


@contextmanager
def tmpfs_folder(room_bytes: int) -> Iterator[tuple[Path, str]]:
    """(a folder on tmpfs, "tmpfs") where there is room, else one on the disk of the temporary folder."""
    on_tmpfs = TMPFS.is_dir() and shutil.disk_usage(TMPFS).free > room_bytes
    with tempfile.TemporaryDirectory(dir=TMPFS if on_tmpfs else None) as folder:
        yield Path(folder), "tmpfs" if on_tmpfs else "disk"


@dataclass(frozen=True)
class Bodies:
    """So many bodies at once, each of so many blocks of random bytes."""

    blocks: int
    parallel: int = 1
    block: bytes = field(default_factory=lambda: os.urandom(BLOCK_BYTES), repr=False)

    @property
    def size(self) -> int:
        return self.blocks * BLOCK_BYTES

    @property
    def total(self) -> int:
        return self.size * self.parallel

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for _ in range(self.blocks):
            digest.update(self.block)
        return digest.hexdigest()

    def put(self, port: int, path: str) -> float:
        """Raw bodies to `path` with a number; returns the seconds until the last 201."""
        return self._send(port, lambda n: (f"PUT {path.format(n)} HTTP/1.1\r\n", b"", b""))

    def post(self, port: int, path: str = "/files") -> float:
        """The same as forms."""
        head = (
            b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n"
        )
        kind = f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n"
        return self._send(port, lambda _: (f"POST {path} HTTP/1.1\r\n{kind}", head, b"\r\n--" + BOUNDARY + b"--\r\n"))

    def _send(self, port: int, request: Callable[[int], tuple[str, bytes, bytes]]) -> float:
        failures: list[BaseException] = []
        connections = [http_client.Connection(port) for _ in range(self.parallel)]

        def one(number: int) -> None:
            try:
                first, before, after = request(number)
                length = self.size + len(before) + len(after)
                head = f"{first}Host: localhost\r\nContent-Length: {length}\r\n\r\n".encode()
                answer = connections[number].call(head + before, *[self.block] * self.blocks, after)
                if answer.status != 201:
                    raise RuntimeError(f"answered {answer.status}: {answer.body[:300]!r}")
            except BaseException as error:  # noqa: BLE001 - raised below, in the thread that waits
                failures.append(error)

        threads = [threading.Thread(target=one, args=(number,)) for number in range(self.parallel)]
        began_s = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took_s = time.perf_counter() - began_s
        for connection in connections:
            connection.close()
        if failures:
            raise failures[0]
        return took_s


@dataclass(frozen=True)
class Side:
    """One server in a race: does a round and returns its seconds; `stored` is where its files lie."""

    server: processes.Server
    run: Callable[[], float]
    stored: Path | None = None


@dataclass(frozen=True)
class Figures:
    """Medians of a side."""

    mb_per_s: float
    cpu_s_per_gb: float


def race(sides: Mapping[str, Side], size: int, rounds: int, sha256: str | None = None) -> dict[str, Figures]:
    """So many rounds in shuffled order; after each the stored files are hashed and deleted."""
    rates: dict[str, list[float]] = {name: [] for name in sides}
    cpu_s: dict[str, list[float]] = {name: [] for name in sides}
    processes.be_the_client()
    try:
        for _ in range(rounds):
            for name in random.sample(list(sides), len(sides)):
                side = sides[name]
                os.sync()  # nobody pays for the other's unwritten pages
                before_s = side.server.cpu_s()
                rates[name].append(size / 1e6 / side.run())
                cpu_s[name].append((side.server.cpu_s() - before_s) / (size / 1e9))
                if side.stored is not None:
                    check_and_forget(side.stored, sha256)
    finally:
        processes.be_nobody()
    return {name: Figures(statistics.median(rates[name]), statistics.median(cpu_s[name])) for name in sides}


def check_and_forget(folder: Path, sha256: str | None) -> None:
    """What lies there is what was sent; then it is deleted."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    if not found:
        raise RuntimeError(f"nothing was stored in {folder}")
    for path in found:
        with path.open("rb") as file:
            if sha256 is not None and hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise RuntimeError(f"{path}: what is stored is not what was sent")
        path.unlink()


def row(
    id_: str, work: str, figures: Mapping[str, Figures], anchor: str, anchor_is: str, goal: float
) -> dict[str, object]:
    """A line of the table: `ours` beside one anchor."""
    mine, theirs = figures["ours"], figures[anchor]
    ratio = mine.mb_per_s / theirs.mb_per_s
    return {
        "id": id_, "work": work, "anchor_is": anchor_is,
        "ours": round(mine.mb_per_s), "anchor": round(theirs.mb_per_s), "ratio": round(ratio, 2), "unit": "MB/s",
        "goal": f"ratio >= {goal}", "met": ratio >= goal,
        "cpu_s_per_gb": round(mine.cpu_s_per_gb, 2), "anchor_cpu_s_per_gb": round(theirs.cpu_s_per_gb, 2),
    }  # fmt: skip


def upload_file(port: int, body: bytes) -> str:
    """Upload one file to filemill; returns the path of its content."""
    connection = http_client.Connection(port)
    head = f"PUT /files?filename=big.bin HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = connection.call(head.encode(), body)
    connection.close()
    if answer.status != 201:
        raise RuntimeError(f"the upload was answered {answer.status}: {answer.body[:300]!r}")
    return f"/files/{json.loads(answer.body)['file_id']}/content"
