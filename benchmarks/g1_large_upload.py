"""G1: one upload of 1 GB on one connection. Ours: SHA-256, committed row and event, bytes synced. Anchor: nginx WebDAV
PUT, which does none of that. Where nginx is not installed the anchor is a bare ASGI app, and the result says so.

Measured on the disk of the temporary folder and, where there is room, on tmpfs (where a sync costs nothing).
"""

import contextlib
import hashlib
import json
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import http_client
import processes

ROUNDS = 5
BLOCK_BYTES = 64 * 1024 * 1024
BLOCKS = 15
TOTAL_BYTES = BLOCK_BYTES * BLOCKS  # 1.007 GB
GOAL = 0.85
TMPFS = Path("/dev/shm")
ROOM_BYTES = 3 * TOTAL_BYTES

NGINX = """
daemon off; worker_processes 1; {user} pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/t1; fastcgi_temp_path {folder}/t2; uwsgi_temp_path {folder}/t3; scgi_temp_path {folder}/t4;
  server {{ listen 127.0.0.1:{port}; location / {{ root {folder}/files; dav_methods PUT DELETE; }} }}
}}
"""


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    block = os.urandom(BLOCK_BYTES)
    digest = hashlib.sha256()
    for _ in range(BLOCKS):
        digest.update(block)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        results.append(_measure(Path(folder), "G1", "disk", block, digest.hexdigest()))
    if TMPFS.is_dir() and shutil.disk_usage(TMPFS).free > ROOM_BYTES:
        with tempfile.TemporaryDirectory(dir=TMPFS) as folder:
            results.append(_measure(Path(folder), "G1-tmpfs", "tmpfs", block, digest.hexdigest()))
    return results


def _measure(folder: Path, id_: str, place: str, block: bytes, sha256: str) -> dict[str, Any]:
    ours_command = processes.filemill("upload", folder / "ours", FILEMILL_DEDUPE="off")
    with processes.running(*ours_command) as ours, _anchor(folder / "anchor") as (name, anchor):
        processes.be_the_client()
        sides = {"ours": ours, "anchor": anchor}
        rates: dict[str, list[float]] = {"ours": [], "anchor": []}
        cpu_s: dict[str, list[float]] = {"ours": [], "anchor": []}
        for number in range(ROUNDS):
            for side in random.sample(list(sides), 2):
                before_s = sides[side].cpu_s()
                os.sync()  # nobody pays for the other's unwritten pages
                took_s = _upload(sides[side].port, f"big-{number}.bin", block, sha256, folder, side)
                rates[side].append(TOTAL_BYTES / 1e6 / took_s)
                cpu_s[side].append((sides[side].cpu_s() - before_s) / (TOTAL_BYTES / 1e9))
        processes.be_nobody()
    mine, theirs = statistics.median(rates["ours"]), statistics.median(rates["anchor"])
    return {
        "id": id_,
        "work": f"1 GB upload, 1 connection, {place}: hash, row, event, synced",
        "anchor_is": name,
        "ours": round(mine),
        "anchor": round(theirs),
        "ratio": round(mine / theirs, 2),
        "unit": "MB/s",
        "goal": f"ratio >= {GOAL}",
        "met": mine / theirs >= GOAL,
        "cpu_s_per_gb": round(statistics.median(cpu_s["ours"]), 2),
        "anchor_cpu_s_per_gb": round(statistics.median(cpu_s["anchor"]), 2),
    }


def _upload(port: int, name: str, block: bytes, sha256: str, folder: Path, side: str) -> float:
    path = f"/files?filename={name}" if side == "ours" else f"/{name}"
    head = f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {TOTAL_BYTES}\r\n\r\n".encode()
    connection = http_client.Connection(port)
    began_s = time.perf_counter()
    answer = connection.call(head, *[block] * BLOCKS)
    took_s = time.perf_counter() - began_s
    if answer.status != 201:
        raise RuntimeError(f"the upload was answered {answer.status}: {answer.body[:300]!r}")
    _check_and_forget(answer, sha256, folder, side, name)
    connection.close()
    return took_s


def _check_and_forget(answer: http_client.Answer, sha256: str, folder: Path, side: str, name: str) -> None:
    """Hash what was stored, then delete it: fifteen gigabytes would not fit everywhere."""
    if side == "ours":
        if json.loads(answer.body)["sha256"] != sha256:
            raise RuntimeError("our hash is not that of what was sent")
        stored = [path for path in (folder / "ours" / "store" / "blobs").rglob("*") if path.is_file()]
    else:
        stored = [path for path in (folder / "anchor" / "files").iterdir() if path.name == name]
    for path in stored:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise RuntimeError(f"{side}: what is stored is not what was sent")
        path.unlink()
    if not stored:
        raise RuntimeError(f"{side}: nothing was stored")


@contextlib.contextmanager
def _anchor(folder: Path) -> Iterator[tuple[str, processes.Server]]:
    (folder / "files").mkdir(parents=True)
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
    if program is None:
        with processes.running(*processes.anchor_app("plain_put_app", ANCHOR_FOLDER=str(folder / "files"))) as server:
            yield "a bare ASGI app (nginx is not installed), no hash, no row, not synced", server
        return
    port = processes.free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, user=user))
    command = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    with processes.running(command, os.environ, port) as server:
        yield "nginx WebDAV PUT: no hash, no row, not synced", server


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
