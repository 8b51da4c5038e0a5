"""G4 and G5: 10 KB uploads on many connections. Ours: body, row and event all on disk at the 201.

Anchors: FastAPI's `UploadFile` copied to a folder (G4, 64 connections, disk and tmpfs) and nginx WebDAV PUT (G5, 16
connections, disk); neither hashes, records or syncs anything. Each body is its own, so nothing is stored only once.
"""

import contextlib
import itertools
import json
import os
import random
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import big_bodies
import http_client
import nginx
import processes
from g7_small_upload import form

BODY_BYTES = 10_000
REQUESTS = 1200
ROUNDS = 5
Make = Callable[[int], bytes]


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        results.append(_against_upload_file(Path(folder), "G4", "disk", 6))
        results.append(_against_nginx(Path(folder)))
    with big_bodies.tmpfs_folder(2 * 1024**3) as (folder, place):
        if place == "tmpfs":
            results.append(_against_upload_file(folder, "G4-tmpfs", "tmpfs", 2))
    return results


def _against_upload_file(folder: Path, id_: str, place: str, goal: float) -> dict[str, Any]:
    (folder / "form").mkdir()
    app = processes.anchor_app("upload_file_app", ANCHOR_FOLDER=str(folder / "form"), TMPDIR=str(folder))
    with processes.running(*processes.filemill("upload", folder / "ours")) as ours, processes.running(*app) as anchor:
        sides: dict[str, tuple[processes.Server, Callable[[int], bytes]]] = {
            "ours": (ours, _form),
            "anchor": (anchor, _form),
        }
        return _race(sides, id_, f"10 KB form uploads, 64 connections, {place}", 64, goal) | {
            "anchor_is": f"FastAPI UploadFile on {place}: no hash, no row, not synced"
        }


def _against_nginx(folder: Path) -> dict[str, Any]:
    numbers = itertools.count()
    with (
        processes.running(*processes.filemill("upload", folder / "ours5")) as ours,
        nginx.serving(folder / "nginx") as (name, web),
    ):
        sides: dict[str, tuple[processes.Server, Make]] = {
            "ours": (ours, lambda _: _put("/files?filename=a.bin")),
            "anchor": (web, lambda _: _put(f"/{next(numbers)}.bin")),
        }
        return _race(sides, "G5", "10 KB uploads, 16 connections, disk", 16, 2) | {
            "anchor_is": f"{name} PUT to the same disk: no hash, no row, not synced"
        }


def _form(_: int) -> bytes:
    return form(os.urandom(BODY_BYTES))


def _put(path: str) -> bytes:
    head = f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {BODY_BYTES}\r\n\r\n"
    return head.encode() + os.urandom(BODY_BYTES)


def _race(
    sides: dict[str, tuple[processes.Server, Make]], id_: str, work: str, connections: int, goal: float
) -> dict[str, Any]:
    rates: dict[str, list[float]] = {name: [] for name in sides}
    cpu_us: dict[str, list[float]] = {name: [] for name in sides}
    processes.be_the_client()
    with contextlib.ExitStack() as stack:
        stack.callback(processes.be_nobody)
        for number in range(ROUNDS + 1):  # the first warms up
            for name in random.sample(list(sides), len(sides)):
                server, make = sides[name]
                requests = [make(at) for at in range(REQUESTS)]
                before_s = server.cpu_s()
                rate = http_client.crowd(server.port, requests, REQUESTS, connections, status=201)
                if number:
                    rates[name].append(rate)
                    cpu_us[name].append((server.cpu_s() - before_s) / REQUESTS * 1e6)
    mine, theirs = statistics.median(rates["ours"]), statistics.median(rates["anchor"])
    return {
        "id": id_, "work": f"{work}: body, row, event on disk at the 201", "ours": round(mine), "anchor": round(theirs),
        "ratio": round(mine / theirs, 2), "unit": "uploads/s", "goal": f"ratio >= {goal}", "met": mine / theirs >= goal,
        "cpu_per_request_us": round(statistics.median(cpu_us["ours"])),
        "anchor_cpu_per_request_us": round(statistics.median(cpu_us["anchor"])),
    }  # fmt: skip


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
