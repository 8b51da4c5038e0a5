"""A provider of OpenID Connect that nobody here wrote, in a process of its own, and a person who logs in at its page."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from support.mill import wait_for
from support.servers.ports import free_ports

BACK = "http://localhost:8080/api/session/callback"
CLIENT = "filemill-web"


@contextmanager
def providing(output: Path) -> Iterator[str]:
    """`oidc-provider-mock` from PyPI: Flask and Authlib, with users whoever asks for. What it says goes to `output`."""
    (port,) = free_ports(1)
    with output.open("wb") as out:
        command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce"]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    url = f"http://localhost:{port}"

    def answers() -> bool:
        assert process.poll() is None, output.read_text(errors="replace")
        try:
            return httpx.get(f"{url}/.well-known/openid-configuration", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_for(answers, "the provider to answer", 60)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def log_in(url: str, subject: str) -> dict[str, str]:
    """What a person does at the provider's page, and what the browser comes back with."""
    with httpx.Client(timeout=20) as browser:
        page = browser.get(url)
        assert page.status_code == 200
        assert re.search("<form", page.text)
        answer = browser.post(url, data={"sub": subject})
    assert answer.status_code in (302, 303), answer.text
    back = urlsplit(answer.headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
    return {name: values[0] for name, values in parse_qs(back.query).items()}
