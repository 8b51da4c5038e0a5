"""Callers of a mill that asks for credentials: keys made by the operator's command, and clients that show them."""

import subprocess
import sys
from contextlib import ExitStack

import httpx
import orjson

from support.mill import Mill


def make_key(mill: Mill, owner: str, *scopes: str, expires: str | None = None) -> dict[str, str]:
    """A key of this owner as `filemill keys create --json` prints it; without scopes it has the three of files."""
    arguments = [f"--scope={scope}" for scope in scopes] + ([f"--expires={expires}"] if expires else [])
    made: dict[str, str] = orjson.loads(operate(mill, "keys", "create", "--owner", owner, "--json", *arguments))
    return made


def operate(mill: Mill, *command: str) -> str:
    """What an operator's command prints beside this mill."""
    done = subprocess.run(
        [sys.executable, "-m", "filemill.cli", *command],
        env=mill.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


class Callers:
    """Clients that show keys, closed together."""

    def __init__(self) -> None:
        self._clients = ExitStack()

    def __call__(self, mill: Mill, key: str | None, *, url: str | None = None) -> httpx.Client:
        """A client that shows this key, at the gateway unless another address is given."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return self._clients.enter_context(httpx.Client(base_url=url or mill.url, headers=headers, timeout=30))

    def close(self) -> None:
        """Close every client."""
        self._clients.close()
