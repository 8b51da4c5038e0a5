"""Some files of a level that takes too long to run whole each time; which ones, a printed seed says.

`--sample 3 --seed 1a2b3c` runs about a third of the files that were collected, and all of those marked `core`. The same seed
chooses the same files anywhere; each file's turn comes with other seeds. `make test` takes the day for it.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """The two options."""
    group = parser.getgroup("sample", "run some of the files only")
    group.addoption("--sample", type=int, default=1, metavar="N", help="run one file in N, and those marked core")
    group.addoption("--seed", default="0", metavar="TEXT", help="which files: the same seed, the same files")


def pytest_report_header(config: pytest.Config) -> str | None:
    """How to run the same again."""
    if config.option.sample <= 1:
        return None
    return f"sample: one file in {config.option.sample}, --seed {config.option.seed} (all of them: make matrix)"


@pytest.hookimpl(trylast=True)  # of what is left when levels were chosen
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the other files out, and say so as pytest says it of what `-m` leaves out."""
    share = config.option.sample
    if share <= 1:
        return
    turn = {path: rank for rank, path in enumerate(sorted({item.path for item in items}, key=_rank(config)))}
    most = -(-len(turn) // share)
    left_out = [item for item in items if turn[item.path] >= most and not item.get_closest_marker("core")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def _rank(config: pytest.Config) -> Callable[[Path], bytes]:
    def rank(path: Path) -> bytes:
        name = path.relative_to(config.rootpath).as_posix()
        return hashlib.sha256(f"{config.option.seed} {name}".encode()).digest()

    return rank
