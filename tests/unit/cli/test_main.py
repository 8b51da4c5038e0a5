"""The command line: what a person can act on is one line and exit status 1, never a stack."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from filemill import __version__
from filemill.chassis.errors import StartError
from filemill.cli import main as command_line
from filemill.cli.api import CallFailed
from support.servers.ports import free_ports

FILE_ID = "019c2d6e-0000-7000-8000-00000000004d"
CLIENT_COMMANDS = (
    ["search", "x"], ["show", FILE_ID], ["download", FILE_ID], ["rm", FILE_ID], ["trace", FILE_ID], ["jobs"], ["hold"],
    ["rules", "list"],
    ["parked", "list"], ["parked", "retry", "--all"],
)  # fmt: skip


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> "Run":
    return Run(capsys, monkeypatch)


class Run:
    """Calls the program as the shell does, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr("sys.argv", ["filemill", *arguments])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        said = self._capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err


@pytest.mark.parametrize("arguments", CLIENT_COMMANDS, ids=lambda arguments: " ".join(arguments[:2]))
def test_command_when_no_mill_runs_then_one_line_says_how_to_start_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """The most frequent mistake has the most helpful answer."""
    monkeypatch.setenv("FILEMILL_URL", f"http://127.0.0.1:{free_ports(1)[0]}")
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    assert err.count("\n") == 1
    assert err.startswith("error: nothing answers at http://127.0.0.1:")
    assert "make up" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["upload", "/nowhere/at/all"], "there is no file /nowhere/at/all"),
        (["parked", "retry"], "--all"),
        (["jobs", "--service", "x"], "processing or ai"),
        (["hold", "--release"], "which file?"),
        (["hold", FILE_ID], "needs --reason"),
        (["hold", FILE_ID, "--reason", "a case", "--release"], "--release takes none"),
        (["run", "nothing"], "there is no service 'nothing'"),
        (["run", "upload", "--worker"], "upload has no worker"),
        (["run", "upload", "--workers", "2"], "upload has no worker"),
        (["migrate", "nothing"], "there is no service 'nothing'"),
    ],
)
def test_command_when_an_argument_is_wrong_then_one_line_says_which(run: Run, arguments: list[str], words: str) -> None:
    """A wrong word is named, with what would be right."""
    status, _, err = run(*arguments)
    assert status == 1
    assert words in err
    assert err.count("\n") == 1


def test_upload_when_the_folder_is_empty_then_it_says_so(run: Run, tmp_path: Path) -> None:
    """Nothing to do is said, not passed over in silence."""
    status, _, err = run("upload", str(tmp_path))
    assert status == 1
    assert "no files" in err


@pytest.mark.parametrize("url", ["http://[::bad", "localhost:8080", "ftp://x", "not a url", "http://"])
def test_command_when_the_address_is_no_address_then_one_line_names_the_variable(
    run: Run, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """A typing mistake in FILEMILL_URL is a message."""
    monkeypatch.setenv("FILEMILL_URL", url)
    status, _, err = run("search", "x")
    assert status == 1
    assert err.count("\n") == 1
    assert "FILEMILL_URL" in err


@pytest.fixture
def other_server() -> Iterator[str]:
    """A web server that is no filemill: it answers everything with a page."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("arguments", [["search", "x"], ["show", FILE_ID], ["parked", "list"]], ids=" ".join)
def test_command_when_something_else_answers_then_one_line_says_that_it_is_no_filemill(
    run: Run, monkeypatch: pytest.MonkeyPatch, other_server: str, arguments: list[str]
) -> None:
    """Port 8080 is popular."""
    monkeypatch.setenv("FILEMILL_URL", other_server)
    status, _, err = run(*arguments)
    assert status == 1
    assert err.count("\n") == 1
    assert "not a filemill" in err


def test_runner_when_a_command_fails_then_the_error_is_one_that_main_turns_into_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Commands raise; one place prints."""
    monkeypatch.setenv("FILEMILL_URL", f"http://127.0.0.1:{free_ports(1)[0]}")
    assert isinstance(CliRunner().invoke(command_line.app, ["show", FILE_ID]).exception, CallFailed)
    assert isinstance(CliRunner().invoke(command_line.app, ["run", "x"]).exception, StartError)


def test_runner_when_help_or_version_is_asked_for_then_it_is_answered() -> None:
    """Every command of the contract that is built has its line in the help."""
    runner = CliRunner()
    shown = runner.invoke(command_line.app, ["--help"])
    assert shown.exit_code == 0
    for command in ("up", "run", "upload", "search", "show", "download", "rm", "trace", "doctor", "parked", "migrate"):
        assert command in shown.stdout
    assert runner.invoke(command_line.app, ["--version"]).stdout.strip() == f"filemill {__version__}"
