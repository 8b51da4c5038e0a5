"""Sending by tus, decided without a network: what is called, when it waits, where it goes on, when it gives up."""

import io
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from filemill.client.errors import MillError
from filemill.client.memory import UploadMemory
from filemill.client.patience import FIRST_S, MOST_S, TRIES, Patience
from filemill.client.source import PIECE_BYTES, Source
from filemill.client.uploading import Remembered, Uploading, fields_of
from support.tus_server import FILE_ID, Hurt, TusServer, problem

DATA = random.Random(3).randbytes(3 * PIECE_BYTES + 17)
STRETCH = 2 * PIECE_BYTES


@dataclass
class Sending:
    """An upload of `DATA` (or other bytes) in stretches of two pieces, and how far it said it was."""

    told: list[tuple[int, int]]
    uploading: Uploading


def sending(data: bytes = DATA, remembered: Remembered | None = None, **more: Any) -> Sending:
    told: list[tuple[int, int]] = []
    source = Source.of(io.BytesIO(data), "a.bin", lambda sent, total: told.append((sent, total)))
    return Sending(told, Uploading(source, more.pop("fields", {}), remembered, STRETCH, Patience(dice=lambda: 1.0)))


def test_upload_when_nothing_fails_then_created_and_sent_in_stretches() -> None:
    """One creation, a PATCH per stretch, and the file; names and fields are told."""
    server, one = TusServer(), sending(fields=fields_of("T", ["a", "ä,b"], {"path": "x/y"}))
    file = server.play(one.uploading.steps())
    assert server.methods() == "POST PATCH PATCH GET"
    assert (file.file_id, server.received) == (FILE_ID, DATA)
    assert server.told["filename"] == "a.bin"
    assert json.loads(server.told["tags"]) == ["a", "ä,b"]
    assert json.loads(server.told["metadata"]) == {"path": "x/y"}
    assert one.told[0] == (0, len(DATA))
    assert one.told[-1] == (len(DATA), len(DATA))
    assert server.pauses == []


def test_upload_when_the_connection_breaks_then_it_goes_on_where_the_server_is() -> None:
    """HEAD says what is safe; nothing before it is sent again, and the pause grows no further than its bound."""
    server, one = TusServer([Hurt(1000), Hurt(0), None, Hurt(PIECE_BYTES + 1)]), sending()
    server.play(one.uploading.steps())
    assert server.received == DATA
    assert server.begun == 1
    offsets = [int(call.headers["Upload-Offset"]) for call in server.calls if call.method == "PATCH"]
    assert offsets[:3] == [0, 1000, 1000]
    assert server.pauses == [FIRST_S, FIRST_S, FIRST_S]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (423, "locked"),
        (429, "rate-limited"),
        (503, "service-unavailable"),
        (409, "offset-conflict"),
        (460, "x"),
        (502, ""),
    ],
)
def test_upload_when_refused_for_now_then_it_looks_and_goes_on(status: int, code: str) -> None:
    """Also where a proxy answers with a page of its own (502), and where only the offset was wrong (409, 460)."""
    answer = problem(status, code, retryable=status in (423, 429, 503))
    if not code:
        answer = type(answer)(status, {}, b"<html>")
    server = TusServer([Hurt(500, answer)])
    server.play(sending().uploading.steps())
    assert server.received == DATA
    assert server.methods() == "POST PATCH HEAD PATCH PATCH GET"


def test_upload_when_retry_after_is_said_then_it_waits_at_least_so_long() -> None:
    """Jitter comes on top of what the server asks for."""
    server = TusServer([Hurt(0, problem(429, "rate-limited", retryable=True, retry_after="7"))])
    server.play(sending().uploading.steps())
    assert server.pauses == [7.0 + FIRST_S]


def test_upload_when_retry_after_is_too_long_then_the_error_is_raised() -> None:
    """An hour is the caller's decision, not ours."""
    server = TusServer([Hurt(0, problem(503, "service-unavailable", retryable=True, retry_after="3600"))])
    with pytest.raises(MillError) as raised:
        server.play(sending().uploading.steps())
    assert raised.value.retry_after_s == 3600
    assert raised.value.request_id == "r-1"


def test_upload_when_it_never_works_then_it_gives_up_after_its_tries() -> None:
    """Pauses double up to their bound; the last error is the one that is raised."""
    server = TusServer([Hurt(0)] * 50)
    with pytest.raises(MillError) as raised:
        server.play(sending().uploading.steps())
    assert raised.value.code == "connection-broken"
    assert server.pauses == [min(MOST_S, FIRST_S * 2**failed) for failed in range(TRIES - 1)]


def test_upload_when_each_try_brings_some_bytes_then_it_does_not_give_up() -> None:
    """A bad line is not a dead one: progress begins the count anew."""
    server = TusServer([Hurt(1000)] * (3 * TRIES))
    server.play(sending().uploading.steps())
    assert server.received == DATA


def test_upload_when_refused_for_good_then_no_second_try(tmp_path: Path) -> None:
    """415 stays 415; and the next run begins anew."""
    remembered = Remembered(UploadMemory(tmp_path), "entry")
    server = TusServer([Hurt(PIECE_BYTES, problem(415, "type-not-allowed"))])
    with pytest.raises(MillError, match="type-not-allowed") as raised:
        server.play(sending(remembered=remembered).uploading.steps())
    assert (raised.value.status, raised.value.retryable) == (415, False)
    assert server.methods() == "POST PATCH"
    assert remembered.memory.find("entry") is None


def test_upload_when_the_last_answer_is_lost_then_there_is_one_file() -> None:
    """The server has made the file; HEAD names it."""
    server = TusServer([None, Hurt(lost_answer=True)])
    assert server.play(sending().uploading.steps()).file_id == FILE_ID
    assert server.methods() == "POST PATCH PATCH HEAD GET"


def test_upload_when_an_earlier_process_began_it_then_only_the_rest_is_sent(tmp_path: Path) -> None:
    """Killed without a word, taken up by the next; the prefix is read and hashed, not sent."""
    remembered = Remembered(UploadMemory(tmp_path), "entry")
    server = TusServer([Hurt(PIECE_BYTES)])
    steps = sending(remembered=remembered).uploading.steps()
    answer = server.answer(next(steps))  # type: ignore[arg-type]
    patch = steps.send(answer)
    with pytest.raises(MillError):
        server.answer(patch)  # type: ignore[arg-type]
    del steps  # as a kill does
    server.calls.clear()
    assert server.play(sending(remembered=remembered).uploading.steps()).size == len(DATA)
    assert server.methods() == "HEAD PATCH PATCH GET"
    assert server.received == DATA
    assert remembered.memory.find("entry") is None


def test_upload_when_the_remembered_one_has_expired_then_it_begins_anew(tmp_path: Path) -> None:
    """A 404 is no error to somebody who only hoped."""
    remembered = Remembered(UploadMemory(tmp_path), "entry")
    remembered.memory.note("entry", "old")
    server = TusServer()
    server.play(sending(remembered=remembered).uploading.steps())
    assert server.methods() == "HEAD POST PATCH PATCH GET"


def test_upload_when_the_server_forgets_it_each_time_then_that_is_the_error() -> None:
    """It is begun anew some times, not for ever."""

    class Forgetful(TusServer):
        def _patch(self, call: Any) -> Any:
            self.size = None
            return super()._patch(call)

    server = Forgetful()
    with pytest.raises(MillError) as raised:
        server.play(sending().uploading.steps())
    assert raised.value.status == 404
    assert server.begun == 3


def test_upload_when_the_address_is_elsewhere_then_the_key_goes_to_nobody_else() -> None:
    """Of the address only the id counts."""
    server = TusServer(location="https://elsewhere.example/api/upload/tus/one")
    server.play(sending().uploading.steps())
    assert {call.path for call in server.calls if call.method == "PATCH"} == {"/api/upload/tus/one"}


def test_upload_when_the_file_becomes_shorter_then_it_says_so() -> None:
    """A body that ends early is never passed off as whole."""
    one = sending()
    one.uploading.source.size_bytes += 1
    with pytest.raises(MillError, match="file-changed"):
        TusServer().play(one.uploading.steps())


def test_upload_when_other_bytes_arrived_then_the_hash_tells() -> None:
    """The server's SHA-256 is compared with that of what was read here."""
    server = TusServer(changed=lambda data: bytes(len(data)))
    with pytest.raises(MillError, match="file-changed"):
        server.play(sending().uploading.steps())


def test_upload_when_the_server_takes_nothing_and_says_well_then_it_ends() -> None:
    """No endless loop with a server that is not one."""

    class Still(TusServer):
        def _patch(self, call: Any) -> Any:
            return type(problem(200, ""))(204, {"upload-offset": "0"})

    with pytest.raises(MillError, match="no-progress"):
        Still().play(sending().uploading.steps())


def test_source_when_it_cannot_seek_then_it_is_refused() -> None:
    """After a break its bytes could not be read again."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(ValueError, match="seek"):
        Source.of(Pipe(b"x"), "x", None)


def test_source_when_read_in_any_order_then_the_hash_is_of_the_whole() -> None:
    """Bytes sent twice are hashed once; what was skipped is read."""
    dice = random.Random(5)
    for _ in range(50):
        source = Source.of(io.BytesIO(DATA), "a", None)
        for _ in range(dice.randint(0, 5)):
            offset = dice.randrange(len(DATA))
            count = dice.randint(0, min(PIECE_BYTES, len(DATA) - offset))
            assert source.read(offset, count) == DATA[offset : offset + count]
        assert source.sha256() == sending().uploading.source.sha256()
