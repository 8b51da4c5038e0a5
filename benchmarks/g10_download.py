"""G10 and G12: 256 MB downloads from the service and through the local gateway, 1 GB uploads through it, small requests.

Anchors: nginx with `sendfile` (G10), our service asked directly, and nginx as a proxy in front of it (G12). The gateway and
the service share the server's core.
"""

import contextlib
import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

import big_bodies
import http_client
import nginx
import processes
from big_bodies import BLOCK_BYTES, Bodies, Figures, Side

FILE_BLOCKS = 16
UPLOAD = Bodies(60)
ROUNDS = 5
SMALL = 1500


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    content = Bodies(FILE_BLOCKS).block * FILE_BLOCKS
    with big_bodies.tmpfs_folder(6 * UPLOAD.total) as (folder, place):
        data = folder / "ours"
        command, environment, upload_port = processes.filemill("upload", data, FILEMILL_DEDUPE="off")
        gate = processes.filemill("gateway", data, FILEMILL_UPLOAD_PORT=str(upload_port))
        with (
            processes.running(command, environment, upload_port) as ours,
            processes.running(*gate) as gateway,
            nginx.serving(folder / "nginx") as (name, web),
            nginx.serving(folder / "proxy", nginx.PROXY, upstream=upload_port) as (_, proxy),
        ):
            path = big_bodies.upload_file(upload_port, content)
            kept = next(one for one in (data / "store" / "blobs").rglob("*") if one.is_file())
            (folder / "nginx" / "files" / "big.bin").write_bytes(content)
            through, before = "/api/upload", Two(ours, gateway)
            gets = {
                "ours": Side(ours, lambda: fetch(ours.port, path)),
                "gateway": Side(before, lambda: fetch(gateway.port, through + path)),
                "nginx": Side(web, lambda: fetch(web.port, "/big.bin")),
                "proxy": Side(Two(ours, proxy), lambda: fetch(proxy.port, path)),
            }
            down = big_bodies.race(gets, len(content), ROUNDS)
            kept.rename(folder / "kept")  # what the uploads leave is deleted
            puts = {
                "ours": Side(ours, lambda: UPLOAD.put(ours.port, "/files?filename={}"), data / "store" / "blobs"),
                "gateway": Side(
                    before, lambda: UPLOAD.put(gateway.port, through + "/files?filename={}"), data / "store" / "blobs"
                ),
                "proxy": Side(
                    Two(ours, proxy), lambda: UPLOAD.put(proxy.port, "/files?filename={}"), data / "store" / "blobs"
                ),
            }
            up = big_bodies.race(puts, UPLOAD.total, ROUNDS, UPLOAD.sha256())
            small = _small(ours, gateway)
    row = big_bodies.row
    gate_down, gate_up = down | {"ours": down["gateway"]}, up | {"ours": up["gateway"]}
    behind = "nginx as a proxy in front of our service"
    return [
        row("G10", f"256 MB download, 1 connection, {place}", down, "nginx", f"{name} sendfile", 0.9),
        row("G12-put", f"1 GB PUT by the local gateway, {place}", _as(gate_up, up, "direct"), "direct", "our service", 0.85),
        row("G12-put-n", "the same", gate_up, "proxy", behind, 1),
        row("G12-get", f"256 MB GET through the local gateway, {place}", _as(gate_down, down, "direct"), "direct",
            "our service", 0.9),
        row("G12-get-n", "the same", gate_down, "proxy", behind, 1),
        small,
    ]  # fmt: skip


class Two(processes.Server):
    """A server and what stands before it, for the CPU they take together."""

    def __init__(self, first: processes.Server, second: processes.Server) -> None:
        super().__init__(second.process, second.port)
        object.__setattr__(self, "_pair", (first, second))

    def cpu_s(self) -> float:
        pair: tuple[processes.Server, processes.Server] = self._pair  # type: ignore[attr-defined]
        return sum(one.cpu_s() for one in pair)


def _as(gateway: dict[str, Figures], direct: dict[str, Figures], name: str) -> dict[str, Figures]:
    return gateway | {name: direct["ours"]}


def fetch(port: int, path: str) -> float:
    """Seconds until the last byte of a file of `FILE_BLOCKS`."""
    connection = http_client.Connection(port)
    began_s = time.perf_counter()
    received = connection.fetch(http_client.get(path))
    took_s = time.perf_counter() - began_s
    connection.close()
    if received != FILE_BLOCKS * BLOCK_BYTES:
        raise RuntimeError(f"{received} bytes came")
    return took_s


def _small(ours: processes.Server, gateway: processes.Server) -> dict[str, Any]:
    """CPU of a small request, through the gateway and directly."""
    cpu_us: dict[str, list[float]] = {"direct": [], "gateway": []}
    sides = {"direct": (ours.port, "/limits", [ours]), "gateway": (gateway.port, "/api/upload/limits", [ours, gateway])}
    with _client():
        for number in range(ROUNDS + 1):
            for name, (port, path, servers) in sides.items():
                before_s = sum(server.cpu_s() for server in servers)
                http_client.crowd(port, [http_client.get(path)], SMALL, 16)
                if number:
                    cpu_us[name].append((sum(server.cpu_s() for server in servers) - before_s) / SMALL * 1e6)
    mine, theirs = statistics.median(cpu_us["gateway"]), statistics.median(cpu_us["direct"])
    return {
        "id": "G12-small", "work": "small GET through the local gateway: CPU of both", "anchor_is": "our service",
        "ours": round(mine), "anchor": round(theirs), "ratio": round(mine / theirs, 2), "unit": "us",
        "goal": "ratio <= 2", "met": mine / theirs <= 2,
    }  # fmt: skip


@contextlib.contextmanager
def _client() -> Iterator[None]:
    processes.be_the_client()
    try:
        yield
    finally:
        processes.be_nobody()


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))
