"""G10 with NGINX as we render it: 256 MB downloads that NGINX sends itself (`X-Accel-Redirect`), and that pass through it.

Anchors: the same NGINX program serving the same bytes as a plain file with `sendfile`, and as a bare proxy without our checks.
NGINX and the service share the server's core. Nobody is asked for credentials.
"""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import big_bodies
import nginx
import processes
from big_bodies import BLOCK_BYTES, Bodies, Side
from g10_download import FILE_BLOCKS, ROUNDS, Two, fetch

from filemill.gateway.nginx.options import NginxOptions, default_upstreams
from filemill.gateway.nginx.render import render


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    if nginx.program() is None:
        return []
    content = Bodies(FILE_BLOCKS).block * FILE_BLOCKS
    with big_bodies.tmpfs_folder(8 * FILE_BLOCKS * BLOCK_BYTES) as (folder, place):
        data = folder / "ours"
        command, environment, port = processes.filemill("upload", data, FILEMILL_ACCEL_REDIRECT="on")
        with (
            processes.running(command, environment, port) as ours,
            nginx.serving(folder / "nginx") as (_, plain),
            nginx.serving(folder / "proxy", nginx.PROXY, upstream=port) as (_, proxy),
            edge(folder / "sends", port, blobs_dir=str(data / "store")) as sends,
            edge(folder / "passes", port) as passes,
        ):
            path = big_bodies.upload_file(port, content)
            (folder / "nginx" / "files" / "big.bin").write_bytes(content)
            through = "/api/upload" + path
            sides = {
                "sends": Side(Two(ours, sends), lambda: fetch(sends.port, through)),
                "passes": Side(Two(ours, passes), lambda: fetch(passes.port, through)),
                "plain": Side(plain, lambda: fetch(plain.port, "/big.bin")),
                "proxy": Side(Two(ours, proxy), lambda: fetch(proxy.port, path)),
            }
            found = big_bodies.race(sides, len(content), ROUNDS)
    row = big_bodies.row
    return [
        row("G10-accel", f"256 MB download that NGINX sends for us, {place}", found | {"ours": found["sends"]}, "plain",
            "NGINX with the plain file", 0.95),
        row("G10-edge", f"256 MB download through NGINX as rendered, {place}", found | {"ours": found["passes"]}, "proxy",
            "NGINX as a bare proxy", 0.9),
    ]  # fmt: skip


@contextlib.contextmanager
def edge(folder: Path, upload_port: int, **options: Any) -> Iterator[processes.Server]:
    """NGINX with our rendering, one worker, before this upload service."""
    folder.mkdir()
    port = processes.free_port()
    chosen = NginxOptions(
        listen=(f"127.0.0.1:{port}",),
        upstreams=default_upstreams_with(upload_port),
        asks_for_credentials=False,
        work_dir=str(folder),
        access_log=str(folder / "access.log"),
        error_log=str(folder / "error.log"),
        run_as="root" if os.geteuid() == 0 else None,
        **options,
    )
    for name, text in render(chosen).items():
        (folder / name).write_text(text.replace("worker_processes auto;", "worker_processes 1;"))
    program = nginx.program()
    assert program is not None
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
    subprocess.run([*command[:-2], "-t"], check=True, capture_output=True)
    with processes.running(command, os.environ, port) as server:
        yield server


def default_upstreams_with(upload_port: int) -> dict[str, tuple[str, ...]]:
    """Only upload is there."""
    nowhere: dict[str, tuple[str, ...]] = dict.fromkeys(default_upstreams(), ("127.0.0.1:1",))
    return nowhere | {"upload": (f"127.0.0.1:{upload_port}",)}


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
