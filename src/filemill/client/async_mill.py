"""The client for asyncio: the twin of `Mill`. Disks are read and written in threads, so the loop stays free."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
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


class AsyncMill:
    """A filemill at `url`, called with `key` (FILEMILL_URL and FILEMILL_KEY where they are not given).

    Several tasks of one loop may use one. Close it, or use it with `async with`. Every method raises `MillError`.
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
        self._client = httpx.AsyncClient(**self.address.options(timeout))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def __aenter__(self) -> "AsyncMill":
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def upload(
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
            return await self._do(uploading.steps())

    async def wait(self, file_id: str, timeout: float = 300.0) -> File:
        """Return when the file is processed and analysed. Raises `MillError` with code `timeout`."""
        return await self._do(calls.wait(file_id, timeout))

    async def get(self, file_id: str) -> File:
        """Everything known of a file."""
        return await self._do(calls.get(file_id))

    def list(self) -> AsyncIterator[File]:
        """Your files, newest first, page after page."""
        return self._pages(calls.FILES, {})

    def search(
        self, words: str = "", *, type: str | None = None,  # noqa: A002 - as the API calls it
        tag: str | None = None, status: str | None = None,
        sort: str | None = None, mode: str | None = None,
    ) -> AsyncIterator[File]:  # fmt: skip
        """Files by words, `"phrases"`, `prefix*`, `-not`; best first. A hit's `document` has score and highlights.

        `mode="hybrid"`: by meaning too, where a model for it is.
        """
        return self._pages(calls.KNOWN, calls.search_params(words, type, tag, status, sort, mode))

    async def similar(self, file_id: str, *, limit: int = 10) -> Sequence[File]:
        """Files like this one, the nearest first; a `document` says how near (`similarity`, 0 to 1)."""
        return await self._do(calls.similar(file_id, limit))

    async def download(self, file_id: str, path: Path | str, *, overwrite: bool = False) -> Path:
        """Into a file, or a folder under the file's name; checked, then renamed. Returns where. May raise `FileExistsError`."""
        return await self._do(download_to(file_id, Path(path), overwrite=overwrite))

    async def download_into(self, file_id: str, file: BinaryIO) -> File:
        """Into an open binary file; raises `MillError` at the end if the bytes are not the file's."""
        return await self._do(download_into(file_id, file))

    async def download_zip(self, file_ids: Sequence[str], path: Path | str, *, overwrite: bool = False) -> Path:
        """Several files as one zip. Returns where. May raise `FileExistsError`."""
        return await self._do(download_zip(file_ids, Path(path), overwrite=overwrite))

    async def delete(self, file_id: str, *, purge: bool = False) -> str | None:
        """To the trash. With `purge` gone for good: returns the id of the purge."""
        return await self._do(calls.delete(file_id, purge=purge))

    async def restore(self, file_id: str) -> File:
        """Out of the trash."""
        return await self._do(calls.restore(file_id))

    async def versions(self, file_id: str) -> Sequence[Version]:
        """Every content the file has had, newest first."""
        return await self._do(calls.versions(file_id))

    async def _pages(self, path: str, params: Mapping[str, str | None]) -> AsyncIterator[File]:
        cursor: str | None = None
        while True:
            page = await self._do(calls.page(path, params, cursor))
            for item in page.items:
                yield File.of(item)
            cursor = page.next_cursor
            if cursor is None:
                return

    async def _do(self, steps: Steps[T]) -> T:
        try:
            step = next(steps)
            while True:
                try:
                    answer = await self._step(step)
                except MillError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as done:
            value: T = done.value
            return value
        finally:
            steps.close()

    async def _step(self, step: Step) -> Answer | None:
        if isinstance(step, Call):
            return await self._call(step)
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
        else:
            await asyncio.to_thread(step.run)
        return None

    async def _call(self, call: Call) -> Answer:
        request = request_of(self._client, call, _sent(call))
        try:
            response = await self._client.send(request, stream=True)
            try:
                answer = head_of(response)
                if call.sink is None or not answer.is_good:
                    return Answer(answer.status, answer.headers, await response.aread())
                call.sink.begin(answer)
                async for chunk in response.aiter_bytes(CHUNK_BYTES):
                    await asyncio.to_thread(call.sink.write, chunk)
                return answer
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise broken(error, self.address.url) from error


async def _sent(call: Call) -> AsyncIterator[bytes]:
    if call.body is not None:
        pieces = call.body.pieces()
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece
            call.body.passed(len(piece))
