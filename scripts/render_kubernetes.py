"""Render the trial on Kubernetes from `deployment/kustomize/overlays/dev`, or see that what is rendered is fresh.

`scripts/render_kubernetes.py --write` needs kubectl. Without `--write` nothing is needed: the file says the digest of what it
was made from and of its own text, and both are counted again. `--output` writes elsewhere (a test compares).
Status 1 if the file is not what it says, or what it was made from has changed since.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OVERLAY = "deployment/kustomize/overlays/dev"
INPUTS = ("deployment/kustomize", "deployment/nginx", "deployment/postgresql", "deployment/compose/sample-secrets")
MORE_INPUTS = ("deployment/compose/kustomization.yaml",)
RENDERED = ROOT / "deployment" / "kubernetes" / "filemill.yaml"
_HEAD = """# The trial on Kubernetes, engines and all (docs/guides/kubernetes.md): kubectl apply -f deployment/kubernetes/
# Made by `make kubernetes` from {overlay}: change that, not this.
# from sha256:{inputs}, this sha256:{text}
"""
_SAID = re.compile(r"^# from sha256:([0-9a-f]{64}), this sha256:([0-9a-f]{64})\n", re.MULTILINE)
_COMPONENT = re.compile(r"^    app\.kubernetes\.io/component: (\w+)$", re.MULTILINE)
_ORDER = ("engine", "job", "service", "worker", "gateway")
"""As they lean on each other, for programs that start one after the other (`podman kube play`). Kubernetes does not mind."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="render it anew; needs kubectl")
    parser.add_argument("--output", type=Path, default=RENDERED)
    asked = parser.parse_args()
    if not asked.write:
        return _check(asked.output)
    if shutil.which("kubectl") is None:
        print("error: kubectl is not there, and it renders; Kubernetes' own packages have it", file=sys.stderr)
        return 1
    text = render()
    head = _HEAD.format(overlay=OVERLAY, inputs=digest_of_inputs(), text=_digest(text.encode()))
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text(head + text, encoding="utf-8")
    print(f"written: {asked.output}")
    return 0


def render() -> str:
    """What kubectl makes of the overlay, in an order in which it can also be started one after the other."""
    command = ["kubectl", "kustomize", str(ROOT / OVERLAY)]
    rendered = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    return "---\n".join(sorted(re.split(r"^---\n", rendered, flags=re.MULTILINE), key=_place))


def _place(document: str) -> tuple[bool, int]:
    """What runs comes last, and in order. Everything else stays as it is."""
    runs = re.search(r"^kind: (Deployment|Job)$", document, re.MULTILINE) is not None
    component = _COMPONENT.search(document)
    return runs, _ORDER.index(component[1]) if runs and component else 0


def digest_of_inputs() -> str:
    """Of the name and the content of every file that it is made from."""
    digest = hashlib.sha256()
    for path in _inputs():
        digest.update(f"{path.relative_to(ROOT)} {_digest(path.read_bytes())}\n".encode())
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    found = [path for folder in INPUTS for path in (ROOT / folder).rglob("*") if path.is_file()]
    yield from sorted([*found, *(ROOT / name for name in MORE_INPUTS)])


def _check(path: Path) -> int:
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    said = _SAID.search(kept)
    if said is None:
        problem = "is not there, or says not what it was made from"
    elif said[2] != _digest(kept[said.end() :].encode()):
        problem = "was changed by hand"
    elif said[1] != digest_of_inputs():
        problem = "was made before its inputs changed"
    else:
        return 0
    print(f"error: {path.name} {problem}; `make kubernetes` renders it anew", file=sys.stderr)
    return 1


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
