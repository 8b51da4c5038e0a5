"""Lines about a request, from files as mills, NGINX and containers write them."""

from pathlib import Path

import pytest

from filemill.cli import logs
from filemill.cli.api import CallFailed

WANTED = "a-request"


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_lines_when_they_are_about_others_or_no_json_then_they_are_left_out(tmp_path: Path) -> None:
    """One's own id alone or in a batch; what a container's log puts before a line is passed over."""
    mine = write(
        tmp_path / "upload.log",
        '{"timestamp":"2026-01-01T00:00:02Z","event":"second","request_id":"a-request"}',
        '{"timestamp":"2026-01-01T00:00:03Z","event":"other","request_id":"another"}',
        "Traceback (most recent call last):",
        '{"broken": ',
        "[1]",
    )
    other = write(
        tmp_path / "compose.log",
        'relay-1  | {"timestamp":"2026-01-01T00:00:01.5Z","event":"first","request_ids":["x","a-request"]}',
        '{"timestamp":"2026-01-01T00:00:01Z","event":"strange","request_ids":"a-request"}',
    )
    found = list(logs.about(WANTED, logs.read([mine, other])))
    assert [line["event"] for line in found] == ["second", "first"]


def test_lines_when_a_containers_log_is_in_colours_then_they_are_read(tmp_path: Path) -> None:
    """podman-compose colours name and line, whoever reads."""
    said = '{"event":"seen","request_id":"a-request"}'
    coloured = write(tmp_path / "compose.log", f"\x1b[1;35m[upload-1]  |\x1b[0m \x1b[37m{said}\x1b[0m")
    assert [line["event"] for line in logs.about(WANTED, logs.read([coloured]))] == ["seen"]


def test_lines_when_shown_then_in_the_order_of_their_times_whatever_form_these_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """NGINX says `time`, in seconds and with an offset; a line without any comes first."""
    monkeypatch.setenv("FILEMILL_LOG_DIR", str(tmp_path))
    write(
        tmp_path / "upload.log",
        '{"timestamp":"2026-01-01T00:00:02.250Z","service":"upload","event":"later","request_id":"a-request","size":3}',
        '{"service":"upload","event":"timeless","request_id":"a-request"}',
    )
    write(
        tmp_path / "upload.log.1", '{"timestamp":"2026-01-01T00:00:00Z","event":"turned-over","request_id":"a-request"}'
    )
    nginx = write(
        tmp_path / "access",
        '{"time":"2026-01-01T01:00:01+01:00","event":"gateway.request.done","request_id":"a-request"}',
    )
    assert logs.show(WANTED, [nginx], as_json=False) == 4
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in said] == ["timeless", "turned-over", "gateway.request.done", "later"]
    assert said[3].startswith("00:00:02.250  upload")
    assert said[3].endswith("size=3")


def test_file_when_it_is_not_there_then_one_clear_line(tmp_path: Path) -> None:
    """Not a stack."""
    with pytest.raises(CallFailed, match=r"nowhere\.log cannot be read: No such file"):
        list(logs.read([tmp_path / "nowhere.log"]))
