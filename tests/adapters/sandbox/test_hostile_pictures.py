"""Each hostile picture ends in time, in memory, by name; so do thousands of broken ones."""

import os
import random
import secrets
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pillow_heif
import pytest

from filemill.chassis.sandbox import Sandbox
from filemill.processing.plan import PICTURE
from filemill.processing.steps.guarded import process

from . import hostile_rare_pictures as hostile_rare_pictures  # with hostile_pictures: their cases are among CASES then
from .hostile_picture_cases import CASES, GOOD
from .test_hostile_documents import MEMORY_BYTES, WALL_S, corrupted

pytestmark = pytest.mark.long

pillow_heif.register_heif_opener()


@pytest.fixture(scope="module")
def good() -> dict[str, bytes]:
    """A picture of each kind that can be read."""
    return {name: make() for name, make in GOOD.items()}


class Looks:
    """Runs a picture's plan and checks what every end must be."""

    def __init__(self, mill: Sandbox, scratch: Path, tmp_path: Path) -> None:
        self._mill, self._scratch, self._source = mill, scratch, tmp_path / "source"

    async def at(self, filename: str, content: bytes) -> Any:
        self._source.write_bytes(content)
        began_s = time.monotonic()
        processed = await process(
            self._mill,
            {"filename": filename},
            source=self._source,
            work_dir=self._scratch / "work",
            limits=PICTURE.limits,
        )
        took_s = time.monotonic() - began_s
        assert processed.result is not None, (filename, processed.outcome)
        assert took_s < WALL_S, (filename, processed.result["steps"])
        for step in processed.result["steps"]:
            assert step["code"] != "step-failed", (filename, step)
            assert (step["state"] == "done") != bool(step["code"] and step["detail"]), (filename, step)
        return processed.result


@pytest.fixture
def looks(mill: Sandbox, scratch: Path, tmp_path: Path) -> Looks:
    return Looks(mill, scratch, tmp_path)


def test_limits_when_read_then_they_are_those_promised() -> None:
    """30 seconds and 1 GiB for one picture."""
    assert PICTURE.limits.wall_s <= WALL_S
    assert PICTURE.limits.memory_bytes <= MEMORY_BYTES


FLOODS = [name for name in CASES if "gigapixels" in name or "megapixels" in name or name == "png_of_one_row"]


@pytest.mark.parametrize("name", CASES)
async def test_picture_when_hostile_then_it_ends_by_name(looks: Looks, name: str) -> None:
    """Within the limits: rejected or failed with a sentence, or done with what could be read.

    Nothing of a flood of pixels is decoded: its header is believed, or its parts contradict it.
    """
    case = CASES[name]
    content = case.make()
    began_s = time.monotonic()
    result = await looks.at(case.filename, content)
    if result["reject"] is not None:
        assert result["reject"]["code"]
        assert result["reject"]["detail"]
    if name in FLOODS:
        assert result["reject"] is not None, result["steps"]
        assert result["renditions"] == []
        assert time.monotonic() - began_s < WALL_S / 6


async def test_pictures_when_good_then_each_has_a_thumbnail(looks: Looks, good: dict[str, bytes]) -> None:
    """What the broken ones are made from is not broken."""
    for filename, content in good.items():
        result = await looks.at(filename, content)
        assert {one["name"] for one in result["renditions"]} == {"thumbnail", "preview"}, (filename, result["steps"])


@pytest.mark.parametrize("rounds", [4, pytest.param(42, marks=pytest.mark.slow)])
async def test_pictures_when_randomly_broken_then_each_ends_by_name(
    looks: Looks, good: dict[str, bytes], rounds: int
) -> None:
    """Of each kind so many copies; none brings the sandbox down or hangs it."""
    seed = int(os.environ.get("FILEMILL_TEST_SEED") or secrets.randbits(32))
    print(f"seed {seed}")
    noise, ends = random.Random(seed), Counter[str]()
    for _ in range(rounds):
        for filename, content in good.items():
            result = await looks.at(filename, corrupted(content, noise))
            ends[result["reject"]["code"] if result["reject"] else "done"] += 1
    print(dict(ends))
    assert ends.total() == rounds * len(good)
