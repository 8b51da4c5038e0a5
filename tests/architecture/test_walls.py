"""The walls of the house (`[tool.importlinter]` in pyproject.toml) stand, and no room is without one."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import filemill

ROOT = Path(__file__).parents[2]
PACKAGE = Path(filemill.__file__).parent
ADAPTERS = ("_database", "_transport", "_store", "_index", "_limiter")


def _contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return contracts


def test_imports_when_linted_then_keep_every_contract() -> None:
    """No import goes through a wall."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_service_when_it_has_rooms_then_they_have_exhaustive_layers() -> None:
    """A service with tables has its own layers contract, and a new module in it must be given its place."""
    layered = {contract["containers"][0] for contract in _contracts() if contract.get("exhaustive")}
    services = {f"filemill.{path.parent.name}" for path in PACKAGE.glob("*/endpoints.py")}
    assert services - layered == set()


def test_adapter_when_chosen_by_a_build_then_is_protected() -> None:
    """Every adapter that a `build.py` knows may be imported by nobody else."""
    protected = {module for contract in _contracts() for module in contract.get("protected_modules", ())}
    adapters = set()
    for build in PACKAGE.rglob("build.py"):
        for node in ast.walk(ast.parse(build.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.endswith(ADAPTERS):
                adapters.add(node.module)
    adapters.discard("filemill.metadata.search.text_index")  # the port itself
    assert adapters
    assert adapters - protected == set()


def test_import_when_it_breaks_a_wall_then_is_named(tmp_path: Path) -> None:
    """The linter sees what we think it sees: an import through a wall, put into a copy, is found."""
    copy = tmp_path / "filemill"
    copy.symlink_to(PACKAGE, target_is_directory=True)
    assert _lint(tmp_path).returncode == 0
    copy.unlink()
    for path in PACKAGE.rglob("*.py"):
        target = copy / path.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    with (copy / "upload" / "rules.py").open("a", encoding="utf-8") as rules:
        rules.write("\nfrom filemill.metadata import catalogue\nfrom filemill.upload.tables import files\n")
    said = " ".join(_lint(tmp_path).stdout.split())
    assert "filemill.upload.rules -> filemill.metadata.catalogue" in said
    assert "filemill.upload.rules -> filemill.upload.tables" in said


def _lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    code = f"import sys; sys.path.insert(0, {str(folder)!r})\nfrom importlinter.cli import lint_imports_command as run; run()"
    command = [sys.executable, "-c", code, "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
