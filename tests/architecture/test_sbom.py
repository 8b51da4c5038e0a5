"""`make sbom`: what an image is made of, in a form that scanners of vulnerabilities and licences read (CycloneDX 1.6)."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements" / "images").glob("*.lock"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_sbom_when_it_is_made_from_a_lock_then_it_names_every_package_with_its_hashes(
    lock: Path, tmp_path: Path
) -> None:
    """Nothing that is installed is missing, and nothing else is there."""
    made = tmp_path / "made.json"
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", "--output-reproducible", "--short-PURLs",
               "--pyproject", str(ROOT / "pyproject.toml"), "-o", str(made), str(lock)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    said = json.loads(made.read_text(encoding="utf-8"))
    assert (said["bomFormat"], said["specVersion"]) == ("CycloneDX", "1.6")
    assert said["metadata"]["component"]["name"] == "filemill"
    locked = set(re.findall(r"^([a-z0-9.-]+)==([^ ;]+)", lock.read_text(encoding="utf-8"), re.MULTILINE))
    assert {(one["name"], one["version"]) for one in said["components"]} == locked
    for one in said["components"]:
        assert one["purl"] == f"pkg:pypi/{one['name']}@{one['version']}"
        assert [found["alg"] for found in one["externalReferences"][0]["hashes"]].count("SHA-256") >= 1, one["name"]
