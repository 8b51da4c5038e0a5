"""Where a pull takes files from: the addresses of the manifest, or a folder or archive (a wheel is one) on this machine.

An archive or folder is a place to look for bytes: files are found by name and size, and count only by their SHA-256, which
`pulling` checks. Not for: writing. On failure: `PullFailed` where asking again is useless, `Cut` where it may help.
"""

import ssl
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urljoin

import httpx

from filemill.ai.models.entry import ModelFile
from filemill.ai.models.pulling import Cut, PullFailed
from filemill.chassis.outbound import RefusedDestination, destination

REDIRECTS_MOST = 5
LOOKED_AT_MOST = 20_000
_PATIENCE = httpx.Timeout(30.0, connect=10.0)
_BLOCK_BYTES = 1 << 20
_WORTH = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class FromUrls:
    """The addresses of the manifest. `loopback_allowed`: also on this machine, and there over plain HTTP.

    `ca_file`: certificates (PEM) that are trusted instead of the public ones, for a mirror of one's own.
    """

    loopback_allowed: bool = False
    ca_file: Path | None = None

    def blocks(self, file: ModelFile, have_bytes: int) -> Iterator[tuple[int, bytes]]:
        """Yield (offset, bytes), beginning anew where the server does not know ranges."""
        if not file.url:
            raise PullFailed(f"the manifest has no address of {file.name}; bring the file and use --from")
        # No proxy of the environment: the address that was looked at is the one that is called.
        trusted = self._trusted()
        with httpx.Client(timeout=_PATIENCE, trust_env=False, follow_redirects=False, verify=trusted) as client:
            try:
                with self._asked(client, file, have_bytes) as answer:
                    at = _begins_at(answer, file, have_bytes)
                    for block in answer.iter_raw():  # as it comes: what is held back would be lost in a cut
                        yield at, block
                        at += len(block)
            except httpx.HTTPError as error:
                if "CERTIFICATE_VERIFY_FAILED" in str(error):  # asking again does not help
                    raise PullFailed(f"{file.name}: the certificate of the server is not trusted ({error})") from error
                raise Cut(type(error).__name__) from error

    def _trusted(self) -> "ssl.SSLContext | bool":
        if self.ca_file is None:
            return True
        try:
            return ssl.create_default_context(cafile=str(self.ca_file))
        except (OSError, ssl.SSLError) as error:
            raise PullFailed(f"FILEMILL_MODELS_CA_FILE: {self.ca_file} cannot be used: {error}") from error

    def _asked(self, client: httpx.Client, file: ModelFile, have_bytes: int) -> "_Answer":
        url = str(file.url)
        for _ in range(REDIRECTS_MOST + 1):
            try:
                place = destination(url, loopback_allowed=self.loopback_allowed)
            except RefusedDestination as error:
                raise PullFailed(str(error)) from error
            # Bytes as they are: a compressed transfer has other offsets.
            headers = {"Host": place.host, "Accept-Encoding": "identity"}
            if have_bytes:
                headers["Range"] = f"bytes={have_bytes}-"
            request = client.build_request(
                "GET", place.url, headers=headers, extensions={"sni_hostname": place.tls_name}
            )
            answer = client.send(request, stream=True)
            if answer.status_code not in (301, 302, 303, 307, 308) or "location" not in answer.headers:
                return _Answer(answer)
            answer.close()
            url = urljoin(url, answer.headers["location"])
        raise PullFailed(f"{file.name}: more than {REDIRECTS_MOST} redirects")


class _Answer:
    """A response that is closed at the end."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer

    def __enter__(self) -> httpx.Response:
        return self._answer

    def __exit__(self, *_: object) -> None:
        self._answer.close()


def _begins_at(answer: httpx.Response, file: ModelFile, have_bytes: int) -> int:
    """The offset of the first byte of the answer."""
    if answer.status_code == 200:
        return 0
    begins = answer.headers.get("content-range", "")
    if answer.status_code == 206 and begins.startswith(f"bytes {have_bytes}-"):
        return have_bytes
    if answer.status_code in _WORTH:
        raise Cut(f"status {answer.status_code}")
    raise PullFailed(f"{file.name}: the server answers {answer.status_code} for it")


@dataclass(frozen=True, slots=True)
class FromPlace:
    """A folder, or an archive in the zip format (a wheel is one), that was brought here."""

    place: Path

    def blocks(self, file: ModelFile, have_bytes: int) -> Iterator[tuple[int, bytes]]:
        """Yield (offset, bytes) of the first file of this name and size, from where it is."""
        try:
            source = (self._in_folder if self.place.is_dir() else self._in_archive)(file, have_bytes)
            yield from source
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise PullFailed(f"{self.place.name} cannot be read: {error}") from error

    def _in_folder(self, file: ModelFile, have_bytes: int) -> Iterator[tuple[int, bytes]]:
        for count, path in enumerate(self.place.rglob(file.name)):
            if count > LOOKED_AT_MOST:
                break
            if path.is_file() and path.stat().st_size == file.size_bytes:
                with path.open("rb") as opened:
                    yield from _from(opened, have_bytes)
                return
        raise PullFailed(f"there is no {file.name} of {file.size_bytes} bytes in {self.place}")

    def _in_archive(self, file: ModelFile, have_bytes: int) -> Iterator[tuple[int, bytes]]:
        with zipfile.ZipFile(self.place) as archive:
            for member in archive.infolist()[:LOOKED_AT_MOST]:
                if Path(member.filename).name == file.name and member.file_size == file.size_bytes:
                    with archive.open(member) as opened:
                        yield from _from(opened, have_bytes)
                    return
        raise PullFailed(f"there is no {file.name} of {file.size_bytes} bytes in {self.place.name}")


def _from(opened: IO[bytes], at: int) -> Iterator[tuple[int, bytes]]:
    opened.seek(at)
    while block := opened.read(_BLOCK_BYTES):
        yield at, block
        at += len(block)
