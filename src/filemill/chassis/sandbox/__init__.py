"""Confined execution of one function per file, in a forked child with no network, few files and hard limits.

Use `Sandbox` from a worker; write entries as `function(request, work_dir, source, report) -> dict`. The decisions and
what they cost are in docs/decisions/0004-sandbox.md.
"""

from filemill.chassis.sandbox.client import Sandbox
from filemill.chassis.sandbox.errors import EntryError, SandboxUnavailableError
from filemill.chassis.sandbox.outcome import Level, Limits, Outcome
from filemill.chassis.sandbox.outputs import UntrustedOutputError, output_file

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
