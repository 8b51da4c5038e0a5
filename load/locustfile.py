"""The crowd: Locust users who upload, list, read and search, each file unique, and a count at the end of what became of each.

    locust -f load/locustfile.py --headless --users 10 --run-time 1m --host http://localhost:8080
    locust -f load/locustfile.py --headless --users 10 --run-time 1m --host http://localhost:8000   (upload alone)

`FILEMILL_KEY` is shown where credentials are asked for; limits per caller (`FILEMILL_RATE_PER_S`) then count for the crowd.
Needs Locust only, so that it runs in Locust's own image. `filemill load` starts it with thresholds and writes a report.
When the time is over every file that was accepted is looked for until it is processed, or `--settle` seconds are over.
On failure: a request that is not answered as it should is a failure; a file that was accepted and is not found is a loss.
"""

import json
import os
import random
import struct
import time
import urllib.error
import urllib.request
import uuid
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

from locust import FastHttpUser, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import WorkerRunner

KIB = 1024
SIZES = {"small": (1 * KIB, 20 * KIB), "medium": (100 * KIB, 500 * KIB), "large": (2048 * KIB, 8192 * KIB)}
"""Bytes, from and to."""
ENDED = frozenset({"processed", "failed", "quarantined"})
PAGE = 500
LOOK_EVERY_S = 1.0
KEY = os.environ.get("FILEMILL_KEY", "")
HEADERS = {"Authorization": f"Bearer {KEY}"} if KEY else {}


class Accepted:
    """Every file that an answer has promised: id -> bytes. One for the whole process."""

    def __init__(self) -> None:
        self.files: dict[str, int] = {}
        self.sent_bytes = 0
        self.answered_twice = 0
        self.statuses: Counter[str] = Counter()
        self.prefix = "/api/upload"
        self.has_search = True


ACCEPTED = Accepted()


@events.init_command_line_parser.add_listener
def _options(parser: LocustArgumentParser) -> None:
    group = parser.add_argument_group("filemill")
    group.add_argument("--mix-sizes", default="small=70,medium=25,large=5", help="sizes of files and their shares")
    group.add_argument("--mix-types", default="text=50,csv=20,png=20,pdf=10", help="kinds of files and their shares")
    group.add_argument("--think", default="0.5-2", help="seconds between two calls of a user, from-to")
    group.add_argument("--most-bytes", type=int, default=1024**3, help="no more uploads after so many bytes")
    group.add_argument("--settle", type=float, default=120.0, help="seconds to wait for what was accepted")
    group.add_argument("--outcome", default="", help="file for what became of every file, as JSON")


def _shares(text: str, known: tuple[str, ...]) -> tuple[list[str], list[float]]:
    pairs = [part.partition("=") for part in text.split(",")]
    wrong = [name for name, _, share in pairs if name not in known or not share.replace(".", "", 1).isdigit()]
    if wrong:
        raise SystemExit(f"error: {wrong[0]!r} in {text!r}: write {'=N,'.join(known)}=N")
    return [name for name, _, _ in pairs], [float(share) for _, _, share in pairs]


def _think(text: str) -> tuple[float, float]:
    low, _, high = text.partition("-")
    try:
        return float(low), float(high or low)
    except ValueError:
        raise SystemExit(f"error: {text!r}: write seconds from-to, as 0.5-2") from None


class Visitor(FastHttpUser):
    """One user. Its files are its own and no two are alike."""

    default_headers = HEADERS
    connection_timeout, network_timeout = 10.0, 60.0

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        chosen = environment.parsed_options
        assert chosen is not None
        self._think = _think(chosen.think)
        self._sizes = _shares(chosen.mix_sizes, tuple(SIZES))
        self._types = _shares(chosen.mix_types, tuple(MAKERS))
        self._most_bytes: int = chosen.most_bytes
        self._mine: list[str] = []

    def wait_time(self) -> float:  # type: ignore[override]
        """Seconds until the next call."""
        return random.uniform(*self._think)

    @task(5)
    def upload(self) -> None:
        """A form with one file."""
        if ACCEPTED.sent_bytes >= self._most_bytes:
            return
        size = random.randint(*SIZES[random.choices(*self._sizes)[0]])
        kind = random.choices(*self._types)[0]
        mark = str(uuid.uuid4())
        content, boundary = MAKERS[kind](mark, size), uuid.uuid4().hex
        ACCEPTED.sent_bytes += len(content)
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{mark}.{ENDINGS[kind]}"\r\n\r\n'.encode()
            + content
            + f"\r\n--{boundary}--\r\n".encode()
        )
        with self.client.post(
            f"{ACCEPTED.prefix}/files", data=body, name="upload", catch_response=True,
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
        ) as answer:  # fmt: skip
            if answer.status_code != 201:
                answer.failure(f"{answer.status_code} {_code(answer)}")
                return
            file_id = answer.json()["file_id"]
            ACCEPTED.answered_twice += file_id in ACCEPTED.files
            ACCEPTED.files[file_id] = len(content)
            self._mine.append(file_id)

    @task(2)
    def list_files(self) -> None:
        """The newest ones."""
        self._get(f"{ACCEPTED.prefix}/files?limit=20", "list")

    @task(2)
    def read(self) -> None:
        """One of its own, whole."""
        if self._mine:
            self._get(f"{ACCEPTED.prefix}/files/{random.choice(self._mine)}/content", "read")

    @task(1)
    def search(self) -> None:
        """Only where there is a gateway: upload itself finds nothing."""
        if ACCEPTED.has_search:
            self._get("/api/metadata/files?q=harbour&limit=10", "search")

    def _get(self, path: str, name: str) -> None:
        with self.client.get(path, name=name, catch_response=True) as answer:
            if answer.status_code != 200:
                answer.failure(f"{answer.status_code} {_code(answer)}")


def _code(answer: Any) -> str:
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return "without a code"


# --- what is sent: valid files of the size that was asked for, made without any library ---


def _text(mark: str, size: int) -> bytes:
    line = f"{mark}: the harbour was quiet, and three boats lay at the pier.\n".encode()
    return line * max(1, size // len(line))


def _csv(mark: str, size: int) -> bytes:
    rows = b"".join(b"%d,%d,harbour\n" % (at, at * at) for at in range(max(1, size // 24)))
    return f"number,square,{mark}\n".encode() + rows


def _png(mark: str, size: int) -> bytes:
    """Noise in three colours: about as many bytes as asked for, since noise does not pack."""
    side = max(8, int((size / 3) ** 0.5))
    rows = b"".join(b"\0" + random.randbytes(side * 3) for _ in range(side))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = (
        (b"IHDR", head),
        (b"tEXt", b"Comment\0" + mark.encode()),
        (b"IDAT", zlib.compress(rows, 1)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def _pdf(mark: str, size: int) -> bytes:
    """One page of text; what is missing to the size is a stream that no page shows."""
    words = f"BT /F1 12 Tf 50 700 Td (The harbour, {mark}) Tj ET".encode()
    filler = random.randbytes(max(0, size - 900))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(words), words),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(filler), filler),
    ]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        count, table, count, len(out),
    )  # fmt: skip


MAKERS = {"text": _text, "csv": _csv, "png": _png, "pdf": _pdf}
ENDINGS = {"text": "txt", "csv": "csv", "png": "png", "pdf": "pdf"}


# --- before and after ---


@events.test_start.add_listener
def _look_who_answers(environment: Environment, **_: Any) -> None:
    """A service of filemill says who it is; behind a gateway upload has a prefix, alone it has none.

    First what was asked for: a wrong share is wrong whoever answers.
    """
    chosen = environment.parsed_options
    assert chosen is not None
    _shares(chosen.mix_sizes, tuple(SIZES))
    _shares(chosen.mix_types, tuple(MAKERS))
    _think(chosen.think)
    said = _ask(environment, "/health")
    if said.get("service") == "upload":
        ACCEPTED.prefix, ACCEPTED.has_search = "", False
    elif said.get("service") != "gateway":
        raise SystemExit(f"error: {environment.host} is neither a gateway of filemill nor its upload service")


@events.test_stop.add_listener
def _settle(environment: Environment, **_: Any) -> None:
    """Look for everything that was accepted, until all of it has ended or the time is over; then say what became of it."""
    chosen = environment.parsed_options
    if chosen is None or isinstance(environment.runner, WorkerRunner):
        return
    until_s = time.monotonic() + chosen.settle
    waiting, found = set(ACCEPTED.files), {}
    began_s = time.monotonic()
    while True:
        for file_id, status in _statuses(environment, waiting):
            found[file_id] = status
            if status in ENDED:
                waiting.discard(file_id)
        if not waiting or time.monotonic() > until_s:
            break
        time.sleep(LOOK_EVERY_S)
    ACCEPTED.statuses = Counter(found.values())
    outcome = {
        "accepted": len(ACCEPTED.files),
        "accepted_bytes": sum(ACCEPTED.files.values()),
        "answered_twice": ACCEPTED.answered_twice,
        "by_status": dict(ACCEPTED.statuses),
        "lost": sorted(set(ACCEPTED.files) - found.keys())[:100],
        "lost_count": len(set(ACCEPTED.files) - found.keys()),
        "unfinished": len(waiting & found.keys()),
        "settled_s": round(time.monotonic() - began_s, 1),
    }
    print("what became of what was accepted:", json.dumps(outcome), flush=True)
    if chosen.outcome:
        Path(chosen.outcome).write_text(json.dumps(outcome), encoding="utf-8")
    if outcome["lost_count"] or outcome["unfinished"] or outcome["answered_twice"]:
        environment.process_exit_code = 1


def _statuses(environment: Environment, wanted: set[str]) -> list[tuple[str, str]]:
    """The status of each, out of the caller's list, newest first, a page at a time; those it does not show are not there."""
    left, cursor, found = set(wanted), "", []
    while left:
        page = _ask(environment, f"{ACCEPTED.prefix}/files?limit={PAGE}{cursor}")
        for one in page.get("items", ()):
            if one["file_id"] in left:
                left.discard(one["file_id"])
                found.append((one["file_id"], one["status"]))
        if not page.get("next_cursor"):
            break
        cursor = f"&cursor={page['next_cursor']}"
    return found


def _ask(environment: Environment, path: str) -> dict[str, Any]:
    """One answer as JSON; empty if there is none: whoever asks again, asks again."""
    request = urllib.request.Request(f"{environment.host}{path}", headers=HEADERS)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            said = json.loads(answer.read())
    except (urllib.error.URLError, TimeoutError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
