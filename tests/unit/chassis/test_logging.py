"""Logs: one JSON line per event with the ids of the work at hand, in a file with a bound."""

import io
import json
import logging as standard_logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from filemill.chassis.telemetry import logging, request_context
from filemill.chassis.telemetry.log_file import BoundedLog
from support.tiny_disk import leave_no_room, make_room, tiny_disk


@pytest.fixture
def restored_logging() -> Iterator[None]:
    root = standard_logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)


@pytest.fixture
def said(restored_logging: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    logging.configure("testing", log_format="json")
    return lambda: [json.loads(line) for line in stderr.getvalue().splitlines()]


def test_log_when_there_is_a_request_then_the_line_has_its_ids_in_reading_order(said: Any) -> None:
    """Every line says when, how bad, who, what, and for which request."""
    context = request_context.begin("req-1")
    with request_context.within(context):
        structlog.get_logger().info("room.thing.happened", file_id="f")
    structlog.get_logger().warning("room.thing.failed")
    first, second = said()
    assert list(first)[:4] == ["timestamp", "level", "service", "event"]
    assert (first["service"], first["event"], first["file_id"]) == ("testing", "room.thing.happened", "f")
    assert (first["request_id"], first["trace_id"]) == ("req-1", context.trace_id)
    assert "request_id" not in second
    assert second["level"] == "warning"


def test_log_when_there_is_an_exception_then_the_line_is_still_one_line_of_json(said: Any) -> None:
    """A stack is a value, not a second format."""
    try:
        raise ValueError("text\nwith lines")
    except ValueError:
        structlog.get_logger().exception("room.thing.broke")
    (line,) = said()
    assert line["exception"][0]["exc_type"] == "ValueError"


def test_log_when_a_value_is_none_of_json_then_it_is_said_all_the_same(said: Any) -> None:
    """A name that is no UTF-8, a number that fits nowhere, an object: who logs does not fail by it."""
    structlog.get_logger().info("room.thing.happened", name="\udcff", number=1 << 80, place=Path("/x"))
    (line,) = said()
    assert (line["name"], line["number"]) == ("\udcff", 1 << 80)
    assert "/x" in line["place"]


@pytest.mark.parametrize("log_format", ["json", "pretty"])
def test_log_when_there_is_an_exception_then_no_variable_of_its_frames_is_shown(
    restored_logging: None, monkeypatch: pytest.MonkeyPatch, log_format: str
) -> None:
    """A frame's variables may hold a URL with its password."""
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    logging.configure("testing", log_format=log_format)
    password = "".join(["hun", "ter2"])
    try:
        assert password
        raise ValueError("away")
    except ValueError:
        structlog.get_logger().exception("room.thing.broke")
    assert "ValueError" in stderr.getvalue()
    assert password not in stderr.getvalue()


def test_log_when_a_library_logs_then_it_goes_the_same_way(said: Any) -> None:
    """uvicorn and alembic end up in the same file, in the same form; their chatter does not."""
    standard_logging.getLogger("some.library").warning("it %s", "happened")
    standard_logging.getLogger("some.library").info("chatter")
    (line,) = said()
    assert (line["event"], line["logger"], line["service"]) == ("it happened", "some.library", "testing")


def test_bounded_log_when_it_is_full_then_it_turns_over_and_two_files_are_the_most(tmp_path: Path) -> None:
    """A process that talks for ever does not fill the disk; nobody else's output is taken for it."""
    log = BoundedLog(tmp_path / "logs" / "a.log", most_bytes=1000)
    for number in range(300):
        log.write(f"line {number} ü\n")
        log.flush()
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == ["a.log", "a.log.1"]
    assert sum(path.stat().st_size for path in (tmp_path / "logs").iterdir()) < 2200
    kept = [line for name in ("a.log.1", "a.log") for line in (tmp_path / "logs" / name).read_text().splitlines()]
    assert kept[-1] == "line 299 ü"
    assert kept == [f"line {number} ü" for number in range(300 - len(kept), 300)]
    log.close()


def test_bounded_log_when_it_was_full_before_then_the_bound_holds_after_a_restart(tmp_path: Path) -> None:
    """The size of what is there counts."""
    (tmp_path / "a.log").write_text("x" * 2000)
    log = BoundedLog(tmp_path / "a.log", most_bytes=1000)
    log.write("new\n")
    log.close()
    assert (tmp_path / "a.log").read_text() == "new\n"
    assert (tmp_path / "a.log.1").read_text() == "x" * 2000


def test_log_when_its_disk_is_full_then_nobody_fails_and_what_was_lost_is_counted(tmp_path: Path) -> None:
    """A request is not broken by the line about it; once there is room the file goes on, and says how many are missing."""
    with tiny_disk(tmp_path / "disk", 1) as disk:
        log = BoundedLog(disk / "a.log")
        log.write("first\n")
        log.flush()
        leave_no_room(disk)
        for number in range(20_000):
            log.write(f"line {number} of many\n")
            log.flush()
        kept = (disk / "a.log").read_text().splitlines()
        make_room(disk, 1)
        log.write("last\n")
        log.flush()
        log.close()
        lines = (disk / "a.log").read_text().splitlines()
        assert lines[0] == "first"
        assert lines[-1] == "last"
        whole = [line for line in lines if re.fullmatch(r"line \d+ of many", line)]
        assert f"{20_000 - len(whole)} lines of this log were lost" in lines[-2], lines[-3:]
        assert len(kept) < 20_000
