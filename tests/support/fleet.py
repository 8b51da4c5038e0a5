"""Several instances of each service on shared engines, each a process as a container runs it, restarted one after the other."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filemill.chassis.database.build import share_out
from filemill.chassis.settings import PORTS
from support.engines import ServerEngines
from support.mill import wait_for
from support.nursery import Nursery
from support.servers.balancer import Balancer
from support.servers.ports import free_ports

SERVICES = tuple(name for name in PORTS if name != "gateway")
WORKERS = ("processing", "ai")
NOTICE_S = 5
"""Longer than the edges keep an idle connection (4 s)."""


@dataclass(slots=True)
class Process:
    """One instance of a service, or of its worker. `ends`: how each of its lives ended."""

    name: str
    module: str
    environment: Mapping[str, str]
    folder: Path
    nursery: Nursery
    pid: int = 0
    ends: list[int] = field(default_factory=list)

    def begin(self) -> None:
        """Start it without waiting."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "out.ready").unlink(missing_ok=True)
        self.pid = self.nursery.start(self.module, self.environment, self.folder / "out")

    def is_ready(self) -> bool:
        """Whether it has said so."""
        assert self.pid not in self.nursery.ended, f"{self.name}: {self.said()}"
        return (self.folder / "out.ready").exists()

    def restart(self) -> None:
        """As a deployment does: SIGTERM, its end, the next one, ready."""
        self.end()
        self.begin()
        wait_for(self.is_ready, f"{self.name} to be ready", 120)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to stop, and note how it ended."""
        os.kill(self.pid, number)
        self.ends.append(self.nursery.wait(self.pid, 90))

    def said(self) -> str:
        """The end of what it printed."""
        return (self.folder / "out").read_text(errors="replace")[-3000:]


class Fleet:
    """Two instances of each service and worker, and a local gateway before them."""

    def __init__(self, folder: Path, engines: ServerEngines, stack: ExitStack) -> None:
        self.engines = engines
        numbers = iter(free_ports(2 * len(SERVICES) + 1))
        self.ports = {name: (next(numbers), next(numbers)) for name in SERVICES}
        self.nursery = Nursery()
        stack.callback(self.nursery.close)
        balancer = Balancer(self.ports)
        stack.callback(balancer.stop)
        gateway_port = next(numbers)
        self.url = f"http://127.0.0.1:{gateway_port}"
        base = {name: value for name, value in os.environ.items() if not name.startswith("FILEMILL_")}
        shared = engines.environment()
        # A folder that all share: this is about processes that go, not about the speed of a store that is tried elsewhere.
        shared = {name: value for name, value in shared.items() if not name.startswith(("AWS_", "STORAGE_"))}
        shared["STORAGE_URL"] = f"file://{folder}/store"
        databases = share_out(shared.pop("DATABASE_URL"), SERVICES)
        self.environment = base | shared | {
            "FILEMILL_AUTH": "keys", "FILEMILL_RATE_PER_S": "0", "FILEMILL_DRAIN_S": str(NOTICE_S),
            "FILEMILL_SIGNING_KEYS": os.urandom(32).hex(), "FILEMILL_IDENTITY_KEYS": os.urandom(32).hex(),
            "FILEMILL_PROCESSING_WORKERS": "1", "FILEMILL_AI_WORKERS": "1", "FILEMILL_LOG_FORMAT": "json",
            "FILEMILL_DATA_DIR": str(folder / "operator"),
        } | {f"FILEMILL_{name.upper()}_DATABASE_URL": url for name, url in databases.items()}  # fmt: skip
        self.environment |= {
            f"FILEMILL_{name.upper()}_URL": f"http://127.0.0.1:{port}" for name, port in balancer.ports.items()
        }
        self.processes = [
            *(self._process(folder, name, at) for at in (0, 1) for name in SERVICES),
            *(self._process(folder, name, at, worker=True) for at in (0, 1) for name in WORKERS),
        ]
        places = " ".join(
            f"{name}=" + ",".join(f"127.0.0.1:{port}" for port in ports) for name, ports in self.ports.items()
        )
        gateway = {"FILEMILL_GATEWAY_PORT": str(gateway_port), "FILEMILL_GATEWAY_UPSTREAMS": places}
        folder = folder / "gateway"
        self.gateway = Process("gateway", "filemill.gateway.main", self._of(folder) | gateway, folder, self.nursery)
        balancer.start()

    def start(self) -> None:
        """One of each first, which makes its schema, then the others."""
        firsts = self.processes[: len(SERVICES)]
        for group in (firsts, [*self.processes[len(SERVICES) :], self.gateway]):
            for one in group:
                one.begin()
            for one in group:
                wait_for(one.is_ready, f"{one.name} to be ready", 120)

    def stop(self) -> None:
        """End whatever runs, at once."""
        for one in [self.gateway, *self.processes]:
            if one.pid and one.pid not in self.nursery.ended:
                one.end(signal.SIGINT)

    def _of(self, data_dir: Path) -> dict[str, str]:
        return self.environment | {"FILEMILL_DATA_DIR": str(data_dir)}

    def _process(self, folder: Path, service: str, at: int, *, worker: bool = False) -> Process:
        name = f"{service}{'-worker' if worker else ''}-{at}"
        own = {} if worker else {f"FILEMILL_{service.upper()}_PORT": str(self.ports[service][at])}
        module = f"filemill.{service}.{'worker' if worker else 'main'}"
        return Process(name, module, self._of(folder / name) | own, folder / name, self.nursery)


@contextmanager
def running_fleet(folder: Path, engines: ServerEngines) -> Iterator[Fleet]:
    """A fleet that is up."""
    with ExitStack() as stack:
        fleet = Fleet(folder, engines, stack)
        stack.callback(fleet.stop)
        fleet.start()
        yield fleet
