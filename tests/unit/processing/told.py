"""What a run says, looked at."""

from typing import Any


def step(result: Any, name: str) -> Any:
    """Return the record of a step."""
    return next(record for record in result["steps"] if record["name"] == name)
