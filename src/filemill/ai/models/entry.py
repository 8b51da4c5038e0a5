"""One model as its TOML file in `entries/` describes it, and whether it is on this machine.

For the registry only. Not for loading models (`runtimes`) nor for fetching them. An entry that does not parse raises
`ValueError` naming the file: entries are ours, so that is a bug, found by the tests.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

Device = Literal["cpu", "cuda", "any"]
Quality = Literal["basic", "good"]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model: inside an installed package, or one that a pull would fetch. `sha256` None: not known yet."""

    name: str
    package: str | None = None
    sha256: str | None = None

    def path(self) -> Path | None:
        """Where the file is on this machine, or None if its package is not installed or lacks it."""
        spec = find_spec(self.package) if self.package and _installed(self.package) else None
        if spec is None or spec.origin is None:
            return None
        path = Path(spec.origin).parent / self.name
        return path if path.is_file() else None


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model for one capability; `rank` 1 is tried first. `packages` are the distributions it runs on."""

    id: str
    capability: str
    title: str
    version: str
    runtime: str
    quality: Quality
    rank: int
    licence: str
    languages: tuple[str, ...]
    device: Device
    size_bytes: int
    memory_bytes: int
    built_in: bool
    packages: tuple[str, ...]
    files: tuple[ModelFile, ...]
    note: str

    @property
    def manifest_complete(self) -> bool:
        """Whether every file to fetch has a SHA-256; without it nothing may be pulled."""
        return self.built_in or (bool(self.files) and all(file.sha256 for file in self.files))

    def missing(self) -> str | None:
        """Say what a built-in model lacks on this machine, or None if it is complete."""
        for package in self.packages:
            if _version_of(package) is None:
                return f"The Python package {package} is not installed; install filemill with the extra [ai]."
        for file in self.files:
            if file.path() is None:
                return f"The file {file.name} of {file.package} is missing; install filemill again."
        return None

    def digest(self) -> str:
        """SHA-256 over the names and SHA-256 of all files and the versions of all packages; "" if not known."""
        lines = []
        for file in self.files:
            path = file.path()
            known = hashlib.sha256(path.read_bytes()).hexdigest() if path else file.sha256
            if known is None:
                return ""
            lines.append(f"{file.package or ''}/{file.name} {known}")
        lines += [f"{package}=={_version_of(package)}" for package in self.packages]
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest() if lines else ""


def read_entry(path: Path) -> ModelEntry:
    """Read one TOML file of `entries/`."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        packages = tuple(raw.get("packages", ()))
        return ModelEntry(
            id=raw["id"],
            capability=raw["capability"],
            title=raw["title"],
            version=_resolved_version(raw["version"]),
            runtime=raw["runtime"],
            quality=raw["quality"],
            rank=raw["rank"],
            licence=raw["licence"],
            languages=tuple(raw["languages"]),
            device=raw["device"],
            size_bytes=raw["size_bytes"],
            memory_bytes=raw["memory_bytes"],
            built_in=raw["built_in"],
            packages=packages,
            files=tuple(_files(raw.get("files", []))),
            note=raw.get("note", ""),
        )
    except (KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"model entry {path.name} is not valid: {error}") from error


def _files(rows: list[dict[str, Any]]) -> list[ModelFile]:
    """Expand rows: a name with `*` stands for every such file of the package, so that digests cover whole rooms."""
    files = []
    for row in rows:
        package = row.get("package")
        if package and "*" in row["name"]:
            spec = find_spec(package)
            root = Path(spec.origin).parent if spec and spec.origin else None
            found = sorted(root.glob(row["name"])) if root else []
            files += [ModelFile(path.relative_to(root).as_posix(), package) for path in found if root]
        else:
            files.append(ModelFile(row["name"], package, row.get("sha256")))
    return files


def _resolved_version(version: str) -> str:
    """`package:NAME` means the version of that distribution as installed here."""
    kind, _, package = version.partition(":")
    return version if kind != "package" else _version_of(package) or "not installed"


def _version_of(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _installed(package: str) -> bool:
    """Whether the import package's top level is there, asked without importing it (`find_spec` imports parents)."""
    return find_spec(package.partition(".")[0]) is not None
