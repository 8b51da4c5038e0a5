"""Each service runs from the wheel with its own extra only: the other services' folders are gone, their libraries refused.

Proof and not claim of the walls: every module of the service is imported, then it is started and says that it is well.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from support.mill import SERVICES, wait_for
from support.servers.ports import free_ports
from support.wheel import build_wheel, unpack_alone

WORKERS = ("processing", "ai")
ENDED_WELL = (0, -signal.SIGTERM)
"""A server that has drained ends by the signal it was asked with."""

_IMPORT_ALL = """
import importlib, json, pkgutil, sys
import filemill
assert filemill.__file__.startswith(sys.argv[1]), filemill.__file__
service = sys.argv[2]
present = sorted(module.name for module in pkgutil.iter_modules(filemill.__path__))
package = importlib.import_module(f"filemill.{service}")
names = [f"filemill.{service}"]
names += [one.name for one in pkgutil.walk_packages(package.__path__, f"filemill.{service}.")]
names = [name for name in names if not name.endswith(".migrations.env")]  # it migrates as soon as it is imported
for name in names:
    importlib.import_module(name)
print(json.dumps({"present": present, "imported": len(names)}))
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built once."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def _environment(target: Path, data_dir: Path) -> dict[str, str]:
    base = {name: value for name, value in os.environ.items() if not name.startswith(("FILEMILL_", "PYTHON"))}
    return base | {"PYTHONPATH": str(target), "FILEMILL_DATA_DIR": str(data_dir)}


@pytest.mark.parametrize("service", SERVICES)
def test_service_when_alone_with_its_extra_then_imports_and_answers(tmp_path: Path, wheel: Path, service: str) -> None:
    """Every module imports, `/health` says 200 and ok, and a worker comes up where there is one."""
    package = unpack_alone(wheel, service, tmp_path / "site")
    environment = _environment(tmp_path / "site", tmp_path / "data")
    command = [sys.executable, "-c", _IMPORT_ALL, str(package), service]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["present"] == sorted(["chassis", "contracts", service])
    assert found["imported"] >= 3
    _expect_health(tmp_path, environment, service)
    if service in WORKERS:
        _expect_worker(tmp_path, environment, service)


def test_guard_when_a_library_is_not_of_the_extra_then_it_cannot_be_imported(tmp_path: Path, wheel: Path) -> None:
    """The proof is worth something: what belongs to processing alone is refused to notification."""
    unpack_alone(wheel, "notification", tmp_path / "site")
    environment = _environment(tmp_path / "site", tmp_path / "data")
    for statement in ("import pyvips", "import typer", "import filemill.upload.main"):
        done = subprocess.run(
            [sys.executable, "-c", statement], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert "ModuleNotFoundError" in done.stderr, (statement, done.stderr)


def _expect_health(folder: Path, environment: dict[str, str], service: str) -> None:
    (port,) = free_ports(1)
    environment = environment | {f"FILEMILL_{service.upper()}_PORT": str(port), "FILEMILL_DRAIN_S": "0"}
    process = _start(folder, environment, f"from filemill.{service}.main import run; run()")
    try:
        answer = wait_for(lambda: _get(process, folder, f"http://127.0.0.1:{port}/health"), f"{service} to answer", 60)
        said = answer.json()
        # The gateway's health is the sum of services, which are not there in this test.
        assert service == "gateway" or (answer.status_code == 200 and said["status"] == "ok"), answer.text
        assert httpx.get(f"http://127.0.0.1:{port}/livez", timeout=10).status_code == 200
    finally:
        process.terminate()
        assert process.wait(30) in ENDED_WELL


def _expect_worker(folder: Path, environment: dict[str, str], service: str) -> None:
    code = f"from filemill.{service}.worker import run; run(lambda address: print('ready', address, flush=True))"
    process = _start(folder, environment, code)
    try:
        wait_for(lambda: "ready working" in _said(process, folder), f"the worker of {service}", 60)
    finally:
        process.terminate()
        assert process.wait(30) in ENDED_WELL


def _start(folder: Path, environment: dict[str, str], code: str) -> "subprocess.Popen[bytes]":
    with (folder / "out").open("wb") as out:
        return subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=folder, stdout=out, stderr=out)


def _said(process: "subprocess.Popen[bytes]", folder: Path) -> str:
    said = (folder / "out").read_text(encoding="utf-8", errors="replace")
    assert process.poll() is None, said
    return said


def _get(process: "subprocess.Popen[bytes]", folder: Path, url: str) -> httpx.Response | None:
    _said(process, folder)
    try:
        return httpx.get(url, timeout=10)
    except httpx.TransportError:
        return None
