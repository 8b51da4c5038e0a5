"""The differential test of resumable uploads: requests read by a thread and by the event loop leave the same offsets.

Bodies of every length in random pieces, with a checksum or a wrong one, longer than what was said, broken off anywhere.
"""

import base64
import hashlib
import json
import random
import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from adapters.web.conftest import MOST_BYTES
from filemill.chassis.telemetry import metrics
from filemill.chassis.web.drain_protocol import DRAIN_ABOVE_BYTES
from filemill.chassis.web.socket_threads import BLOCK_BYTES
from support.mill import wait_for
from support.web_server import WebServer, Wire

UPLOADS = 30
LENGTHS = (1, DRAIN_ABOVE_BYTES, BLOCK_BYTES, 2 * BLOCK_BYTES, MOST_BYTES - 3)
FLAWS = ("broken", "too long", "wrong checksum")
TUS = "Tus-Resumable: 1.0.0"


@dataclass(frozen=True, slots=True)
class Patch:
    """One request: what its head says, what is sent of its body and in which pieces."""

    offset: int
    body: bytes
    checksum: str | None
    sent: int
    cuts: tuple[int, ...]


def test_patch_when_read_by_a_thread_or_by_the_loop_then_the_offsets_are_the_same(
    services: dict[str, WebServer],
) -> None:
    """Whether a request ended, was refused or broke off; never more than was sent, and the file is whole."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    before = metrics.BODY_BYTES_DRAINED._value.get()
    statuses: set[int | None] = set()
    sure = list(FLAWS)  # each once for certain: the dice would leave one out now and then
    for number in range(UPLOADS):
        content = dice.randbytes(max(1, dice.choice(LENGTHS) + dice.randint(-3, 3)))
        places = {name: create(web, len(content)) for name, web in services.items()}
        offset = 0
        while offset < len(content):
            patch = make_patch(dice, content, offset, sure.pop() if sure else dice.choice((None, None, *FLAWS)))
            answers = {name: send(web, places[name], patch) for name, web in services.items()}
            assert answers["thread"] == answers["loop"], f"seed {seed}, upload {number}: {answers}"
            statuses.add(answers["thread"])
            if answers["thread"] is None:
                for name, web in services.items():
                    go_on(web, places[name], content, patch)
                break
            offset += len(patch.body) if answers["thread"] == 204 else 0
            assert {told(web, places[name]) for name, web in services.items()} == {offset}, f"seed {seed}"
        digest = hashlib.sha256(content).hexdigest()
        assert {sha256_of(web, places[name]) for name, web in services.items()} == {digest}, f"seed {seed}"
    assert statuses == {204, 413, 460, None}
    assert metrics.BODY_BYTES_DRAINED._value.get() - before > UPLOADS * 50_000, "the threads read hardly anything"


def make_patch(dice: random.Random, content: bytes, offset: int, flaw: str | None) -> Patch:
    left = content[offset:]
    body = left if dice.random() < 0.5 else left[: dice.randint(1, len(left))]
    if flaw == "too long":
        body = left + bytes(dice.choice((1, 200_000)))
    checksum = None
    if flaw == "wrong checksum" or dice.random() < 0.3:
        digest = hashlib.sha1(body + b"!" * (flaw == "wrong checksum"), usedforsecurity=False).digest()
        checksum = f"sha1 {base64.b64encode(digest).decode()}"
    sent = dice.randint(0, len(body) - 1) if flaw == "broken" else len(body)
    return Patch(
        offset, body, checksum, sent, tuple(sorted(dice.randint(0, sent) for _ in range(dice.choice((0, 1, 3)))))
    )


def go_on(web: WebServer, place: str, content: bytes, broken: Patch) -> None:
    """Ask how far it is and send the rest, as a client does after a broken request."""

    def ended() -> bool:
        offset = told(web, place)
        most = broken.offset if broken.checksum else broken.offset + broken.sent  # all or nothing
        assert broken.offset <= offset <= most
        return send(web, place, Patch(offset, content[offset:], None, len(content) - offset, ())) == 204

    wait_for(ended, "the rest to be taken")


def create(web: WebServer, length: int) -> str:
    head = f"POST /tus/ HTTP/1.1\r\nHost: x\r\n{TUS}\r\nUpload-Length: {length}\r\nContent-Length: 0\r\n\r\n"
    with web.connect() as connection:
        connection.sendall(head.encode())
        return urlsplit(Wire(connection).answer().headers["location"]).path


def send(web: WebServer, place: str, patch: Patch) -> int | None:
    """The status; None where the request was broken off."""
    lines = [f"PATCH {place} HTTP/1.1", "Host: x", TUS, "Content-Type: application/offset+octet-stream",
             f"Upload-Offset: {patch.offset}", f"Content-Length: {len(patch.body)}"]  # fmt: skip
    if patch.checksum is not None:
        lines.append(f"Upload-Checksum: {patch.checksum}")
    with web.connect() as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        for start, end in zip((0, *patch.cuts), (*patch.cuts, patch.sent), strict=True):
            connection.sendall(patch.body[start:end])
            time.sleep(0.001)  # the client's pace is part of the case
        return None if patch.sent < len(patch.body) else Wire(connection).answer().status


def told(web: WebServer, place: str) -> int:
    with web.connect() as connection:
        connection.sendall(f"HEAD {place} HTTP/1.1\r\nHost: x\r\n{TUS}\r\n\r\n".encode())
        return int(Wire(connection).answer(has_body=False).headers["upload-offset"])


def sha256_of(web: WebServer, place: str) -> str:
    """Of the file that an upload has become."""
    with web.connect() as connection:
        connection.sendall(f"HEAD {place} HTTP/1.1\r\nHost: x\r\n{TUS}\r\n\r\n".encode())
        file = Wire(connection).answer(has_body=False).headers["filemill-file"].rpartition("/")[2]
        connection.sendall(f"GET /files/{file} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return str(json.loads(Wire(connection).answer().body)["sha256"])
