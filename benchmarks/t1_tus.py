"""T1: tus uploads, in one request and in requests of 8 MiB. Ours: SHA-256, committed offsets, row and event, bytes synced.

Anchor: @tus/server, the protocol's reference server, on a folder: it hashes, records and syncs nothing. On tmpfs where there is
room. Needs Node and npm; without them, or without a way to install the anchor, there is no figure.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import big_bodies
import http_client
import processes
from big_bodies import Bodies, Side

ROUNDS = 5
PART_BLOCKS_BYTES = 8 * 1024 * 1024
INSTALL_S = 180
ANCHOR = processes.ANCHORS / "tus_server"


def run() -> list[dict[str, Any]]:
    """Measure and return the figures; none if the anchor cannot be had."""
    if not _installed():
        return []
    whole, parts = Bodies(60), Bodies(16)
    with big_bodies.tmpfs_folder(6 * whole.total) as (folder, place):
        ours_command = processes.filemill("upload", folder / "ours", FILEMILL_DEDUPE="off")
        with processes.running(*ours_command) as ours, _reference(folder / "theirs") as theirs:
            blobs = folder / "ours" / "store" / "blobs"

            def sides(bodies: Bodies, part_bytes: int) -> dict[str, Side]:
                return {
                    "ours": Side(ours, lambda: _send(ours.port, bodies, part_bytes), blobs),
                    "reference": Side(
                        theirs, lambda: _send(theirs.port, bodies, part_bytes, folder / "theirs"), folder / "theirs"
                    ),
                }

            one = big_bodies.race(sides(whole, whole.size), whole.size, ROUNDS, whole.sha256())
            many = big_bodies.race(sides(parts, PART_BLOCKS_BYTES), parts.size, ROUNDS, parts.sha256())
    anchor = "@tus/server on a folder: no hash, no row, not synced"
    durable = f"hash, row, event, {place}"
    return [
        big_bodies.row("T1", f"1 GB by tus in one request: {durable}", one, "reference", anchor, 1),
        big_bodies.row("T1-parts", f"256 MB by tus, 8 MiB a request: {durable}", many, "reference", anchor, 1),
    ]


def _send(port: int, bodies: Bodies, part_bytes: int, folder: Path | None = None) -> float:
    """Create, then PATCH until all is there; returns the seconds. What the reference says about a file goes from its folder."""
    connection = http_client.Connection(port)
    common = "Host: localhost\r\nTus-Resumable: 1.0.0\r\n"
    began_s = time.perf_counter()
    head = f"POST {'/tus' if folder else '/tus/'} HTTP/1.1\r\n{common}Upload-Length: {bodies.size}\r\nContent-Length: 0\r\n\r\n"
    made = connection.call(head.encode())
    if made.status != 201:
        raise RuntimeError(f"the creation was answered {made.status}: {made.body[:300]!r}")
    place = urlsplit(made.header("location")).path
    block, offset = memoryview(bodies.block), 0
    while offset < bodies.size:
        count = min(part_bytes, bodies.size - offset)
        head = (
            f"PATCH {place} HTTP/1.1\r\n{common}Content-Type: application/offset+octet-stream\r\n"
            f"Upload-Offset: {offset}\r\nContent-Length: {count}\r\n\r\n"
        )
        answer = connection.call(head.encode(), *_blocks(block, offset, count))
        if answer.status != 204:
            raise RuntimeError(f"the request at {offset} was answered {answer.status}: {answer.body[:300]!r}")
        offset += count
    took_s = time.perf_counter() - began_s
    connection.close()
    if folder is not None:
        for said in folder.glob("*.json"):
            said.unlink()
    return took_s


def _blocks(block: memoryview, offset: int, count: int) -> Iterator[memoryview]:
    """The bytes of a body that repeats this block, from an offset."""
    while count:
        start = offset % len(block)
        piece = block[start : start + count]
        yield piece
        offset, count = offset + len(piece), count - len(piece)


def _installed() -> bool:
    """Whether the anchor is there, as its lock file says."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        print("T1 needs Node and npm", file=sys.stderr)
        return False
    if (ANCHOR / "node_modules" / "@tus" / "server").is_dir():
        return True
    said = subprocess.run(
        [npm, "ci", "--silent"], cwd=ANCHOR, capture_output=True, text=True, timeout=INSTALL_S, check=False
    )
    if said.returncode != 0:
        shutil.rmtree(ANCHOR / "node_modules", ignore_errors=True)
        print(f"T1: npm cannot install @tus/server: {said.stderr.strip()[-300:]}", file=sys.stderr)
    return said.returncode == 0


@contextlib.contextmanager
def _reference(folder: Path) -> Iterator[processes.Server]:
    folder.mkdir(parents=True)
    port = processes.free_port()
    command = ["node", str(ANCHOR / "server.mjs"), str(port), str(folder)]
    with processes.running(command, dict(os.environ), port) as server:
        yield server
