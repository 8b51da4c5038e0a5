"""tus clients that nobody here wrote, as a test drives them: tuspy in this process, tus-js-client in one of Node's.

Both go through a proxy that cuts connections on their way up, at places that seeded dice choose.
"""

import json
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from support.fault_proxy import Fault, FaultProxy
from support.programs import Require

FOLDER = Path(__file__).parent / "clients"
NODE_LEAST = 20
GIVE_UP_S = 120.0
INSTALL_S = 180
_TRY_AGAIN = (None, 409, 423, 502, 503)


class CuttingProxy(FaultProxy):
    """Cuts every connection after so many bytes of the client's, between none and `most_bytes`: a kept one too, in the end."""

    def __init__(self, server_port: int, seed: int, *, most_bytes: int = 4_000_000) -> None:
        super().__init__(server_port, seed=seed)
        self._cut_dice = random.Random(seed)
        self._most_bytes = most_bytes
        self.cutting = True

    @property
    def cuts(self) -> int:
        """Connections that were cut while bytes went up."""
        return self.injected["cut-up"]

    def roll(self) -> Fault | None:
        """See `FaultProxy.roll`. One in five is cut in its first kilobytes: heads and first bytes."""
        if not self.cutting:
            return None
        most = 3_000 if self._cut_dice.random() < 0.2 else self._most_bytes
        return Fault("cut-up", after_bytes=self._cut_dice.randrange(most))


class TusPy:
    """tuspy; a client that starts again from the address it was given, as its users do."""

    name = "tuspy"

    def send(self, endpoint: str, path: Path, name: str, dice: random.Random) -> str:
        """Upload a file however often it takes; returns its address."""
        url: str | None = None
        chunk = dice.choice((200_000, 1_000_000, 3_000_000, 50_000_000))
        until_s = time.monotonic() + GIVE_UP_S
        with path.open("rb") as stream:  # the client opens files itself, and never closes them
            while True:
                assert time.monotonic() < until_s, f"{name} is not there after {GIVE_UP_S} s"
                try:
                    uploader = TusClient(endpoint).uploader(
                        file_stream=stream, url=url, chunk_size=chunk, metadata={"filename": name},
                        upload_checksum=dice.random() < 0.3,
                    )  # fmt: skip
                    if url is None:
                        url = uploader.create_url()
                        uploader.set_url(url)
                    uploader.upload()
                    return url
                except (TusCommunicationError, TusUploadFailed) as error:
                    status = getattr(error, "status_code", None)
                    if status not in _TRY_AGAIN:
                        raise
                    time.sleep(0.02)


class TusJs:
    """tus-js-client, which resumes by itself."""

    name = "tus-js-client"

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def send(self, endpoint: str, path: Path, name: str, dice: random.Random) -> str:
        """Upload a file; returns its address."""
        chunk = dice.choice((300_000, 1_000_000, 3_000_000, None))
        return str(self.job(endpoint, path, name, chunkSize=chunk)["url"])

    def job(self, endpoint: str, path: Path, name: str, **options: Any) -> dict[str, Any]:
        """Upload with options of tus-js-client; its outcome."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {"endpoint": endpoint, "path": str(path), "metadata": {"filename": name}} | options
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        outcome: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "error" not in outcome, outcome
        return outcome


@contextmanager
def tus_js(require: Require) -> Iterator[TusJs]:
    """A process of Node with tus-js-client as its lock file says."""
    node, npm = require("node"), require("npm")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").partition(".")[0]) < NODE_LEAST:
        require.missing(f"Node is {version.strip()}, tus-js-client needs {NODE_LEAST}")
    installed, lock = FOLDER / "node_modules" / ".package-lock.json", FOLDER / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        said = subprocess.run([npm, "ci", "--silent"], cwd=FOLDER, capture_output=True, text=True, timeout=INSTALL_S)
        if said.returncode != 0:
            shutil.rmtree(FOLDER / "node_modules", ignore_errors=True)
            require.missing(f"npm cannot install tus-js-client: {said.stderr.strip()[-300:]}")
        installed.touch()
    process = subprocess.Popen(
        [node, "upload.mjs"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield TusJs(process)
    finally:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.terminate()
        process.wait(10)
