"""The entry of a zygote that is started only to see which walls this machine has: it does nothing, and loads nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

ENTRY = "filemill.chassis.sandbox.probe:nothing"


def nothing(
    _request: dict[str, Any], _work_dir: Path, _source: Path, _report: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Answer nothing."""
    return {}
