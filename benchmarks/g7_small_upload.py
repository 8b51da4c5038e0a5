"""G7: a 10 KB upload on one connection. Ours: SHA-256, type check, bytes, row and event on disk before the 201.
Anchor: FastAPI `UploadFile` copied to a folder on the same disk, nothing synced. The same multipart requests for both.
"""

import hashlib
import json
import os
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import http_client
import processes

ROUNDS = 7
UPLOADS_PER_ROUND = 200
WARM_UP = 50
BODY_BYTES = 10_000
BOUNDARY = b"filemill-benchmark-boundary"
GOAL = 0.8
SETTLE_S = 0.4
"""After a round: our relay publishes what is left, inside our CPU figure and outside the anchor's round."""


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        return _measure(Path(folder))


def _measure(folder: Path) -> list[dict[str, Any]]:
    anchor_folder = folder / "anchor"
    anchor_folder.mkdir()
    ours_command = processes.filemill("upload", folder / "ours")
    anchor_command = processes.anchor_app("upload_file_app", ANCHOR_FOLDER=str(anchor_folder))
    with processes.running(*ours_command) as ours, processes.running(*anchor_command) as anchor:
        processes.be_the_client()
        sides = {
            "ours": (ours, http_client.Connection(ours.port)),
            "anchor": (anchor, http_client.Connection(anchor.port)),
        }
        for _, connection in sides.values():
            _round(connection, WARM_UP)
        p50_ms: dict[str, list[float]] = {"ours": [], "anchor": []}
        p99_ms: dict[str, list[float]] = {"ours": [], "anchor": []}
        cpu_us: dict[str, list[float]] = {"ours": [], "anchor": []}
        for _ in range(ROUNDS):
            for side in random.sample(list(sides), 2):
                server, connection = sides[side]
                before_s = server.cpu_s()
                times_ms = _round(connection, UPLOADS_PER_ROUND)
                time.sleep(SETTLE_S)
                cpu_us[side].append((server.cpu_s() - before_s) / UPLOADS_PER_ROUND * 1e6)
                p50_ms[side].append(statistics.median(times_ms))
                p99_ms[side].append(sorted(times_ms)[int(len(times_ms) * 0.99)])
        _read_back(sides["ours"][1], anchor_folder)
        for _, connection in sides.values():
            connection.close()
        processes.be_nobody()
    mine, theirs = statistics.median(p50_ms["ours"]), statistics.median(p50_ms["anchor"])
    return [
        {
            "id": "G7",
            "work": "10 KB form upload, 1 connection, durable at the 201: p50",
            "anchor_is": "FastAPI UploadFile, same disk, nothing durable",
            "ours": round(mine, 3),
            "anchor": round(theirs, 3),
            "ratio": round(mine / theirs, 2),
            "unit": "ms",
            "goal": f"ratio <= {GOAL}",
            "met": mine / theirs <= GOAL,
            "ours_p99": round(statistics.median(p99_ms["ours"]), 3),
            "anchor_p99": round(statistics.median(p99_ms["anchor"]), 3),
            "cpu_per_request_us": round(statistics.median(cpu_us["ours"])),
            "anchor_cpu_per_request_us": round(statistics.median(cpu_us["anchor"])),
        }
    ]


def _round(connection: http_client.Connection, count: int) -> list[float]:
    times_ms = []
    for _ in range(count):
        body = os.urandom(BODY_BYTES)
        request = form(body)
        began_s = time.perf_counter()
        answer = connection.call(request)
        times_ms.append((time.perf_counter() - began_s) * 1000)
        if answer.status != 201:
            raise RuntimeError(f"an upload was answered {answer.status}: {answer.body!r}")
        file = json.loads(answer.body)
        if file["size"] != BODY_BYTES or file.get("sha256", digest := hashlib.sha256(body).hexdigest()) != digest:
            raise RuntimeError("what was stored is not what was sent")
    return times_ms


def form(body: bytes) -> bytes:
    """A whole request with this file in a form."""
    content = (
        b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="file"; filename="noise.bin"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n" + body + b"\r\n--" + BOUNDARY + b"--\r\n"
    )
    head = (
        f"POST /files HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n\r\n"
    )
    return head.encode() + content


def _read_back(connection: http_client.Connection, anchor_folder: Path) -> None:
    """One more upload is fetched again; the anchor's files have the right size."""
    body = os.urandom(BODY_BYTES)
    file = json.loads(connection.call(form(body)).body)
    if connection.call(http_client.get(f"/files/{file['file_id']}/content")).body != body:
        raise RuntimeError("what is stored is not what was sent")
    if any(path.stat().st_size != BODY_BYTES for path in anchor_folder.iterdir()):
        raise RuntimeError("the anchor kept a file of another size")


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
