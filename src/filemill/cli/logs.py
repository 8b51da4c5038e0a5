"""`filemill logs --request ID`: the lines of every process about one request, in the order of their times.

Reads files of JSON lines: those of the mill's data folder, and what else is named (NGINX's access log, the output of a
container's log). Opens no database and asks no service. Lines that are no JSON are somebody else's and are passed over.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from filemill.chassis.settings import ServiceSettings, load
from filemill.cli import findings, screen
from filemill.cli.api import CallFailed

STDIN = Path("-")
_SAID_FIRST = frozenset({"timestamp", "time", "level", "service", "event", "request_id", "request_ids", "trace_id"})
_LEVEL_STYLES = {"warning": "yellow", "error": "red"}
_DECODER = json.JSONDecoder()
_NO_TIME = datetime.min.replace(tzinfo=UTC)


def show(request_id: str, more: Sequence[Path], *, as_json: bool) -> int:
    """Print what is said about it; returns how many lines that were. Raises `CallFailed` for a file that cannot be read."""
    found = sorted(about(request_id, read([*_own(), *more])), key=_time)
    for line in found:
        if as_json:
            screen.json_line(line)
        else:
            screen.out.print(_shown(line), soft_wrap=True)
    return len(found)


def about(request_id: str, lines: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Those that name this request, alone or among the others of a batch."""
    for line in lines:
        among = line.get("request_ids")
        if line.get("request_id") == request_id or (isinstance(among, list) and request_id in among):
            yield line


def read(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Every object of these files, a line each."""
    for path in paths:
        try:
            if path == STDIN:
                yield from _parsed(sys.stdin)
                continue
            with path.open(encoding="utf-8", errors="replace") as file:
                yield from _parsed(file)
        except OSError as error:
            raise CallFailed(f"{path} cannot be read: {error.strerror}") from error


def _own() -> list[Path]:
    """The logs of this installation; full ones, which were turned over, too."""
    settings = load(ServiceSettings, service="logs")
    folder = settings.log_dir or settings.data_dir / "logs"
    return sorted(folder.glob("*.log*"))


def _parsed(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        # What a container's log puts before the line (`upload-1  | `) is passed over, and the end of a colour behind it.
        begin = line.find("{")
        if begin < 0:
            continue
        try:
            said, _ = _DECODER.raw_decode(line, begin)
        except ValueError:
            continue
        if isinstance(said, dict):
            yield said


def _time(line: dict[str, Any]) -> datetime:
    """NGINX says `time`, in seconds; everybody else `timestamp`."""
    try:
        found = datetime.fromisoformat(str(line.get("timestamp") or line.get("time")))
    except ValueError:
        return _NO_TIME
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _shown(line: dict[str, Any]) -> Text:
    at = _time(line).astimezone(UTC).strftime("%H:%M:%S.%f")[:-3]
    said = Text(f"{at}  {line.get('service', 'nginx'):<18} ", style="dim")
    said += Text(f"{line.get('event', ''):<28} ", style=_LEVEL_STYLES.get(str(line.get("level")), "bold"))
    facts = {name: value for name, value in line.items() if name not in _SAID_FIRST and value not in (None, "")}
    return said + Text("  ".join(f"{name}={findings.brief(value)}" for name, value in facts.items()))
