"""What a zygote loads is copied with every fork: the packages that only its clients need stay out."""

import subprocess
import sys

import pytest

from filemill.ai.capabilities import names
from filemill.processing.steps.run import ENTRY, PRELOAD

ASK = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\nprint(*sys.modules)"


@pytest.mark.parametrize(
    ("entry", "preload", "wanted"),
    [(ENTRY, PRELOAD, "filemill.processing.steps.warm"), (names.ENTRY, names.PRELOAD, "filemill.ai.capabilities.warm")],
    ids=["processing", "ai"],
)
def test_zygote_when_it_has_loaded_the_parsers_then_nothing_of_the_client(
    entry: str, preload: tuple[str, ...], wanted: str
) -> None:
    """Without asyncio and pydantic a child has a quarter less private memory to copy, and ai's is ready a third sooner."""
    modules = ["filemill.chassis.sandbox.zygote", entry.partition(":")[0], *preload]
    told = subprocess.run([sys.executable, "-c", ASK, *modules], capture_output=True, text=True, check=True)
    loaded = set(told.stdout.split())
    assert wanted in loaded
    assert loaded.isdisjoint({"asyncio", "pydantic", "sqlalchemy", "structlog", "filemill.chassis.sandbox.client"})
