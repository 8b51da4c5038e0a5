"""A1: what it costs a service to recognise and count its caller: the same call with `FILEMILL_AUTH=none` and with `keys`.

Ours: upload's `GET /limits`, which does hardly anything else, by a key, by a session's cookie, and by the identity token that
an edge hands on; without limits, then with them (a limit nobody reaches). `access` runs beside it on the client's core, so
what it does once a second is not counted: an installation has one `access` for all services.
"""

import contextlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import http_client
import processes

ROUNDS = 7
REQUESTS_PER_ROUND = 1_500
WARM_UP = 300
CONNECTIONS = 16
GOAL_US = 60


def run() -> list[dict[str, Any]]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        return _measure(Path(folder), running)


def _measure(folder: Path, running: contextlib.ExitStack) -> list[dict[str, Any]]:
    keys = {"FILEMILL_AUTH": "keys"}
    command, environment, access_port = processes.filemill("access", folder / "keys", **keys)
    made = subprocess.run(
        [sys.executable, "-m", "filemill.cli", "keys", "create", "--owner", "ann", "--json"],
        env=environment, check=True, capture_output=True,
    )  # fmt: skip
    shown = f"Authorization: Bearer {json.loads(made.stdout)['key']}"
    running.enter_context(processes.running(command, environment, access_port, pinned=False))
    near = {**keys, "FILEMILL_ACCESS_PORT": str(access_port)}
    free = {**near, "FILEMILL_RATE_PER_S": "0"}
    counted = {**near, "FILEMILL_RATE_PER_S": "1000000", "FILEMILL_RATE_BURST": "1000000"}
    access = http_client.Connection(access_port)
    said = access.call(_post("/session", shown)).header("set-cookie")
    cookie = "Cookie: " + said.partition(";")[0]
    sides = {
        "none": (folder / "none", {}, ""),
        "key": (folder / "keys", free, shown),
        "session": (folder / "keys", free, cookie),
        "identity": (folder / "keys", free, _identity(access, shown)),
        "key and limit": (folder / "keys", counted, shown),
    }
    servers = {}
    for name, (data, more, _) in sides.items():
        servers[name] = running.enter_context(processes.running(*processes.filemill("upload", data, **more)))
    requests = {name: [_get("/limits", credential)] for name, (_, _, credential) in sides.items()}
    processes.be_the_client()
    cpu_us: dict[str, list[float]] = {name: [] for name in sides}
    for name, server in servers.items():
        http_client.crowd(server.port, requests[name], WARM_UP, CONNECTIONS)
    for _ in range(ROUNDS):
        for name in random.sample(list(sides), len(sides)):
            if name == "identity":  # it holds for a minute
                requests[name] = [_get("/limits", _identity(access, shown))]
            before_s = servers[name].cpu_s()
            http_client.crowd(servers[name].port, requests[name], REQUESTS_PER_ROUND, CONNECTIONS)
            cpu_us[name].append((servers[name].cpu_s() - before_s) / REQUESTS_PER_ROUND * 1e6)
    processes.be_nobody()
    plain = statistics.median(cpu_us["none"])
    return [_row(name, statistics.median(found), plain) for name, found in cpu_us.items() if name != "none"]


def _identity(access: http_client.Connection, shown: str) -> str:
    return "X-Filemill-Identity: " + access.call(_get("/verify", shown)).header("x-filemill-identity")


def _row(name: str, ours_us: float, plain_us: float) -> dict[str, Any]:
    more_us = ours_us - plain_us
    return {
        "id": f"A1-{name.replace(' ', '-')}",
        "work": f"a call by {name}: CPU beside the same call that asks nobody ({more_us:+.0f} us)",
        "anchor_is": "FILEMILL_AUTH=none",
        "ours": round(ours_us),
        "anchor": round(plain_us),
        "ratio": round(ours_us / plain_us, 2),
        "unit": "us CPU",
        "goal": f"+{GOAL_US} us at most",
        "met": more_us <= GOAL_US,
    }


def _get(path: str, header: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{header + chr(13) + chr(10) if header else ''}\r\n".encode()


def _post(path: str, header: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{header}\r\n\r\n".encode()
