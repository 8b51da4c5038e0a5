"""Where the result of a step is found again: by everything that it depends on.

That is the owner and the SHA-256 of the bytes (content.py), the step and its version, and `inputs`: the options it reads,
the programs it found, what of the file's name it looks at, and the addresses of the steps before it in the plan, because
a step may look at what they found. So an address whose result is there needs no run, and a step whose version rises
runs again together with those after it. Not for: which results are worth keeping (reuse.py). Nothing here fails.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import PurePath

from filemill.processing.content import Address
from filemill.processing.plan import Plan
from filemill.processing.steps import archive_list, identify, programs
from filemill.processing.steps.context import Step
from filemill.processing.steps.options import Options

# Of the others none looks at a file's name. archive_list: a compressed file without a name inside is shown by its own.
_READS_SUFFIX = frozenset({identify.NAME})
_READS_NAME = frozenset({archive_list.NAME})


def identification(filename: str, options: Options) -> Address:
    """The address of the first step, which decides about the plan."""
    return _address(identify, filename, options, before="")


def addresses(plan: Plan, filename: str, options: Options) -> list[Address]:
    """The addresses of a plan's steps, in order, as they are with the programs of this machine."""
    return list(_chain(plan, filename, options))


def _chain(plan: Plan, filename: str, options: Options) -> Iterator[Address]:
    before = ""
    for step in plan.steps:
        address = _address(step, filename, options, before)
        yield address
        before = f"{address.step} {address.version} {address.inputs}"


def _address(step: Step, filename: str, options: Options, before: str) -> Address:
    values = asdict(options)
    read = {name: values[name] for name in getattr(step, "OPTIONS", ())}
    without = tuple(name for name in getattr(step, "PROGRAMS", ()) if programs.find(name) is None)
    name = filename if step.NAME in _READS_NAME else ""
    suffix = PurePath(filename).suffix.lower() if step.NAME in _READS_SUFFIX else ""
    inputs = json.dumps([before, read, without, name, suffix], sort_keys=True)
    return Address(step.NAME, step.VERSION, hashlib.sha256(inputs.encode()).hexdigest(), read, without)
