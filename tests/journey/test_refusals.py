"""What is refused, with which code, and that nothing is left behind by it: no row, no blob, no partial file."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from filemill.chassis.ids import new_id
from journey.conftest import MAX_FILE_BYTES, Document, Finished, Upload
from support.mill import Mill, wait_for

UNKNOWN_ID = "01a208f1-e37f-76db-b4db-a215b706cc94"  # fixed: it is part of a test's name
ELF = b"\x7fELF\x02\x01\x01" + bytes(200)
BOUNDARY = "x7QK4"


@contextmanager
def nothing_is_left(mill: Mill) -> Iterator[None]:
    """The store, the rows and the half-written files are as they were, once earlier uploads have been processed."""
    wait_for(lambda: not unprocessed(mill), "the files of earlier tests to be processed", 30)
    before = state_of(mill)
    yield
    wait_for(
        lambda: state_of(mill) == before, f"nothing to be left behind; before: {before}, now: {state_of(mill)}", 10
    )


def unprocessed(mill: Mill) -> int:
    """Files whose processing, which writes to the same store, has not ended."""
    files = mill.rows("upload", "SELECT count(*) FROM files")[0][0]
    ended = mill.rows("processing", "SELECT count(*) FROM jobs WHERE state NOT IN ('queued', 'running')")[0][0]
    return max(0, files - ended)


def state_of(mill: Mill) -> tuple[Any, ...]:
    return (
        mill.rows("upload", "SELECT count(*) FROM files"),
        mill.rows("upload", "SELECT count(*) FROM idempotency"),
        len(mill.engines.blobs()),
        mill.engines.partials(),
    )


def form(name: str = "a.txt", content: bytes = b"hello", **fields: str) -> dict[str, Any]:
    return {"files": {"file": (name, content)}, "data": fields}


def raw_form(body: str, boundary: str | None = BOUNDARY) -> dict[str, Any]:
    parameter = f"; boundary={boundary}" if boundary is not None else ""
    return {"content": body.encode(), "headers": {"Content-Type": f"multipart/form-data{parameter}"}}


def part(name: str, text: str = "x", filename: str | None = "a.txt") -> str:
    tail = f'; filename="{filename}"' if filename is not None else ""
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{tail}\r\n\r\n{text}\r\n'


END = f"--{BOUNDARY}--\r\n"
POST = "POST /api/upload/files"
REFUSALS: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "empty": (POST, form(content=b""), 400, "empty-file"),
    "empty raw": ("PUT /api/upload/files?filename=a.txt", {"content": b""}, 400, "empty-file"),
    "missing field": (POST, {"files": {"upload": ("a", b"x")}}, 400, "missing-file"),
    "field without a file": (POST, raw_form(part("file", filename=None) + END), 400, "missing-file"),
    "no form": (POST, {"json": {"a": 1}}, 400, "bad-request"),
    "no body": (POST, {}, 400, "bad-request"),
    "no boundary": (POST, raw_form(part("file") + END, None), 400, "bad-request"),
    "other boundary": (POST, raw_form(part("file") + END, "other"), 400, "bad-request"),
    "truncated form": (POST, raw_form(part("file")), 400, "bad-request"),
    "two files": (POST, raw_form(part("file") + part("file") + END), 400, "bad-request"),
    "too many parts": (POST, raw_form(part("tags", filename=None) * 65 + END), 400, "bad-request"),
    "bad metadata": (POST, form(metadata="{"), 400, "bad-json"),
    "metadata is no object": (POST, form(metadata="[1]"), 400, "bad-json"),
    "large metadata": (POST, form(metadata=json.dumps({"a": "x" * 60_000})), 400, "bad-request"),
    "bad tags": (POST, form(tags="[1]"), 400, "bad-request"),
    "long name": (POST, form("é" * 200 + ".txt"), 400, "name-too-long"),
    "long name raw": (f"PUT /api/upload/files?filename={'a' * 256}", {"content": b"x"}, 400, "name-too-long"),
    "program": (POST, form("tool.exe", ELF), 415, "type-not-allowed"),
    "program raw": ("PUT /api/upload/files?filename=tool", {"content": ELF}, 415, "type-not-allowed"),
    "large program": (POST, form("tool", ELF + bytes(2_000_000)), 415, "type-not-allowed"),
    "disguised program": (POST, form("holiday.jpg", ELF), 422, "content-mismatch"),
    "too large": (POST, form(content=bytes(MAX_FILE_BYTES + 1)), 413, "file-too-large"),
    "too large raw": ("PUT /api/upload/files?filename=a", {"content": bytes(MAX_FILE_BYTES + 1)}, 413, "file-too-large"),
    "bad key": (POST, form() | {"headers": {"Idempotency-Key": "a b"}}, 400, "bad-request"),
    "failed with a key": (POST, form(content=b"") | {"headers": {"Idempotency-Key": "once"}}, 400, "empty-file"),
    "wrong method": ("PATCH /api/upload/files", {}, 405, "method-not-allowed"),
    "no such address": ("GET /api/upload/nothing", {}, 404, "not-found"),
    "no such service": ("GET /api/nothing", {}, 404, "not-found"),
    "bad cursor": ("GET /api/upload/files?cursor=x", {}, 400, "bad-request"),
    "bad limit": ("GET /api/upload/files?limit=0", {}, 400, "bad-request"),
    "limit over the most": ("GET /api/metadata/files?limit=501", {}, 400, "bad-request"),
    "time without offset": ("GET /api/metadata/files?created_after=2026-01-01T00:00:00", {}, 400, "bad-request"),
    "purge": (f"DELETE /api/upload/files/{new_id()}?purge=true", {}, 404, "not-found"),
    "no model": ("POST /api/ai/embed", {"json": {"texts": ["x"]}}, 404, "no-model"),
    "unknown capability": (f"POST /api/ai/analyze/{new_id()}", {"json": {"capabilities": ["x"]}}, 400, "unknown-capability"),
}  # fmt: skip


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    """Every refusal is a problem of the same shape, with the request id of its header, and no inner detail."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code), answer.text
    assert answer.status_code == status
    assert body["type"] == f"https://filemill.dev/problems/{code}"
    assert body["title"]
    assert body["detail"]
    assert isinstance(body["retryable"], bool)
    assert body["request_id"] == answer.headers["x-request-id"]
    assert not any(word in answer.text for word in ("Traceback", "/src/", "SELECT", "sqlite", ".py"))
    return True


@pytest.mark.parametrize("case", REFUSALS)
def test_refusal_when_a_request_is_bad_then_its_code_says_why_and_nothing_is_left(
    mill: Mill, client: httpx.Client, samples: dict[str, Document], case: str
) -> None:
    """The table of refusals, through the gateway."""
    line, request, status, code = REFUSALS[case]
    method, address = line.split(" ", 1)
    with nothing_is_left(mill):
        assert is_problem(client.request(method, address, **request), status, code)


@pytest.mark.parametrize("unknown", [UNKNOWN_ID, "not-an-id", "0", UNKNOWN_ID.upper(), "%00", "..%2f..%2fetc"])
def test_refusal_when_the_id_is_unknown_then_404_everywhere(client: httpx.Client, unknown: str) -> None:
    """A file that is not there looks the same from every call, and so does a text that is no id."""
    for line in (
        "GET /api/upload/files/{}", "GET /api/upload/files/{}/content", "DELETE /api/upload/files/{}",
        "POST /api/upload/files/{}/restore", "GET /api/metadata/files/{}", "PATCH /api/metadata/files/{}",
        "GET /api/metadata/files/{}/text", "GET /api/metadata/files/{}/similar",
        "GET /api/metadata/files/{}/audit", "GET /api/metadata/files/{}/timeline",
        "GET /api/metadata/files/{}/renditions/thumbnail", "GET /api/processing/files/{}/renditions/thumbnail",
        "GET /api/processing/jobs/{}", "POST /api/processing/jobs/{}/retry", "POST /api/processing/jobs/{}/cancel",
        "POST /api/ai/analyze/{}", "GET /api/ai/jobs/{}", "GET /api/ai/files/{}/findings", "GET /api/ai/files/{}/embeddings",
        "POST /api/upload/parked/{}/retry", "POST /api/metadata/parked/{}/retry", "GET /api/metadata/requests/{}/file",
    ):  # fmt: skip
        method, address = line.format(unknown).split(" ")
        body = {"json": {"title": "x"}} if method == "PATCH" else {}
        answer = client.request(method, address, **body)
        if unknown[0] == "%" or unknown[0] == ".":
            assert answer.status_code in (400, 404), (line, answer.text)
        else:
            assert is_problem(answer, 404, "not-found"), line


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "bad-json"), (b"[]", "bad-request"), (b'{"tags": "x"}', "bad-request"), (b"{}", "bad-request"),
        (b'{"tags": [""]}', "bad-request"), (b'{"title": 5}', "bad-request"), (b'{"tags": ["a\\u0000b"]}', "bad-request"),
        (b'{"custom": {"a": "\\ud800"}}', "bad-request"), (b'{"custom": {"a": 1' + b"0" * 40 + b"}}", "bad-request"),
        (b'{"title": "\\ud800"}', "bad-request"), (b'{"custom": {"a": NaN}}', "bad-request"),
        (b'{"custom": ' + b'{"a":' * 9 + b"1" + b"}" * 10, "bad-request"), (b"[" * 100_000, "bad-request"),
        (b'{"description": "' + b"x" * 10_001 + b'"}', "bad-request"), (b"\xff\xfe", "bad-json"),
    ],
    ids=range(15),
)  # fmt: skip
def test_patch_when_the_body_is_bad_then_400_and_the_file_is_as_it_was(
    client: httpx.Client, samples: dict[str, Document], body: bytes, code: str
) -> None:
    """Naughty JSON is the caller's fault, never ours."""
    address = f"/api/metadata/files/{samples['notes.txt']['file_id']}"
    before = client.get(address).json()
    answer = client.patch(address, content=body, headers={"Content-Type": "application/json"})
    assert is_problem(answer, 400, code)
    assert client.get(address).json() == before


@pytest.mark.parametrize(
    "options", [b'{"a": "\\ud800"}', b'{"a": 1' + b"0" * 40 + b"}", b'{"a":' * 300 + b"1" + b"}" * 300]
)
def test_analyze_when_the_options_are_no_plain_json_then_400(
    client: httpx.Client, samples: dict[str, Document], options: bytes
) -> None:
    """What cannot be kept is refused before it is queued."""
    answer = client.post(
        f"/api/ai/analyze/{samples['notes.txt']['file_id']}",
        content=b'{"options": ' + options + b"}",
        headers={"Content-Type": "application/json"},
    )
    assert is_problem(answer, 400, "bad-request")


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("content", {"Range": "bytes=0-" + "9" * 5000}),
        ("content", {"Range": "bytes=" + "0-1," * 2000}),
        ("content", {"If-None-Match": '"' + "x" * 5000}),
    ],
)
def test_content_when_a_header_is_naughty_then_the_bytes_come(
    client: httpx.Client, samples: dict[str, Document], address: str, headers: dict[str, str]
) -> None:
    """A condition nobody can read is no condition."""
    answer = client.get(f"/api/upload/files/{samples['notes.txt']['file_id']}/{address}", headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("to", ["2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_analytics_when_the_period_is_odd_then_it_is_answered(client: httpx.Client, to: str) -> None:
    """The edges of the calendar are periods like others."""
    assert client.get("/api/metadata/analytics", params={"to": to}).status_code == 200


def test_too_large_when_the_header_says_so_then_refused_without_reading_a_byte(mill: Mill) -> None:
    """The answer comes while the body was never sent: by form, by raw body, at the gateway and at the service."""
    for port in (mill.ports["gateway"], mill.ports["upload"]):
        prefix = "/api/upload" if port == mill.ports["gateway"] else ""
        for request in (
            f"POST {prefix}/files HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x",
            f"PUT {prefix}/files?filename=a.bin HTTP/1.1",
        ):
            with nothing_is_left(mill), socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                head = f"{request}\r\nHost: localhost\r\nContent-Length: {6 * 1024**3}\r\n\r\n"
                connection.sendall(head.encode())
                answer = b""
                while b"file-too-large" not in answer and (piece := connection.recv(65536)):
                    answer += piece
            assert answer.startswith(b"HTTP/1.1 413 "), answer
            assert b"file-too-large" in answer


def test_path_tricks_when_a_name_leads_elsewhere_then_it_is_only_a_name(
    mill: Mill, upload: Upload, finished: Finished
) -> None:
    """The last part of a name is shown; no file appears outside the store."""
    before = set(mill.data_dir.parent.rglob("*evil*"))
    for name in ("../../evil.txt", "/etc/evil.txt", "..\\..\\evil.txt", "C:\\evil.txt"):
        file = upload(name, b"hello")
        assert file["filename"] == "evil.txt"
        finished(file["file_id"])
    unnamed = upload("..", b"hello")
    assert unnamed["filename"] == "unnamed"
    finished(unnamed["file_id"])
    assert set(mill.data_dir.parent.rglob("*evil*")) == before


def test_hang_up_when_the_client_goes_away_in_the_middle_then_nothing_is_left(
    mill: Mill, samples: dict[str, Document]
) -> None:
    """A half-sent file was never there, however far it came."""
    head = "PUT /api/upload/files?filename=a.bin HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: hang-up\r\n"
    with nothing_is_left(mill):
        for sent in (10, 100_000, 3_000_000):
            with socket.create_connection(("127.0.0.1", mill.ports["gateway"]), timeout=10) as connection:
                connection.sendall(f"{head}Content-Length: 5000000\r\n\r\n".encode() + b"x" * sent)
        for sent in (10, 3_000_000):
            with socket.create_connection(("127.0.0.1", mill.ports["upload"]), timeout=10) as connection:
                chunked = head.replace("/api/upload", "") + "Transfer-Encoding: chunked\r\n\r\n"
                connection.sendall(f"{chunked}{sent:x}\r\n".encode() + b"x" * sent)


# the same request again


def test_idempotency_when_the_request_comes_again_then_the_same_file_is_answered(
    mill: Mill, client: httpx.Client, finished: Finished
) -> None:
    """A retry makes no second file; the fingerprint covers name, fields and content, not the boundary."""
    key = {"Idempotency-Key": f"retry-{new_id()}"}
    first = client.post("/api/upload/files", headers=key, **form(title="T"))
    assert "idempotent-replayed" not in first.headers
    finished(first.json()["file_id"])
    with nothing_is_left(mill):
        again = client.post("/api/upload/files", headers=key, **form(title="T"))
        assert (again.status_code, again.json()["file_id"]) == (201, first.json()["file_id"])
        assert again.headers["idempotent-replayed"] == "true"
        for other in (form(title="U"), form("b.txt", title="T"), form(content=b"other", title="T")):
            assert is_problem(client.post("/api/upload/files", headers=key, **other), 422, "idempotency-key-reused")


def test_idempotency_when_the_first_is_still_running_then_409_and_after_its_end_it_is_free(
    mill: Mill, client: httpx.Client
) -> None:
    """The second waits its turn; a first that failed frees the key for a better try."""
    key = f"slow-{new_id()}"
    head = (
        f"PUT /files?filename=a.txt HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: {key}\r\nContent-Length: 10\r\n\r\n"
    )
    request = {"headers": {"Idempotency-Key": key}, "content": b"0123456789"}
    with socket.create_connection(("127.0.0.1", mill.ports["upload"]), timeout=10) as slow:
        slow.sendall(head.encode() + b"01234")
        held = "SELECT count(*) FROM idempotency WHERE key = ? AND holder IS NOT NULL"
        wait_for(lambda: mill.rows("upload", held, key) == [(1,)], "the first request to hold the key")
        answer = client.put("/api/upload/files?filename=a.txt", **request)
        assert is_problem(answer, 409, "idempotency-in-progress")
        assert answer.json()["retryable"] is True
        assert answer.headers["retry-after"] == "1"
    wait_for(lambda: mill.rows("upload", held, key) == [(0,)], "the key to be free")
    assert client.put("/api/upload/files?filename=a.txt", **request).status_code == 201


def test_idempotency_when_twenty_come_at_once_then_there_is_one_file(mill: Mill, client: httpx.Client) -> None:
    """A crowd of retries makes one file: the others are told to wait, or get its answer."""
    key, answers = f"crowd-{new_id()}", []
    before = mill.rows("upload", "SELECT count(*) FROM files")[0][0]

    def send() -> None:
        with mill.client() as own:
            answers.append(own.post("/api/upload/files", headers={"Idempotency-Key": key}, **form("crowd.txt")))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["file_id"] for answer in answers if answer.status_code == 201}) == 1
    assert mill.rows("upload", "SELECT count(*) FROM files")[0][0] == before + 1
