"""The built package, and what one service of it would find around it: its own folder and the libraries of its extra."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
SHARED = frozenset({"chassis", "contracts"})

# Python runs a module of this name at every start, so the programs a service starts live under the same rule.
GUARD = "sitecustomize.py"
_GUARD_SOURCE = '''
"""Refuses every library that an installation with one extra alone would not have."""
import sys

REFUSED = frozenset({refused!r})


class Guard:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in REFUSED:
            raise ModuleNotFoundError(f"No module named {{name!r}} (not a library of this service)", name=name)
        return None


sys.meta_path.insert(0, Guard)
'''


def build_wheel(folder: Path) -> Path:
    """Build the wheel with the tools that are here; nothing is fetched."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def unpack_alone(wheel: Path, service: str, target: Path) -> Path:
    """Unpack the wheel without the other services, and put the guard beside it; returns the package's folder."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if _belongs(name, service)]
        archive.extractall(target, names)
        requires = _requirements(archive)
    refused = _refused_modules(_closure(requires, service))
    (target / GUARD).write_text(_GUARD_SOURCE.format(refused=sorted(refused)), encoding="utf-8")
    return target / "filemill"


def _belongs(name: str, service: str) -> bool:
    parts = name.split("/")
    return parts[0] != "filemill" or len(parts) == 2 or parts[1] in SHARED | {service}


def _requirements(archive: zipfile.ZipFile) -> list[Requirement]:
    (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    lines = archive.read(name).decode().splitlines()
    return [Requirement(line.partition(": ")[2]) for line in lines if line.startswith("Requires-Dist: ")]


def _closure(requires: Iterable[Requirement], extra: str) -> set[str]:
    """Names of the distributions that the core and one extra need, and what those need."""
    found: set[tuple[str, str]] = set()
    waiting = [(one, extra) for one in requires]
    while waiting:
        requirement, wanted = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": wanted}):
            continue
        for inner_extra in ("", *requirement.extras):
            key = (_plain(requirement.name), inner_extra)
            if key in found:
                continue
            found.add(key)
            try:
                inner = metadata.requires(requirement.name) or []
            except metadata.PackageNotFoundError:
                continue  # an optional accelerator that this platform does not have
            waiting += [(Requirement(text), inner_extra) for text in inner]
    return {name for name, _ in found}


def _refused_modules(allowed: set[str]) -> set[str]:
    """Top-level modules that only distributions outside `allowed` provide."""
    provided = metadata.packages_distributions()
    refused = {module for module, names in provided.items() if not allowed & {_plain(name) for name in names}}
    return refused - {"filemill", GUARD.removesuffix(".py")}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
