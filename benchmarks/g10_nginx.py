"""G10 with NGINX as we render it: 256 MB downloads that NGINX sends itself (`X-Accel-Redirect`), and that pass through it.

Anchors: the same NGINX program serving the same bytes as a plain file with `sendfile`, and as a bare proxy without our checks.
NGINX and the service share the server's core. Nobody is asked for credentials.
"""

import json
from typing import Any

import big_bodies
import nginx
import processes
from big_bodies import BLOCK_BYTES, Bodies, Side
from g10_download import FILE_BLOCKS, ROUNDS, Two, fetch


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
            nginx.edge(folder / "sends", port, blobs_dir=str(data / "store")) as sends,
            nginx.edge(folder / "passes", port) as passes,
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


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
