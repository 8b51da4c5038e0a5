"""The differential test: a body read by a thread from the socket and the same body read by the event loop end alike.

Two upload services on real sockets, one with each protocol, get the same bytes in the same pieces: sizes around every
boundary in the code, contents that almost end a form, forms with every kind of flaw.
"""

import hashlib
import json
import random
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from adapters.web.conftest import MOST_BYTES
from filemill.chassis.storage.local_store import SMALL_MOST_BYTES
from filemill.chassis.telemetry import metrics
from filemill.chassis.web.drain_protocol import DRAIN_ABOVE_BYTES, REST_ABOVE_BYTES
from filemill.chassis.web.socket_threads import BLOCK_BYTES
from filemill.upload.sniff import HEAD_BYTES
from support.web_server import Answer, WebServer, Wire

CASES = 100
LIMITS = (SMALL_MOST_BYTES, REST_ABOVE_BYTES, DRAIN_ABOVE_BYTES, HEAD_BYTES, BLOCK_BYTES, 1024 * 1024, MOST_BYTES)
STALL_S = 0.07
SAME = ("filename", "size", "content_type", "sha256", "status", "title", "tags", "code", "detail")


@dataclass(slots=True)
class Case:
    """One request, and its file if it is flawless."""

    head: bytes
    body: bytes
    pieces: list[int] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    sha256: str | None = None


def test_upload_when_read_by_a_thread_or_by_the_loop_then_the_result_is_the_same(
    services: dict[str, WebServer],
) -> None:
    """Random splits, sizes around every boundary, raw and multipart, well-formed and not."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    before = metrics.BODY_BYTES_DRAINED._value.get()
    statuses = set()
    for number in range(CASES):
        # The dice would leave out what is too large once in 150 runs.
        case = make_case(dice) if number else make_raw(dice, bytes(MOST_BYTES + 1))
        answers = {name: send(web, case) for name, web in services.items()}
        assert answers["thread"] == answers["loop"], f"seed {seed}, case {number}"
        status, facts = answers["thread"]
        statuses.add(status)
        if case.sha256 is not None:
            assert status in (201, 413), f"seed {seed}, case {number}: {facts}"
            assert status == 413 or facts["sha256"] == case.sha256, f"seed {seed}, case {number}"
    assert {201, 400, 413} <= statuses
    assert metrics.BODY_BYTES_DRAINED._value.get() - before > CASES * 100_000, "the threads read hardly anything"


def test_download_when_sent_by_file_or_by_the_loop_then_the_answer_is_the_same(services: dict[str, WebServer]) -> None:
    """Whole, parts, several parts, conditions and HEAD: the bytes, the status, and headers that keep them harmless."""
    content = random.Random(6).randbytes(1_900_000)
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    paths = {name: upload(web, content) for name, web in services.items()}
    table: list[tuple[str, dict[str, str], int, list[bytes]]] = [
        ("GET", {}, 200, [content]),
        ("GET", {"Range": "bytes=5-1800000"}, 206, [content[5:1_800_001]]),
        ("GET", {"Range": "bytes=-7"}, 206, [content[-7:]]),
        ("GET", {"Range": "bytes=10-19,1000000-1700000,-9"}, 206, [content[10:20], content[1_000_000:1_700_001], content[-9:]]),
        ("GET", {"Range": "bytes=0-9", "If-Range": etag}, 206, [content[:10]]),
        ("GET", {"Range": "bytes=0-9", "If-Range": f"W/{etag}"}, 200, [content]),
        ("GET", {"Range": "bytes=0-9", "If-Range": "Wed, 21 Oct 2026 07:28:00 GMT"}, 200, [content]),
        ("GET", {"Range": "bytes=" + ",".join(["0-"] * 500)}, 200, [content]),
        ("GET", {"Range": "bytes=1900000-"}, 416, []),
        ("GET", {"If-None-Match": f'"x", {etag}'}, 304, [b""]),
        ("HEAD", {"Range": "bytes=0-9"}, 200, [b""]),
    ]  # fmt: skip
    for method, headers, status, parts in table:
        answers = [ask(web, method, paths[name], headers) for name, web in services.items()]
        for answer in answers:
            assert answer.status == status, (method, headers)
            if status == 416:
                assert answer.headers["content-range"] == f"bytes */{len(content)}"
                continue
            assert answer.headers["etag"] == etag
            assert parts_of(answer) == parts, (method, headers)
            if status in (200, 206):
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert "sandbox" in answer.headers["content-security-policy"]
                assert answer.headers["content-disposition"].startswith("attachment")
        assert len({(answer.status, len(answer.body)) for answer in answers}) == 1


def upload(web: WebServer, content: bytes) -> str:
    """Where the bytes of a new file are."""
    with web.connect() as connection:
        head = f"PUT /files?filename=b.bin HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n"
        connection.sendall(head.encode() + content)
        return f"/files/{json.loads(Wire(connection).answer().body)['file_id']}/content"


def ask(web: WebServer, method: str, path: str, headers: dict[str, str]) -> Answer:
    """One request without a body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    with web.connect() as connection:
        connection.sendall("\r\n".join(lines).encode())
        return Wire(connection).answer(has_body=method != "HEAD")


def parts_of(answer: Answer) -> list[bytes]:
    """The body, or each of its parts; the heads of the parts are looked at."""
    kind = answer.headers.get("content-type", "")
    if not kind.startswith("multipart/byteranges"):
        return [answer.body]
    boundary = kind.partition("boundary=")[2].encode()
    first, *parts, last = answer.body.split(b"--" + boundary)
    assert (first, last) == (b"\r\n", b"--\r\n")
    bodies = []
    for part in parts:
        head, _, body = part.partition(b"\r\n\r\n")
        found = re.search(rb"Content-Range: bytes (\d+)-(\d+)/1900000", head)
        assert found
        assert int(found[2]) - int(found[1]) + 1 == len(body) - 2
        bodies.append(body[:-2])
    return bodies


def send(web: WebServer, case: Case) -> tuple[int, dict[str, Any]]:
    """The request in its pieces; what the answer says about the file or the problem."""
    with web.connect() as connection:
        data, at = case.head + case.body, 0
        for size, pause_s in zip(case.pieces, case.pauses, strict=True):
            connection.sendall(data[at : at + size])
            at += size
            time.sleep(pause_s)  # the client's pace is part of the case
        connection.sendall(data[at:])
        wire = Wire(connection)
        answer = wire.answer()
        connection.sendall(b"GET /limits HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert wire.answer().status == 200, "the connection can be used afterwards"
    said: dict[str, Any] = json.loads(answer.body)
    return answer.status, {name: said.get(name) for name in SAME}


def make_case(dice: random.Random) -> Case:
    """A request of either kind, cut somewhere."""
    content = make_content(dice)
    case = make_form(dice, content) if dice.random() < 0.6 else make_raw(dice, content)
    total = len(case.head) + len(case.body)
    cuts = sorted(dice.randint(0, total) for _ in range(dice.choice((0, 1, 2, 6))))
    case.pieces = [after - before for before, after in zip([0, *cuts], cuts, strict=False)]
    case.pauses = [STALL_S if dice.random() < 0.08 else dice.choice((0, 0.001)) for _ in case.pieces]
    return case


BOUNDARY = b"----bound4ry"
DELIMITER = re.compile(rb"\r\n--" + BOUNDARY + rb"(\r\n|--|[ \t])")


def make_content(dice: random.Random) -> bytes:
    size = dice.choice((0, 1, dice.randint(0, MOST_BYTES), *LIMITS, *LIMITS)) + dice.randint(-3, 3)
    if dice.random() < 0.5:
        return dice.randbytes(max(0, size))
    almost = (b"\r\n--" + BOUNDARY[:-1], b"\r\n--", b"--" + BOUNDARY, b"\r", b"\n", b"\r\n--" + BOUNDARY + b"x",
              b"\r\n--" + BOUNDARY + b"-x", b"\r\n--" + BOUNDARY + b"\rx", b"\r\n\r\n", dice.randbytes(90_000))  # fmt: skip
    parts: list[bytes] = []
    while sum(map(len, parts)) < size:
        parts.append(dice.choice(almost))
    return b"".join(parts)[: max(0, size)]


def make_raw(dice: random.Random, content: bytes) -> Case:
    head = b"PUT /files?filename=a%20b.bin HTTP/1.1\r\nHost: x\r\nContent-Length: " + str(len(content)).encode()
    return Case(head + b"\r\n\r\n", content, sha256=hashlib.sha256(content).hexdigest() if content else None)


def make_form(dice: random.Random, content: bytes) -> Case:
    def part(disposition: bytes, body: bytes) -> bytes:
        return b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data; " + disposition + b"\r\n\r\n" + body + b"\r\n"

    file = part(b'name="file"; filename="f\xc3\xa4.bin"', content)
    title = part(b'name="title"', b"a title \r\n\r\n with lines" * dice.choice((1, 5)))
    tags = part(b'name="tags"', b"a,b")
    end = b"--" + BOUNDARY + b"--\r\n"
    parts = dice.sample([file, title, tags], 3) if dice.random() < 0.7 else [file]
    flaw = dice.choice((None,) * 9 + ("no end", "cut", "second file", "epilogue", "no name", "junk", "long field"))
    whole = flaw in (None, "epilogue")
    if flaw == "second file":
        parts.append(file[:2000] + b"\r\n")
    if flaw == "no name":
        parts.append(part(b'filename="x"', b"x"))
    if flaw == "long field":
        parts.append(part(b'name="more"', bytes(300_000)))
    body = b"".join(parts) + (b"" if flaw == "no end" else end)
    if flaw == "epilogue":
        body += dice.randbytes(dice.choice((10, 400_000)))
    if flaw == "junk":
        at = dice.randint(0, len(body))
        body = body[:at] + dice.randbytes(5) + body[at:]
    if flaw == "cut":
        body = body[: dice.randint(0, len(body))]
    head = b"POST /files HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=" + BOUNDARY
    head += b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n"
    is_file = whole and content and not DELIMITER.search(b"\r\n" + content)
    return Case(head, body, sha256=hashlib.sha256(content).hexdigest() if is_file else None)
