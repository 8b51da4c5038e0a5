"""A small file in one request: what the form says, what is repeated with which key, and that there is one file."""

import io
import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from filemill.client.at_once import AtOnce
from filemill.client.errors import MillError
from filemill.client.memory import UploadMemory
from filemill.client.patience import Patience
from filemill.client.source import Source
from filemill.client.steps import Answer, Call
from filemill.client.uploading import Remembered, fields_of
from filemill.upload.multipart import FormReader, boundary_of
from support.tus_server import BROKEN, FILE_ID, TusServer, document, problem

DATA = random.Random(9).randbytes(70_000)


@dataclass
class FormServer(TusServer):
    """Reads forms as the upload service does; `answers` come first, None breaks the connection after the file was made."""

    answers: list[Answer | None] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    read: FormReader | None = None
    body: bytes = b""

    def _create(self, call: Call) -> Answer:
        assert call.body is not None
        self.keys.append(call.headers["Idempotency-Key"])
        form = b"".join(call.body.pieces())
        assert len(form) == call.body.size_bytes
        self.read = FormReader(boundary_of(call.headers["Content-Type"]))
        self.body = b"".join(bytes(one) for one in self.read.feed(form))
        self.read.end()
        if self.answers:
            answer = self.answers.pop(0)
            if answer is None:
                raise BROKEN
            return answer
        return Answer(201, {}, json.dumps(document(self.body)).encode())


def sending(name: str = "a.bin", remembered: Remembered | None = None, **fields: str) -> AtOnce:
    source = Source.of(io.BytesIO(DATA), name, None)
    return AtOnce(source, fields, remembered, Patience(dice=lambda: 0.0))


@pytest.mark.parametrize(
    "name", ["a.bin", "ä ö.txt", 'say "hi".txt', "back\\slash", "x;filename=y.txt", "semi;colon", "%41"]
)
def test_form_when_read_by_the_service_then_name_fields_and_bytes_are_the_same(name: str) -> None:
    """Whatever a name has in it."""
    server = FormServer()
    fields = fields_of("Tïtle", ["a", "b,c"], {"path": "x/\ny"})
    assert server.play(sending(name, **fields).steps()).file_id == FILE_ID
    assert server.read is not None
    assert server.read.filename == name
    assert {key: values[0] for key, values in server.read.fields.items()} == fields
    assert server.body == DATA
    assert server.methods() == "POST"


def test_upload_when_answers_are_lost_then_repeated_with_the_same_key() -> None:
    """The server knows the key, so there is one file."""
    server = FormServer(answers=[None, problem(409, "idempotency-in-progress", retryable=True), None])
    server.play(sending().steps())
    assert len(server.keys) == 4
    assert len(set(server.keys)) == 1


def test_upload_when_an_earlier_process_sent_it_then_with_its_key(tmp_path: Path) -> None:
    """Killed before the answer: the next process says the same key; afterwards nothing is remembered."""
    remembered = Remembered(UploadMemory(tmp_path), "entry")
    server = FormServer(answers=[None] * 8)
    with pytest.raises(MillError, match="connection-broken"):
        server.play(sending(remembered=remembered).steps())
    server.play(sending(remembered=remembered).steps())
    assert len(set(server.keys)) == 1
    assert remembered.memory.find("entry") is None


@pytest.mark.parametrize(("status", "code"), [(422, "idempotency-key-reused"), (404, "not-found")])
def test_upload_when_the_remembered_key_is_spent_then_a_fresh_one(tmp_path: Path, status: int, code: str) -> None:
    """The file of then is deleted, or had other bytes: this is a new upload."""
    remembered = Remembered(UploadMemory(tmp_path), "entry")
    remembered.memory.note("entry", "old")
    server = FormServer(answers=[problem(status, code)])
    server.play(sending(remembered=remembered).steps())
    assert server.keys[0] == "old"
    assert len(set(server.keys)) == 2


def test_upload_when_refused_for_good_then_once() -> None:
    """A key that is not remembered is not asked for twice."""
    server = FormServer(answers=[problem(415, "type-not-allowed")])
    with pytest.raises(MillError, match="type-not-allowed"):
        server.play(sending().steps())
    assert len(server.keys) == 1
