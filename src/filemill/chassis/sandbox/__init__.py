"""Confined execution of one function per file, in a forked child with no network, few files and hard limits.

Use `Sandbox` from a worker; write entries as `function(request, work_dir, source, report) -> dict`. The decisions and
what they cost are in docs/decisions/0004-sandbox.md.
"""

from typing import TYPE_CHECKING, Any

from filemill.chassis.sandbox.errors import EntryError, SandboxUnavailableError
from filemill.chassis.sandbox.outcome import Level, Limits, Outcome
from filemill.chassis.sandbox.outputs import UntrustedOutputError, output_file

if TYPE_CHECKING:
    from filemill.chassis.sandbox.client import Sandbox

__all__ = [
    "EntryError",
    "Level",
    "Limits",
    "Outcome",
    "Sandbox",
    "SandboxUnavailableError",
    "UntrustedOutputError",
    "output_file",
]


def __getattr__(name: str) -> Any:
    """Import the client when it is asked for: the zygote, whose every child would carry asyncio, has no use for it."""
    if name != "Sandbox":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from filemill.chassis.sandbox.client import Sandbox

    return Sandbox
