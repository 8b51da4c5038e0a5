"""The programs in the guides run as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.mill import Mill

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "docs" / "guides" / name for name in ("python-client.md", "access.md")]
PROGRAMS = [
    program
    for guide in GUIDES
    for program in re.findall(r"```python\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
]


@pytest.mark.parametrize("at", range(len(PROGRAMS)))
def test_guide_when_its_program_is_run_then_it_works(mill: Mill, at: int, tmp_path: Path) -> None:
    """With nothing but the address of the mill in the environment."""
    program = PROGRAMS[at].replace("/tmp/", f"{tmp_path}/")
    environment = mill.environment | {"FILEMILL_URL": mill.url, "XDG_STATE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
