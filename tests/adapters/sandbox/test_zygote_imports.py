"""What a zygote loads is copied with every fork: the packages that only its clients need stay out."""

import subprocess
import sys

from filemill.processing.steps.run import ENTRY, PRELOAD

ASK = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\nprint(*sys.modules)"


def test_zygote_when_it_has_loaded_the_parsers_then_nothing_of_the_client() -> None:
    """Without asyncio and pydantic a child has a quarter less private memory to copy."""
    modules = ["filemill.chassis.sandbox.zygote", ENTRY.partition(":")[0], *PRELOAD]
    told = subprocess.run([sys.executable, "-c", ASK, *modules], capture_output=True, text=True, check=True)
    loaded = set(told.stdout.split())
    assert "filemill.processing.steps.warm" in loaded
    assert loaded.isdisjoint({"asyncio", "pydantic", "sqlalchemy", "structlog", "filemill.chassis.sandbox.client"})
