"""Sending a file by tus 1.0.0 (https://tus.io/protocols/resumable-upload), as steps.

Creation, then PATCH in stretches; after any break HEAD says how much the server has for safe, and it goes on from there.
A break costs at most what was on its way. At the end the server's SHA-256 is compared with that of the bytes read here.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from filemill.client.errors import MillError
from filemill.client.file import File
from filemill.client.memory import UploadMemory
from filemill.client.patience import Patience, ask_again
from filemill.client.source import Source, Stretch
from filemill.client.steps import Answer, Call, Steps, Work, ask

PATH = "/api/upload/tus/"
STRETCH_BYTES = 64 * 1024 * 1024
"""Of one PATCH. Each ends with a sync of the server's: 8 MiB were half as fast as 64, 128 hardly faster. A break loses none."""
BEGIN_MOST = 3
"""How often an upload that the server has forgotten is begun anew."""
_SPEAKS = {"Tus-Resumable": "1.0.0"}
_GONE = (404, 410)
_LOOK_AND_GO_ON = (409, 460)
"""Another offset than we thought, bytes hurt on their way: neither retryable as it is, both mended by a look at the offset."""


def fields_of(
    title: str | None, tags: Sequence[str], metadata: Mapping[str, Any] | None, external_id: str | None = None
) -> dict[str, str]:
    """What is said beside the bytes, as texts."""
    said = {
        "title": title,
        "tags": json.dumps(list(tags)) if tags else None,
        "metadata": json.dumps(metadata) if metadata else None,
        "external_id": external_id,
    }
    return {name: text for name, text in said.items() if text}


@dataclass(frozen=True, slots=True)
class Remembered:
    """Where this upload is remembered."""

    memory: UploadMemory
    entry: str


@dataclass(slots=True)
class Uploading:
    """One file on its way up. `steps` does it."""

    source: Source
    fields: Mapping[str, str]
    remembered: Remembered | None = None
    stretch_bytes: int = STRETCH_BYTES
    patience: Patience = field(default_factory=Patience)
    _upload_id: str | None = None
    _begun: int = 0

    def steps(self) -> Steps[File]:
        """Raises `MillError`; a file that could not be read raises `OSError`."""
        while True:
            offset, file_id = yield from self._where()
            if file_id is None:
                file_id = yield from self._send(offset)
            if file_id is None:
                continue  # the server has forgotten the upload
            try:
                answer = yield from ask_again(Call("GET", f"/api/upload/files/{file_id}"), self.patience)
            except MillError as error:
                if error.status not in _GONE or self._begun:
                    raise
                self._forget()  # an earlier run's file, deleted since
                continue
            yield Work(self.source.sha256)
            return checked(File.of(answer.json()), self.source, self.remembered)

    def _where(self) -> Steps[tuple[int, str | None]]:
        """How far the upload is, and its file if it is done. Begins one if there is none."""
        if self._upload_id is None and self.remembered is not None:
            self._upload_id = self.remembered.memory.find(self.remembered.entry)
        if self._upload_id is not None:
            found = yield from self._look()
            if found is not None:
                return found
        yield from self._begin()
        return 0, None

    def _begin(self) -> Steps[None]:
        self._begun += 1
        told = {"filename": self.source.name} | dict(self.fields)
        pairs = ",".join(
            f"{name} {base64.b64encode(text.encode('utf-8', 'replace')).decode()}" for name, text in told.items()
        )
        headers = _SPEAKS | {"Upload-Length": str(self.source.size_bytes), "Upload-Metadata": pairs}
        answer = yield from ask_again(Call("POST", PATH, headers=headers), self.patience)
        # Of the address only the id counts: credentials go nowhere but to the server that was asked.
        upload_id = answer.headers.get("location", "").rstrip("/").rpartition("/")[2]
        if not upload_id:
            raise MillError("not-a-filemill", "the server made no upload", status=answer.status)
        self._upload_id = upload_id
        if self.remembered is not None:
            self.remembered.memory.note(self.remembered.entry, upload_id)

    def _look(self) -> Steps[tuple[int, str | None] | None]:
        """What HEAD says: offset, and the file if it is done; None if the upload is gone."""
        try:
            answer = yield from ask_again(Call("HEAD", f"{PATH}{self._upload_id}", headers=_SPEAKS), self.patience)
        except MillError as error:
            if error.status not in _GONE or self._begun >= BEGIN_MOST:
                raise
            self._forget()
            return None
        offset = _offset(answer)
        if not 0 <= offset <= self.source.size_bytes:
            raise MillError("not-a-filemill", "the server has more bytes than were sent", status=answer.status)
        return offset, _file_id(answer)

    def _send(self, offset: int) -> Steps[str | None]:
        """Send what is missing; returns the id of the file, None if the upload is gone."""
        while True:
            self.source.tell(offset)
            count = min(self.stretch_bytes, self.source.size_bytes - offset)
            try:
                answer = yield from ask(self._patch(offset, count))
            except MillError as error:
                if not (error.retryable or error.status in (*_GONE, *_LOOK_AND_GO_ON)):
                    self._forget()
                    raise
                if error.status not in _GONE:
                    yield self.patience.pause(error)
                found = yield from self._look()
                if found is None:
                    return None
                if found[1] is not None:
                    return found[1]
                if found[0] > offset:
                    self.patience.progressed()
                offset = found[0]
                continue
            file_id = _file_id(answer)
            if file_id is not None:
                return file_id
            if _offset(answer) <= offset:
                yield self.patience.pause(MillError("no-progress", "the server takes no bytes", status=answer.status))
            else:
                self.patience.progressed()
            offset = _offset(answer)

    def _patch(self, offset: int, count: int) -> Call:
        headers = _SPEAKS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        body = Stretch(self.source, offset, count)
        return Call("PATCH", f"{PATH}{self._upload_id}", headers=headers, body=body, long=True)

    def _forget(self) -> None:
        if self.remembered is not None:
            self.remembered.memory.forget(self.remembered.entry)
        self._upload_id = None


def checked(file: File, source: Source, remembered: Remembered | None) -> File:
    """The file, if it has the bytes that were read here. Raises `MillError`."""
    if file.sha256 != source.sha256():
        if remembered is not None:
            remembered.memory.forget(remembered.entry)
        raise MillError("file-changed", f"{source.name} changed while it was sent; what arrived is file {file.file_id}")
    source.tell(source.size_bytes)
    if remembered is not None:
        remembered.memory.done(remembered.entry)
    return file


def _offset(answer: Answer) -> int:
    text = answer.headers.get("upload-offset", "")
    if not (text.isascii() and text.isdigit()):
        raise MillError("not-a-filemill", "the server does not say how much it has", status=answer.status)
    return int(text)


def _file_id(answer: Answer) -> str | None:
    link = answer.headers.get("filemill-file")
    return link.rpartition("/")[2] if link else None
