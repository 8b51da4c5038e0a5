"""libmagic from the package that brings it, with that package's database: the same on every machine."""

from functools import cache
from importlib import resources
from typing import Any


@cache
def detector() -> Any:
    """Return libmagic with its database loaded, once per process."""
    database = _packaged()
    import magic

    return magic.Magic(mime=True, magic_file=database)


def _packaged() -> str:
    """Make `import magic` find the packaged library, which importing `pylibmagic` does; return its database's path."""
    import pylibmagic

    return str(resources.files(pylibmagic) / "magic.mgc")
