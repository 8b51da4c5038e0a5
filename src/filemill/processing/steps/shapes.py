"""Shapes of what the sandbox writes, checked outside of it: pydantic is imported by the first check, not by who writes.

The sandbox forks a process with all it has imported for each file; what only the outside needs made each fork a fifth
dearer. On failure: `checked` raises pydantic's ValidationError.
"""

import functools
from typing import Any, TypeVar, cast

Shape = TypeVar("Shape")


def strict(shape: type[Shape]) -> type[Shape]:
    """A TypedDict that may have no other fields: what pydantic's `with_config` does, without pydantic."""
    shape.__pydantic_config__ = {"extra": "forbid"}  # type: ignore[attr-defined]
    return shape


def checked(shape: type[Shape], raw: dict[str, Any]) -> Shape:
    """Return what came from outside if it has exactly this shape."""
    found: Shape = _adapter(cast(Any, shape)).validate_python(raw)
    return found


@functools.cache
def _adapter(shape: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(shape)
