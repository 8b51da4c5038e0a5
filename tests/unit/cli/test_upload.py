"""`filemill upload` against a server that says no: what is tried, what is said, what a script gets."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from filemill.cli.choose import files_below
from filemill.cli.upload import Run
from filemill.client import UploadMemory


class Refusing:
    """Answers the question for limits, and refuses every upload with one problem."""

    def __init__(self) -> None:
        self.status, self.code = 401, "unauthenticated"
        self.asked = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._say(200, {})

            def do_POST(self) -> None:
                outer.asked += 1
                self.rfile.read(int(self.headers["Content-Length"]))
                problem = {"code": outer.code, "detail": "No.", "retryable": False, "request_id": "r"}
                self._say(outer.status, problem)

            def _say(self, status: int, body: object) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_arguments: object) -> None:
                """Quiet."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Refusing]:
    made = Refusing()
    monkeypatch.setenv("FILEMILL_URL", made.url)
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Five files, one at a time."""
    folder = tmp_path / "files"
    folder.mkdir()
    for at in range(5):
        (folder / f"{at}.txt").write_text("x")
    memory = UploadMemory(tmp_path / "state", keep_done=True)
    return Run(files_below([folder]), wait_s=None, parallel=1, as_json=False, memory=memory)


def test_run_when_every_file_would_meet_the_same_then_the_rest_is_not_tried(
    run: Run, refusing: Refusing, capsys: pytest.CaptureFixture[str]
) -> None:
    """A thousand files with no key are one question, one line with what to do, and one line with the sum."""
    assert run.to_end() == 1
    said = capsys.readouterr()
    assert refusing.asked == 1
    assert said.out == ""
    assert said.err.count("\n") == 2
    assert "0.txt: No. (unauthenticated, request r); set FILEMILL_KEY" in said.err
    assert "5 of 5 files did not end well, 4 were not tried" in said.err


def test_run_when_a_file_is_refused_then_the_next_is_tried(
    run: Run, refusing: Refusing, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each, with its code."""
    refusing.status, refusing.code = 415, "type-not-allowed"
    assert run.to_end() == 1
    assert refusing.asked == 5
    assert capsys.readouterr().err.count("type-not-allowed") == 5


def test_run_when_json_is_asked_for_then_each_file_has_its_line(
    run: Run, refusing: Refusing, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also those that were not tried: a script sees all."""
    run.as_json = True
    assert run.to_end() == 1
    said = capsys.readouterr()
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [(line["code"], line["file"]) for line in lines] == [("unauthenticated", None)] * 5
    assert said.err == ""
