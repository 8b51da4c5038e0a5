"""One model as its TOML file describes it: ours in `entries/`, an operator's own as `model.toml` in a folder of the shelf.

The rows `files` are the manifest of a pull: name, size, SHA-256 and, where it can be fetched, URL. Not for loading models nor
for what is on this machine (`shelf`). An entry that does not make sense raises `ValueError` naming the file.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

Device = Literal["cpu", "cuda", "any"]
Quality = Literal["basic", "good"]

WITHOUT_CODE = frozenset({".safetensors", ".onnx", ".json", ".txt"})
"""Kinds of files that are data only. Others, pickle with its kin first, can hold a program that runs when they are read."""
OWN_ENTRY = "model.toml"
TRANSFORMERS = "transformers"
TORCH_PACKAGES = ("torch", "transformers", "safetensors")
"""What every model of that runtime stands on, whether its entry says so or not."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of a model: inside an installed package, or one on the shelf. `sha256`, `size_bytes` None: not known yet."""

    name: str
    package: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    url: str | None = None
    optional: bool = False
    """Taken where there is one, when an operator pins the files that are at hand."""

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
    settings: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    """Of an operator's own model; ours have one on the shelf by their id."""
    pinned: bool = False
    """Whether the hashes of its files are those that an operator found, not ones that came with filemill."""

    @property
    def shelf_files(self) -> tuple[ModelFile, ...]:
        """The files that do not come with a package."""
        return tuple(file for file in self.files if file.package is None)

    @property
    def pull_command(self) -> str:
        """What fetches it, or takes the files that somebody brought."""
        return f"filemill models pull {self.id}" + ("" if self.manifest_complete else " --from FOLDER --pin")

    @property
    def manifest_complete(self) -> bool:
        """Whether every file to fetch has a size and a SHA-256; without them nothing may be pulled."""
        return self.built_in or (bool(self.files) and all(file.sha256 and file.size_bytes for file in self.shelf_files))

    def missing(self) -> str | None:
        """Say what of the packages a model stands on is not on this machine, or None if nothing."""
        for package in self.packages:
            if _version_of(package) is None:
                extra = "ai-torch" if package in TORCH_PACKAGES else "ai"
                return f"The Python package {package} is not installed; install filemill with the extra [{extra}]."
        for file in self.files:
            if file.package is not None and file.path() is None:
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
        if self.settings:
            lines.append(json.dumps(self.settings, sort_keys=True))
        return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest() if lines else ""


def read_entry(path: Path, *, own: bool = False) -> ModelEntry:
    """Read one TOML file. `own`: it is an operator's, in the folder of its files. Raises `ValueError`."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        entry = ModelEntry(
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
            built_in=raw["built_in"] and not own,
            packages=_packages(raw),
            files=tuple(_files(raw.get("files", []))),
            note=raw.get("note", ""),
            settings=raw.get("settings", {}),
            folder=path.parent if own else None,
        )
        checked(entry)
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"model entry {path.name} is not valid: {type(error).__name__} {error}") from error
    return entry


def checked(entry: ModelEntry) -> ModelEntry:
    """The entry, looked at for what a person may have written wrongly, and what must never be loaded. Raises `ValueError`."""
    if not _PLAIN_NAME.fullmatch(entry.id):
        raise ValueError(f"the id {entry.id!r} is not made of letters, digits, dots and dashes")
    if not (entry.size_bytes > 0 and entry.memory_bytes > 0 and entry.rank >= 0):
        raise ValueError(f"{entry.id}: size_bytes and memory_bytes are more than 0, rank is not negative")
    for file in entry.shelf_files:
        if not _PLAIN_NAME.fullmatch(file.name):
            raise ValueError(f"{entry.id}: {file.name!r} is not a plain file name")
        if Path(file.name).suffix not in WITHOUT_CODE:
            kinds = ", ".join(sorted(WITHOUT_CODE))
            raise ValueError(f"{entry.id}: {file.name} may hold code (pickle); only {kinds} files are loaded")
        if file.sha256 is not None and not _SHA256.fullmatch(file.sha256):
            raise ValueError(f"{entry.id}: the sha256 of {file.name} is not 64 hexadecimal digits")
    return entry


def _packages(raw: Mapping[str, Any]) -> tuple[str, ...]:
    named = tuple(raw.get("packages", ()))
    more = TORCH_PACKAGES if raw["runtime"] == TRANSFORMERS else ()
    return (*named, *(one for one in more if one not in named))


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
            files.append(
                ModelFile(
                    row["name"],
                    package,
                    row.get("sha256"),
                    row.get("size_bytes"),
                    row.get("url"),
                    row.get("optional", False),
                )
            )
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
