"""What an image is built from: what the build of the wheel asks for is in the context and copied before it.

Whether an image is built and runs is for a machine with containers (docs/guides/compose.md says what was run on what).
"""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _needed() -> list[str]:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    about = PROJECT["project"]
    return sorted(
        {*wheel["packages"], *wheel["force-include"], about["readme"], *about["license-files"], "pyproject.toml"}
    )


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


@pytest.mark.parametrize("needed", _needed())
def test_wheel_when_an_image_builds_it_then_what_it_is_made_of_has_come_along(needed: str) -> None:
    """`COPY` brings it into the build, and `.dockerignore` lets it into the context."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    assert any(_within(needed, one) for one in let_in), f".dockerignore keeps {needed} out"
    build = (ROOT / "deployment" / "images" / "Dockerfile").read_text(encoding="utf-8").partition("hatchling build")[0]
    copied = [one for line in re.findall(r"^COPY (?!--from)(.+)$", build, re.MULTILINE) for one in line.split()[:-1]]
    assert any(_within(needed, one) for one in copied), f"the Dockerfile does not copy {needed}"
