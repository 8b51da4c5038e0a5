"""Bad input over HTTP, on a real upload service: each has a clear code, nothing is kept, and the service goes on."""

import json
import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from filemill.chassis.database.migrate import migrate
from filemill.chassis.web import head_limits
from filemill.chassis.web.drain_protocol import DrainProtocol
from filemill.upload.main import build
from filemill.upload.settings import UploadSettings
from support.mill import wait_for
from support.raw_http import BOUNDARY, CRLF, file_part, part, post, request
from support.web_server import Answer, WebServer, Wire, serving

MOST_BYTES = 4 * 1024 * 1024
LARGE = random.Random(7).randbytes(1_500_000)
IDLE_S = 0.5
MEMORY_MOST_BYTES = 48 * 1024 * 1024
"""Of growth over a whole table of bad requests, the interpreter's own ups and downs included."""


class Service:
    """The service, and what it keeps."""

    def __init__(self, web: WebServer, data_dir: Path) -> None:
        self.web = web
        self.data_dir = data_dir

    def kept(self) -> tuple[int, int, int, int]:
        """Rows, small blobs, blobs, half-written files."""
        return (
            self._count("databases/upload.db", "files"),
            self._count("store/small.db", "small"),
            len([path for path in (self.data_dir / "store" / "blobs").rglob("*") if path.is_file()]),
            len(list((self.data_dir / "store" / "partial").glob("*~*"))),
        )

    def _count(self, database: str, table: str) -> int:
        with closing(sqlite3.connect(self.data_dir / database)) as db:
            return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def send(self, data: bytes) -> Answer:
        """The answer to these bytes on a connection of their own."""
        with self.web.connect() as connection:
            connection.sendall(data)
            return Wire(connection).answer()

    @contextmanager
    def nothing_kept(self) -> Iterator[None]:
        """What happens inside leaves nothing behind, and the next upload is taken."""
        wait_for(lambda: self.kept()[3] == 0, "what the last request began to be gone", 10)
        before = self.kept()
        yield
        wait_for(lambda: self.kept() == before, f"nothing to be kept beside {before}", 10)
        assert self.send(post(file_part(b"next"))).status == 201


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("bad")
    settings = UploadSettings(
        data_dir=folder / "data", max_file_bytes=MOST_BYTES, min_free_disk_bytes=0, body_idle_s=IDLE_S, dedupe="off"
    )
    migrate(settings)

    async def app() -> ASGIApp:
        return await build(settings)

    with serving(app, DrainProtocol, folder / "w") as web:
        running = Service(web, settings.data_dir)
        assert running.send(post(file_part(b"first"))).status == 201
        yield running


def code_of(answer: Answer) -> str:
    """The code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer
    assert answer.headers["x-request-id"]
    return str(json.loads(answer.body)["code"])


FORM = f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}"
NESTED = b'--inner\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nx\r\n--inner--\r\n'
BAD: dict[str, tuple[bytes, int, str]] = {
    "no boundary": (post(file_part(LARGE), kind="multipart/form-data"), 400, "bad-request"),
    "empty boundary": (post(file_part(LARGE), kind='multipart/form-data; boundary=""'), 400, "bad-request"),
    "long boundary": (post(file_part(LARGE), kind="multipart/form-data; boundary=" + "b" * 71), 400, "bad-request"),
    "another boundary": (post(file_part(LARGE), kind="multipart/form-data; boundary=y"), 400, "bad-request"),
    "no form": (request("POST", "/files", "Content-Type: text/plain", body=LARGE), 400, "bad-request"),
    "boundary missing in the body": (request("POST", "/files", FORM, body=LARGE), 400, "bad-request"),
    "no end, small": (post(file_part(b"x"), end=b""), 400, "bad-request"),
    "no end, large": (post(file_part(LARGE), end=b""), 400, "bad-request"),
    "200,000 part headers": (post(file_part(LARGE, *[b"A: b"] * 200_000)), 400, "bad-request"),
    "60,000 parts": (post(*[part(b'name="a"', b"")] * 60_000), 400, "bad-request"),
    "long part header": (post(file_part(b"x", b"A: " + LARGE)), 400, "bad-request"),
    "endless part header": (request("POST", "/files", FORM, body=b"--x7QK4\r\nA: " + LARGE), 400, "bad-request"),
    "large fields": (post(part(b'name="a"', LARGE), file_part(b"x")), 400, "bad-request"),
    "second large file": (post(file_part(LARGE), file_part(LARGE)), 400, "bad-request"),
    "nested without a file": (
        post(part(b'name="a"', NESTED, b"Content-Type: multipart/mixed; boundary=inner")), 400, "missing-file",
    ),
    "no parts": (post(), 400, "missing-file"),
    "name too long": (post(file_part(LARGE, name=b'"' + b"n" * 5000 + b'"')), 400, "name-too-long"),
    "empty file": (post(file_part(b"")), 400, "empty-file"),
    "too large, said": (request("PUT", "/files", body=b"", length="99999999999"), 413, "file-too-large"),
    "disguised executable": (
        request("PUT", "/files?filename=a.txt", body=b"\x7fELF\x02\x01\x01" + LARGE), 422, "content-mismatch",
    ),
    "negative length": (request("PUT", "/files", length="-5"), 400, "bad-request"),
    "length with a sign": (request("PUT", "/files", length="+5", body=b"12345"), 400, "bad-request"),
    "length in hexadecimal": (request("PUT", "/files", length="0x5", body=b"12345"), 400, "bad-request"),
    "length of many digits": (request("PUT", "/files", length="9" * 40), 400, "bad-request"),
    "two lengths": (request("PUT", "/files", "Content-Length: 6", body=b"12345"), 400, "bad-request"),
    "length and chunks": (
        request("PUT", "/files", "Transfer-Encoding: chunked", body=b"5\r\n12345\r\n0\r\n\r\n"), 400, "bad-request",
    ),
    "bad chunk size": (request("PUT", "/files", "Transfer-Encoding: chunked", length="") + b"zz\r\n", 400, "bad-request"),
    "chunks beyond the limit": (
        request("PUT", "/files", "Transfer-Encoding: chunked", length="") + b"500000\r\n" + bytes(0x500000), 413,
        "file-too-large",
    ),
    "endless trailer": (
        request("PUT", "/files", "Transfer-Encoding: chunked", length="") + b"1\r\nx\r\n0\r\nX-Long: " + LARGE.hex().encode(),
        431, "head-too-large",
    ),
    "endless chunk extension": (
        request("PUT", "/files", "Transfer-Encoding: chunked", length="") + b"1;" + LARGE.hex().encode(), 431,
        "head-too-large",
    ),
    "no HTTP": (b"\x16\x03\x01 this is TLS or worse\r\n\r\n", 400, "bad-request"),
    "head too large": (b"GET /limits HTTP/1.1\r\nHost: x\r\nX-Long: " + b"h" * 700_000, 431, "head-too-large"),
}  # fmt: skip


def test_upload_when_it_is_bad_then_a_code_says_so_and_nothing_is_kept(service: Service) -> None:
    """Forms, lengths and chunks that lie or break off, one after the other; the memory of the service stays flat."""
    before_bytes = resident_bytes()
    for name, (data, status, code) in BAD.items():
        with service.nothing_kept():
            answer = service.send(data)
            assert (answer.status, code_of(answer)) == (status, code), f"{name}: {answer}"
    assert resident_bytes() - before_bytes < MEMORY_MOST_BYTES


GOOD: dict[str, tuple[bytes, str]] = {
    "bytes of another charset": (post(file_part(LARGE, name=b'"caf\xe9.bin"')), "café.bin"),
    "direction characters": (post(file_part(b"x", name=b'"a\xe2\x80\xaegnp.txt"')), "agnp.txt"),
    "null bytes": (request("PUT", "/files?filename=a%00b%00.txt", body=LARGE), "ab.txt"),
    "a path": (post(file_part(b"x", name=b'"../../etc/passwd"')), "passwd"),
    "negative length of a part": (post(file_part(LARGE, b"Content-Length: -1")), "a.bin"),
    "a form in the form": (post(file_part(NESTED * 20_000)), "a.bin"),
    "a preamble of one line": (post(CRLF, file_part(LARGE)), "a.bin"),
    "chunks with trailers": (
        request("PUT", "/files?filename=t.bin", "Transfer-Encoding: chunked", "Trailer: X-Hash", length="")
        + b"5\r\n12345\r\n" + b"%x\r\n%s\r\n" % (len(LARGE), LARGE) + b"0\r\nX-Hash: 1\r\n\r\n",
        "t.bin",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_upload_when_it_is_only_odd_then_it_is_taken(service: Service, name: str) -> None:
    """What can be understood is; names are cleaned."""
    data, filename = GOOD[name]
    answer = service.send(data)
    assert answer.status == 201, answer
    assert json.loads(answer.body)["filename"] == filename


@pytest.mark.parametrize("body", [b"12345" * 10, LARGE], ids=["small", "large"])
def test_upload_when_more_comes_than_the_length_says_then_the_rest_is_no_part_of_it(
    service: Service, body: bytes
) -> None:
    """The file has the length that was said; the rest is read as the next request, and is none."""
    with service.web.connect() as connection:
        connection.sendall(request("PUT", "/files", body=body) + b"\x00 and more\r\n\r\n")
        wire = Wire(connection)
        file, refusal = wire.answer(), wire.answer()
        assert wire.ended()
    assert json.loads(file.body)["size"] == len(body)
    assert (refusal.status, code_of(refusal)) == (400, "bad-request")


STAGES = [20, 60, 150, 200, 300, 40_000, 70_000, 300_000, 700_000, 1_500_000]


@pytest.mark.parametrize("way", ["raw", "form"])
@pytest.mark.parametrize("at", STAGES)
def test_upload_when_the_client_hangs_up_then_nothing_is_kept(service: Service, at: int, way: str) -> None:
    """In the head of the request, of a part, in a body that is small, large, read by a thread; by FIN and by RST."""
    data = post(file_part(LARGE)) if way == "form" else request("PUT", "/files?filename=a", body=LARGE)
    for reset in (False, True):
        with service.nothing_kept(), service.web.connect() as connection:
            connection.sendall(data[:at])
            if reset:
                connection.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER with no time: a reset


@pytest.mark.parametrize("at", [300, 400_000])
def test_upload_when_less_comes_than_the_length_says_then_400_after_the_silence(service: Service, at: int) -> None:
    """A body that stops arriving ends after its time, and the client is told."""
    with service.nothing_kept():
        answer = service.send(request("PUT", "/files", body=LARGE)[:at])
        assert (answer.status, code_of(answer)) == (400, "bad-request")


def test_head_when_it_does_not_come_then_408(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head byte by byte, and none at all, end after their time; a connection that waits between requests does not."""
    monkeypatch.setattr(head_limits, "HEAD_S", 0.4)
    for data in (b"", b"GET /limits HTTP/1.1\r\nHost:"):
        answer = service.send(data)
        assert (answer.status, code_of(answer)) == (408, "head-too-slow")
    with service.web.connect() as connection:
        connection.sendall(request("GET", "/limits"))
        wire = Wire(connection)
        assert wire.answer().status == 200
        with service.web.connect() as other:
            assert Wire(other).answer().status == 408  # as long as that the first one waited, too
        connection.sendall(request("GET", "/limits"))
        assert wire.answer().status == 200


def resident_bytes() -> int:
    """Memory of this process, where the service runs."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024
