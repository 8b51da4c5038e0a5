"""Kill every container of a running installation in turn, under a light load, and count from outside what became of each file.

    scripts/restart_drill.py --engine podman --project filemill --url http://127.0.0.1:8080 [--key fm_…] [CONTAINER...]

The client gives each file a number of its own, in its name, its content and its `Idempotency-Key`, and sends it again until it
is answered 201. Afterwards each number must be there exactly once, be processed, and give its bytes back. `--engine` may be
several words. Needs a Python with httpx; CI does not run it. Status 1 if anything was lost, doubled or left unfinished.
"""

import argparse
import hashlib
import json
import shlex
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

import httpx

PAUSE_S = 0.25
FINISHED_WITHIN_S = 300.0
HEALTHY_WITHIN_S = 180.0


@dataclass
class Load:
    """One client: a file after the other. `phase` is what is being killed meanwhile."""

    client: httpx.Client
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    phase: str = "nothing"
    accepted: dict[int, str] = field(default_factory=dict)
    again: Counter[str] = field(default_factory=Counter)
    longest_s: dict[str, float] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def content(self, number: int) -> bytes:
        return f"drill {self.run} file {number}: the quick brown fox jumps over the lazy dog\n".encode()

    def work(self) -> None:
        number = 0
        while not self.over.is_set():
            self._upload(number)
            number += 1
            self.over.wait(PAUSE_S)

    def _upload(self, number: int) -> None:
        phase, began_s = self.phase, time.monotonic()
        name, key = f"drill-{self.run}-{number}.txt", f"drill-{self.run}-{number}"
        while True:
            try:
                answer = self.client.post(
                    "/api/upload/files", files={"file": (name, self.content(number))}, headers={"Idempotency-Key": key}
                )
                if answer.status_code in (201, 202):
                    break
                reason = str(answer.status_code)
            except httpx.TransportError as error:
                reason = type(error).__name__
            self.again[f"{phase}: {reason}"] += 1
            time.sleep(PAUSE_S)
        self.accepted[number] = answer.json()["file_id"]
        self.longest_s[phase] = max(self.longest_s.get(phase, 0.0), time.monotonic() - began_s)


class Engine:
    """podman or docker."""

    def __init__(self, words: str, project: str) -> None:
        self._words, self._project = shlex.split(words), project

    def call(self, *arguments: str) -> str:
        done = subprocess.run([*self._words, *arguments], capture_output=True, text=True, timeout=240)
        if done.returncode:
            raise SystemExit(f"{' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def running(self) -> list[str]:
        label = f"label=com.docker.compose.project={self._project}"
        return sorted(self.call("ps", "--filter", label, "--format", "{{.Names}}").split())

    def kill_and_start(self, name: str) -> float:
        """Seconds until it is healthy again."""
        began_s = time.monotonic()
        self.call("kill", "--signal", "KILL", name)
        self.call("start", name)
        while self.call("inspect", "--format", "{{.State.Health.Status}}", name) != "healthy":
            if time.monotonic() - began_s > HEALTHY_WITHIN_S:
                raise SystemExit(f"{name} is not healthy {HEALTHY_WITHIN_S:.0f} s after its start")
            time.sleep(0.5)
        return time.monotonic() - began_s


def main() -> int:
    asked = _parsed()
    headers = {"Authorization": f"Bearer {asked.key}"} if asked.key else {}
    engine = Engine(asked.engine, asked.project)
    with httpx.Client(base_url=asked.url, headers=headers, timeout=20, verify=not asked.insecure) as client:
        load = Load(client)
        thread = threading.Thread(target=load.work, name="load")
        thread.start()
        healthy_s = {}
        try:
            for name in asked.containers or engine.running():
                load.phase = name
                healthy_s[name] = round(engine.kill_and_start(name), 1)
                print(
                    f"{name}: killed, healthy again after {healthy_s[name]} s; {len(load.accepted)} files so far",
                    flush=True,
                )
        finally:
            load.over.set()
            thread.join()
        report = _audit(client, load)
    report |= {"healthy_again_s": healthy_s, "sent_again": dict(load.again)}
    report["longest_upload_s"] = {name: round(seconds, 1) for name, seconds in load.longest_s.items()}
    print(json.dumps(report, indent=2))
    return 0 if report["lost"] == report["doubled"] == report["unfinished"] == report["wrong_bytes"] == 0 else 1


def _audit(client: httpx.Client, load: Load) -> dict[str, object]:
    """Every number exactly once, processed, with its bytes."""
    waiting, ended = dict(load.accepted), Counter()
    until_s = time.monotonic() + FINISHED_WITHIN_S
    while waiting and time.monotonic() < until_s:
        for number, file_id in list(waiting.items()):
            answer = client.get(f"/api/metadata/files/{file_id}")
            if answer.status_code == 200 and answer.json()["status"] in ("processed", "failed"):
                ended[answer.json()["status"]] += 1
                del waiting[number]
        time.sleep(PAUSE_S)
    wrong = sum(
        hashlib.sha256(client.get(f"/api/upload/files/{file_id}/content").content).digest()
        != hashlib.sha256(load.content(number)).digest()
        for number, file_id in load.accepted.items()
    )
    names: Counter[str] = Counter()
    cursor: str | None = ""
    while cursor is not None:
        page = client.get("/api/upload/files", params={"limit": 500} | ({"cursor": cursor} if cursor else {})).json()
        names.update(one["filename"] for one in page["items"] if f"drill-{load.run}-" in one["filename"])
        cursor = page["next_cursor"]
    return {
        "accepted": len(load.accepted),
        "ended": dict(ended),
        "unfinished": len(waiting),
        "lost": len(set(load.accepted) - {int(name.split("-")[2].removesuffix(".txt")) for name in names}),
        "doubled": sum(count - 1 for count in names.values()),
        "wrong_bytes": wrong,
    }


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Kill every container in turn under load; count files from outside.")
    parser.add_argument("containers", nargs="*", help="default: every running one of the project")
    parser.add_argument("--engine", default="podman", help="podman or docker, as one would type it")
    parser.add_argument("--project", default="filemill")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--key", help="an API key; none for the trial")
    parser.add_argument("--insecure", action="store_true", help="take a certificate that is signed by itself")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
