"""An entry of the sandbox that does nothing: what is left is the price of the sandbox. Alone, so that no more is loaded."""

from pathlib import Path
from typing import Any


def nothing(request: dict[str, Any], work_dir: Path, source: Path, report: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer."""
    return {}
