"""Every service's OpenAPI held against the running mill by schemathesis: each call, right and wrong, as everybody who may call.

No answer is a server's error, and each has a status, a media type, headers and a body that its document names.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from support import schema_hooks
from support.callers import make_key
from support.mill import Mill

SERVICES = ("access", "upload", "metadata", "ai", "processing", "notifications")
SCOPES = {
    "admin": ("admin", "files:read", "files:write", "files:delete"),
    "owner": ("files:read", "files:write", "files:delete"),
    "reader": ("files:read",),
    "admin without files": ("admin",),
}
IDENTITIES = (*SCOPES, "nobody", "browser", "upload token", "forged")
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "allow_header_conformance",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A mill that asks for credentials, and what each identity shows of them."""

    mill: Mill
    headers: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """Without a rate limit: the tool asks faster than anybody may."""
    folder = tmp_path_factory.mktemp("openapi")
    mill = Mill(folder / "data", FILEMILL_AUTH="keys", FILEMILL_RATE_PER_S="0")
    try:
        mill.start()
        keys = {who: make_key(mill, who.split()[0], *scopes)["key"] for who, scopes in SCOPES.items()}
        headers = {who: {"Authorization": f"Bearer {key}"} for who, key in keys.items()}
        with mill.client() as browser:
            begun = browser.post("/api/session", json={"key": keys["owner"]}).raise_for_status()
            cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
            headers["browser"] = {"Cookie": cookies, "X-CSRF-Token": begun.json()["csrf_token"]}
            wanted = {"files": 100, "max_bytes": 10_000_000}
            token = httpx.post(f"{mill.url}/api/access/upload-tokens", json=wanted, headers=headers["owner"])
            headers["upload token"] = {"Authorization": f"Bearer {token.raise_for_status().json()['token']}"}
        headers["nobody"] = {}
        headers["forged"] = {"Authorization": "Bearer fm_" + "A" * 43}
        yield Asked(mill, headers)
    finally:
        mill.stop()


def hold_against(asked: Asked, who: str, service: str, examples: int, folder: Path) -> None:
    """Ask everything the document of a service offers, as somebody."""
    url = f"{asked.mill.url}/api/{service}"
    seed = os.environ.get("FILEMILL_TEST_SEED") or str(secrets.randbits(32))
    hooks = {"SCHEMATHESIS_HOOKS": schema_hooks.__name__, "PYTHONPATH": str(Path(schema_hooks.__file__).parents[1])}
    shown = [f"--header={name}:{value}" for name, value in asked.headers[who].items()]
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", f"--url={url}", *shown,
            f"--checks={','.join(CHECKS)}", "--phases=examples,coverage,fuzzing", f"--max-examples={examples}",
            "--continue-on-failure", f"--seed={seed}", "--request-timeout=60", "--warnings=off", "--no-color",
            "--exclude-path=/events",  # it never ends
        ],
        cwd=folder,
        env=os.environ | hooks,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    assert " generated" in done.stdout, done.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_openapi_when_everything_in_it_is_asked_then_each_answer_is_in_it(
    asked: Asked, service: str, tmp_path: Path
) -> None:
    """As somebody who may do all."""
    hold_against(asked, "admin", service, 1, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("who", IDENTITIES)
def test_openapi_when_asked_by_everybody_at_length_then_each_answer_is_in_it(
    asked: Asked, who: str, service: str, tmp_path: Path
) -> None:
    """Every identity, with more examples."""
    hold_against(asked, who, service, 5, tmp_path)
