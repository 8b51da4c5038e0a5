"""The committed OpenAPI and AsyncAPI say what the code does, and the contract's calls are in them."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from filemill.contracts.upload import Analysis, Status

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "check_documents.py"
EVERYWHERE = {("get", "/health"), ("get", "/livez"), ("get", "/readyz")}
CALLS = {
    "access": {("get", "/session"), ("get", "/verify")},
    "upload": {
        ("post", "/files"), ("post", "/upload"), ("put", "/files"), ("get", "/files"), ("get", "/files/{file_id}"),
        ("get", "/files/{file_id}/content"), ("delete", "/files/{file_id}"), ("post", "/files/{file_id}/restore"),
        ("get", "/stats"), ("get", "/limits"), ("get", "/parked"), ("post", "/parked/{event_id}/retry"),
    },
    "metadata": {
        ("get", "/files"), ("get", "/files/{file_id}"), ("patch", "/files/{file_id}"), ("get", "/files/{file_id}/text"),
        ("get", "/files/{file_id}/renditions/{name}"), ("get", "/files/{file_id}/audit"),
        ("get", "/files/{file_id}/timeline"), ("get", "/analytics"),
    },
    "processing": {
        ("get", "/jobs"), ("get", "/jobs/groups"), ("get", "/jobs/{job_id}"), ("post", "/jobs/{job_id}/retry"),
        ("post", "/jobs/{job_id}/cancel"), ("post", "/jobs/retry"), ("get", "/plans"),
        ("get", "/files/{file_id}/renditions/{name}"),
    },
    "ai": {
        ("post", "/analyze/{file_id}"), ("get", "/jobs/{job_id}"), ("post", "/jobs/{job_id}/retry"), ("get", "/models"),
    },
    "notification": {
        ("get", "/events"), ("get", "/snapshot"), ("post", "/webhooks"), ("get", "/webhooks"),
        ("delete", "/webhooks/{webhook_id}"), ("get", "/webhooks/{webhook_id}/deliveries"),
        ("post", "/deliveries/{delivery_id}/replay"),
    },
}  # fmt: skip


def run_script(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_check_documents_when_nothing_changed_then_it_is_content_and_otherwise_it_names_the_drift(
    tmp_path: Path,
) -> None:
    """`make check` fails with the difference when a document says something else than the code."""
    written = run_script("--write", "--root", str(tmp_path))
    assert written.returncode == 0
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*") if path.is_file())
    assert len(made) == 18
    assert [name for name in made if (tmp_path / name).read_bytes() != (ROOT / name).read_bytes()] == []
    drifted = tmp_path / "docs" / "openapi" / "upload.json"
    drifted.write_text(drifted.read_text().replace("One file", "Some file"))
    (tmp_path / "docs" / "asyncapi.yaml").unlink()
    checked = run_script("--root", str(tmp_path))
    assert checked.returncode == 1
    assert "Some file" in checked.stdout
    assert "missing: docs/asyncapi.yaml" in checked.stdout
    assert "make documents" in checked.stderr


@pytest.mark.parametrize("service", CALLS)
def test_openapi_when_the_contract_names_a_call_then_it_is_there_with_problem_errors(service: str) -> None:
    """The calls of the contract that are built are in the document, and each says how it fails."""
    document: dict[str, Any] = json.loads((ROOT / "docs" / "openapi" / f"{service}.json").read_text())
    calls = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert calls >= CALLS[service] | EVERYWHERE
    for method, path in calls:
        operation = document["paths"][path][method]
        assert operation["summary"], (method, path)
        assert "default" in operation["responses"], (method, path)


def test_check_licences_when_the_lock_is_installed_then_all_fit() -> None:
    """No licence of what we install reaches into ours."""
    script = ROOT / "scripts" / "check_licences.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("what", "states"),
    [
        ("status of a file", set(get_args(Status))),
        ("analysis of a file", set(get_args(Analysis))),
        ("a job", {"queued", "running", "done", "failed", "parked", "cancelled"}),
    ],
)
def test_protocol_when_it_draws_states_then_they_are_those_of_the_code(what: str, states: set[str]) -> None:
    """A state that is added is drawn, and what is drawn can be."""
    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    drawn = text.partition(f'state "{what}"')[2].partition("}")[0]
    arrows = re.findall(r"^ +(\S+) --> ([a-z]+)", drawn, re.MULTILINE)
    assert {end for arrow in arrows for end in arrow} - {"[*]"} == states
