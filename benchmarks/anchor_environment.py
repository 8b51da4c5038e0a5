"""Virtual environments for what is measured against but is no dependency of ours: made once, by package name and version.

They lie in the user's cache folder (`XDG_CACHE_HOME`). Not for: anchors that we test with anyway (pypdf, Celery). On failure:
None, and the row says that its anchor could not be installed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

INSTALL_S = 300
UV = Path(__file__).parent.parent / ".tools" / "bin" / "uv"


def cache(*names: str) -> Path:
    """A folder below the cache; made if missing."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = root.joinpath("filemill-benchmarks", *names)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def python_with(name: str, *requirements: str) -> Path | None:
    """The interpreter of an environment that has these; None if they cannot be installed here."""
    wanted = hashlib.sha256(" ".join((sys.version, *requirements)).encode()).hexdigest()[:12]
    folder = cache("environments") / f"{name}-{wanted}"
    python, whole = folder / "bin" / "python", folder / "whole"
    if whole.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    uv = str(UV) if UV.exists() else shutil.which("uv")
    if uv is None:
        print(f"{name}: there is no uv to install it with; `make check` brings it", file=sys.stderr)
        return None
    commands = (
        [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "--quiet", "--python", str(python), *requirements],
    )
    for command in commands:
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_S)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1:]
            print(f"{name}: not installed: {' '.join(said)}", file=sys.stderr)
            return None
    whole.touch()
    return python


def missing_row(number: str, work: str, anchor: str, goal: str, unit: str) -> dict[str, Any]:
    """The row of a benchmark whose anchor is not there: no figure, and not met."""
    return {
        "id": number,
        "work": work,
        "anchor_is": f"{anchor}, which could not be had",
        "goal": goal,
        "met": False,
        "ours": "-",
        "anchor": "-",
        "ratio": "-",
        "unit": unit,
    }
