"""What a hostile file is to the tests: how to make it, and what it calls itself. A case is a function of its own.

`CANARY` in a case is the address of a server that must never be asked.
"""

import io
import zipfile
from collections.abc import Callable
from typing import NamedTuple

CANARY = "http://canary.invalid"


class Case(NamedTuple):
    """A hostile file: how to make it, and what it calls itself."""

    make: Callable[[], bytes]
    filename: str


CASES: dict[str, Case] = {}
"""Those of documents; pictures have their own."""


def case(filename: str, among: dict[str, Case] = CASES) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Register a function that makes a hostile file."""

    def register(make: Callable[[], bytes]) -> Callable[[], bytes]:
        among[make.__name__] = Case(make, filename)
        return make

    return register


def zipped(members: dict[str, bytes | str]) -> bytes:
    """Return a ZIP of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()
