"""The client for ordinary programs. Its twin for asyncio is `AsyncMill`; what they do is written once, as steps."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import httpx

from filemill.client import calls
from filemill.client.connection import CHUNK_BYTES, Address, broken, head_of, request_of
from filemill.client.downloading import download_into, download_to, download_zip
from filemill.client.errors import MillError
from filemill.client.file import File, Version
from filemill.client.memory import UploadMemory
from filemill.client.preparing import prepare
from filemill.client.source import OnProgress
from filemill.client.steps import Answer, Call, Pause, Step, Steps
from filemill.client.uploading import fields_of

T = TypeVar("T")


class Mill:
    """A filemill at `url`, called with `key` (FILEMILL_URL and FILEMILL_KEY where they are not given).

    Several threads may use one. Close it, or use it as a context manager. Every method raises `MillError`.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        memory: UploadMemory | None = None,
    ) -> None:
        self.address = Address.of(url, key)
        self.memory = memory or UploadMemory.of_user()
        self._client = httpx.Client(**self.address.options(timeout))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> "Mill":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def upload(
        self,
        path_or_file: Path | str | BinaryIO,
        *,
        title: str | None = None,
        tags: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        filename: str | None = None,
        on_progress: OnProgress | None = None,
        resume: bool = True,
    ) -> File:
        """Send a file; broken connections are taken up again. `on_progress` is told (bytes sent, of how many).

        `resume`: with a path, an upload that an earlier process began is continued too. A file object must be able to seek.
        """
        fields = fields_of(title, tags, metadata)
        memory = self.memory if resume else None
        with ExitStack() as stack:
            uploading = prepare(stack, path_or_file, filename, fields, on_progress, self.address.url, memory)
            return self._do(uploading.steps())

    def wait(self, file_id: str, timeout: float = 300.0) -> File:
        """Return when the file is processed and analysed. Raises `MillError` with code `timeout`."""
        return self._do(calls.wait(file_id, timeout))

    def get(self, file_id: str) -> File:
        """Everything known of a file."""
        return self._do(calls.get(file_id))

    def list(self) -> Iterator[File]:
        """Your files, newest first, page after page."""
        return self._pages(calls.FILES, {})

    def search(
        self, words: str = "", *, type: str | None = None,  # noqa: A002 - as the API calls it
        tag: str | None = None, status: str | None = None,
        sort: str | None = None, mode: str | None = None,
    ) -> Iterator[File]:  # fmt: skip
        """Files by words, `"phrases"`, `prefix*`, `-not`; best first. A hit's `document` has score and highlights.

        `mode="hybrid"`: by meaning too, where a model for it is.
        """
        return self._pages(calls.KNOWN, calls.search_params(words, type, tag, status, sort, mode))

    def similar(self, file_id: str, *, limit: int = 10) -> Sequence[File]:
        """Files like this one, the nearest first; a `document` says how near (`similarity`, 0 to 1)."""
        return self._do(calls.similar(file_id, limit))

    def download(self, file_id: str, path: Path | str, *, overwrite: bool = False) -> Path:
        """Into a file, or a folder under the file's name; checked, then renamed. Returns where. May raise `FileExistsError`."""
        return self._do(download_to(file_id, Path(path), overwrite=overwrite))

    def download_into(self, file_id: str, file: BinaryIO) -> File:
        """Into an open binary file; raises `MillError` at the end if the bytes are not the file's."""
        return self._do(download_into(file_id, file))

    def download_zip(self, file_ids: Sequence[str], path: Path | str, *, overwrite: bool = False) -> Path:
        """Several files as one zip. Returns where. May raise `FileExistsError`."""
        return self._do(download_zip(file_ids, Path(path), overwrite=overwrite))

    def delete(self, file_id: str, *, purge: bool = False) -> str | None:
        """To the trash. With `purge` gone for good: returns the id of the purge."""
        return self._do(calls.delete(file_id, purge=purge))

    def restore(self, file_id: str) -> File:
        """Out of the trash."""
        return self._do(calls.restore(file_id))

    def versions(self, file_id: str) -> Sequence[Version]:
        """Every content the file has had, newest first."""
        return self._do(calls.versions(file_id))

    def _pages(self, path: str, params: Mapping[str, str | None]) -> Iterator[File]:
        cursor: str | None = None
        while True:
            page = self._do(calls.page(path, params, cursor))
            yield from map(File.of, page.items)
            cursor = page.next_cursor
            if cursor is None:
                return

    def _do(self, steps: Steps[T]) -> T:
        try:
            step = next(steps)
            while True:
                try:
                    answer = self._step(step)
                except MillError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as done:
            value: T = done.value
            return value
        finally:
            steps.close()

    def _step(self, step: Step) -> Answer | None:
        if isinstance(step, Call):
            return self._call(step)
        if isinstance(step, Pause):
            time.sleep(step.seconds)
        else:
            step.run()
        return None

    def _call(self, call: Call) -> Answer:
        request = request_of(self._client, call, _sent(call))
        try:
            response = self._client.send(request, stream=True)
            try:
                answer = head_of(response)
                if call.sink is None or not answer.is_good:
                    return Answer(answer.status, answer.headers, response.read())
                call.sink.begin(answer)
                for chunk in response.iter_bytes(CHUNK_BYTES):
                    call.sink.write(chunk)
                return answer
            finally:
                response.close()
        except httpx.HTTPError as error:
            raise broken(error, self.address.url) from error


def _sent(call: Call) -> Iterator[bytes]:
    if call.body is not None:
        for piece in call.body.pieces():
            yield piece
            call.body.passed(len(piece))
