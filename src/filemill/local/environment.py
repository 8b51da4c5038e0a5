"""Another installation's environment: a file of `NAME=value` lines, as Compose and systemd read them.

While it is in force every name that chooses an engine comes from the file alone; a part that the file does not name stays
where this installation has it, because the data folder does unless the file names another.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filemill.chassis.errors import StartError

_ENGINE_NAMES = ("DATABASE_URL", "REDIS_URL", "RABBITMQ_URL", "STORAGE_URL", "STORAGE_SERVICE_URL")
_ENGINE_PREFIXES = ("FILEMILL_", "AWS_", "AZURE_", "GOOGLE_", *_ENGINE_NAMES)


def read_env_file(path: Path) -> dict[str, str]:
    """The names and values in a file. Raises `StartError` with one line for a file that is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"--to-env {path}: the file cannot be read: {error}") from error
    values: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip().removeprefix("export ").lstrip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name.replace("_", "a").isalnum() or name[0].isdigit():
            raise StartError(f"--to-env {path}: line {number} is not NAME=value")
        values[name] = _unquoted(value.strip())
    return values


@contextmanager
def environment(values: Mapping[str, str], data_dir: Path) -> Iterator[None]:
    """Put these values in force; `data_dir` is the data folder unless they name one. Not for more than one thread."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(_ENGINE_PREFIXES) and not name.startswith("FILEMILL_TEST_"):
            del os.environ[name]
    os.environ.update({"FILEMILL_DATA_DIR": str(data_dir), **values})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value.partition(" #")[0].rstrip()
