"""What kustomize makes of the folders in deployment/kustomize, as plain values."""

import shutil
import subprocess
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
KUSTOMIZE = ROOT / "deployment" / "kustomize"
RENDERED = ROOT / "deployment" / "kubernetes" / "filemill.yaml"
Documents = list[dict[str, Any]]


def rendered() -> Documents:
    """The trial, as it is kept."""
    return list(yaml.safe_load_all(RENDERED.read_text(encoding="utf-8")))


def build(place: Path) -> Documents:
    """What `kubectl kustomize` says of a folder; the test is skipped where there is no kubectl."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not there, and nothing else renders kustomizations here")
    done = subprocess.run(["kubectl", "kustomize", str(place)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def with_components(folder: Path, overlay: str, *components: str) -> Documents:
    """An overlay that takes these, too, as someone writes it in a copy."""
    copied = shutil.copytree(ROOT / "deployment", folder / "deployment")
    place = copied / "kustomize" / "overlays" / overlay
    said = yaml.safe_load((place / "kustomization.yaml").read_text(encoding="utf-8"))
    said["components"] += [f"../../components/{name}" for name in components]
    (place / "kustomization.yaml").write_text(yaml.safe_dump(said), encoding="utf-8")
    return build(place)


def of_kind(documents: Documents, *kinds: str) -> dict[str, dict[str, Any]]:
    """By name."""
    return {one["metadata"]["name"]: one for one in documents if one["kind"] in kinds}


def pods(documents: Documents) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of what makes a pod, and what is in the pod."""
    for name, one in of_kind(documents, "Deployment", "Job").items():
        yield name, one["spec"]["template"]["spec"]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that run first, and those that stay."""
    return [*pod.get("initContainers", ()), *pod["containers"]]


def labels_of(workload: dict[str, Any]) -> dict[str, str]:
    """What selectors see of its pods."""
    return typing.cast(dict[str, str], workload["spec"]["template"]["metadata"]["labels"])
