"""Every service is restarted, instance by instance, while it is used behind both edges: no error is seen, nothing is lost."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from support.engines import ServerEngines
from support.fleet import Fleet, running_fleet
from support.mill import wait_for
from support.servers import nginx
from support.servers.nginx import EdgeNginx
from support.servers.plugin import Servers
from support.visitors import Visitors

# Slow both: seventeen processes and five servers, each request with time limits of half a second to two seconds of its own.
# Where others take the cores a question to `access` passes its two seconds with no restart near; then this fails, and must.
pytestmark = [pytest.mark.servers, pytest.mark.slow]


def roll(
    folder: Path, engines: ServerEngines, servers: Servers, rounds: int, sides: tuple[int, ...], pace_s: float
) -> None:
    """Restart everything `rounds` times under load, then count."""
    if not nginx.PROGRAM.exists():
        servers.missing("NGINX is not installed (Debian: nginx-light)")
    with running_fleet(folder, engines) as fleet:
        addresses = {name: tuple(f"127.0.0.1:{port}" for port in ports) for name, ports in fleet.ports.items()}
        edge = EdgeNginx(addresses, rate_per_s=0)
        edge.start()
        try:
            urls = [f"http://127.0.0.1:{edge.port}", fleet.url]
            visitors = [Visitors(url, key_of(fleet, f"visitor-{at}"), pace_s) for at, url in enumerate(urls)]
            for one in visitors:
                warm(fleet, one)
                one.start()
            wait_for(lambda: all(len(one.kept) > 5 for one in visitors), "the first files", 120)
            assert [what for one in visitors for what in one.failed] == [], (
                "before any restart: the machine is too slow"
            )
            restarts = 0
            for _ in range(rounds):
                for process in fleet.processes:
                    if int(process.name[-1]) in sides:
                        process.restart()
                        restarts += 1
                        failed = [what for one in visitors for what in one.failed]
                        assert failed == [], "\n".join(
                            [f"after {restarts} restarts, the last of {process.name}", *failed[:30]]
                        )
            for one in visitors:
                one.stop()
            judge(fleet, visitors)
            for one in visitors:
                one.end()
                assert one.failed == []
                places = [place for place, _ in one.heard]
                assert places == sorted(set(places))
                assert {file_id for _, file_id in one.heard} == set(one.kept)
            assert {end for process in fleet.processes for end in process.ends} == {0}
        finally:
            edge.stop()
        done: Counter[str] = sum((one.done for one in visitors), Counter())
        print(
            f"{restarts} restarts, requests: {dict(done)}, streams opened: {[one.streams_opened for one in visitors]}"
        )


def warm(fleet: Fleet, visitor: Visitors) -> None:
    """Every instance has recognised the caller once: on a slow machine its first question to `access` may take too long."""
    paths = {"access": "/session", "upload": "/files", "metadata": "/files", "processing": "/jobs", "ai": "/models",
             "notification": "/webhooks"}  # fmt: skip
    for service, path in paths.items():
        for port in fleet.ports[service]:
            headers = {"Authorization": f"Bearer {visitor.key}"}

            def known(url: str = f"http://127.0.0.1:{port}{path}", headers: dict[str, str] = headers) -> bool:
                return httpx.get(url, headers=headers, timeout=30).status_code == 200

            wait_for(known, f"{service} at {port} to know the caller", 60)


def judge(fleet: Fleet, visitors: list[Visitors]) -> None:
    """Each file that was acknowledged is there with its bytes' hash, and was processed, once."""
    kept = {file_id: sha256 for one in visitors for file_id, sha256 in one.kept.items()}
    event = "convert_from(body, 'UTF8')::json"
    query = f"SELECT {event} ->> 'subject' FROM outbox WHERE {event} ->> 'type' = ?"

    def told() -> Counter[str]:
        return Counter(file_id for (file_id,) in fleet.engines.rows("processing", query, "file.processed"))

    wait_for(lambda: kept.keys() <= told().keys(), "every file to be processed", 400, every_s=1.0)
    assert {file_id: count for file_id, count in told().items() if count != 1} == {}
    assert told().keys() == kept.keys()  # and nothing that nobody was told of
    known = dict(fleet.engines.rows("upload", "SELECT file_id, sha256 FROM files"))
    assert known == kept


def key_of(fleet: Fleet, owner: str) -> str:
    """A key made by the operator's command."""
    command = [sys.executable, "-m", "filemill.cli", "keys", "create", "--owner", owner, "--json"]
    done = subprocess.run(command, env=fleet.environment, capture_output=True, text=True, check=True)
    return str(json.loads(done.stdout)["key"])


def test_services_when_each_is_restarted_once_under_load_then_nobody_sees_it(
    tmp_path: Path, server_engines: Callable[[], ServerEngines], servers: Servers
) -> None:
    """One instance of each service and worker, behind NGINX and the local gateway at once; every request is made only once."""
    roll(tmp_path, server_engines(), servers, rounds=1, sides=(0,), pace_s=1.0)


def test_services_when_all_are_restarted_twenty_times_under_load_then_nobody_sees_it(
    tmp_path: Path, server_engines: Callable[[], ServerEngines], servers: Servers
) -> None:
    """Both instances of everything, twenty times."""
    roll(tmp_path, server_engines(), servers, rounds=20, sides=(0, 1), pace_s=1.5)
