"""Switches faults of a mill on and off, by the command that everybody has."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from support.mill import Mill


def switch(mill: Mill, *arguments: str, status: int = 0) -> str:
    """Run `filemill fault`; returns what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "filemill.cli", "fault", *arguments],
        env=mill.environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@contextmanager
def fault_on(mill: Mill, name: str) -> Iterator[None]:
    """A fault that is on for as long as a `with` lasts."""
    switch(mill, name, "on")
    try:
        yield
    finally:
        switch(mill, name, "off")
