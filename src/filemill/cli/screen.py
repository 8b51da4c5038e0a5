"""How the commands print: plain lines without a terminal, colours and columns with one; times and sizes for people."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

PLAIN_WIDTH = 240
"""Columns without a terminal: lines are cut nowhere a person or a program would miss it."""

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Progressing = Callable[[str, int, int], None]

_STATE_STYLES = {
    "processed": "green", "done": "green", "found": "green", "ok": "green", "failed": "red", "parked": "red",
    "rejected": "red", "unavailable": "yellow", "retrying": "yellow", "needs-download": "yellow", "skipped": "dim",
    "empty": "dim", "unsupported": "dim", "ready": "green", "loaded": "green", "downloading": "yellow",
}  # fmt: skip


def say(*parts: str | Text) -> None:
    """Print a line. Strings are printed as they are: a file name is never markup."""
    out.print(*[part if isinstance(part, Text) else Text(part) for part in parts])


def state(text: str) -> Text:
    """A state in its colour."""
    return Text(text, style=_STATE_STYLES.get(text, ""))


def note(text: str) -> None:
    """Print a remark beside the result: on standard error, so that a program that reads the result does not get it."""
    err.print(Text(text, style="dim"))


def fail(text: str) -> None:
    """Print an error line."""
    err.print(Text("error: ", style="red") + Text(text))


def json_line(value: Any) -> None:
    """Print a value as one line of JSON. Ends the program where nobody reads it any more (`| head`), as `say` does."""
    try:
        sys.stdout.write(orjson.dumps(value).decode() + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        out.on_broken_pipe()


def size(count: int) -> str:
    """Bytes for people, in powers of 1000."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError("unreachable")


def milliseconds(value: float | None) -> str:
    """A duration for people."""
    if value is None:
        return ""
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.1f} s"


def clock(text: str) -> str:
    """The local time of day of an RFC 3339 time."""
    return datetime.fromisoformat(text).astimezone().strftime("%H:%M:%S.%f")[:-3]


@contextmanager
def byte_bars() -> Iterator[Progressing]:
    """As `bars`, for bytes; without a terminal a line when one is begun and when it is there."""
    columns = (TextColumn("{task.description:<32}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as drawn:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = drawn.add_task(what, total=total)
                if not err.is_terminal:
                    say(f"{what}: {size(done)} of {size(total)}")
            drawn.update(tasks[what], completed=done, total=total)
            if done == total and not err.is_terminal:
                say(f"{what}: {size(total)}, checking")

        yield show


@contextmanager
def bars() -> Iterator[Progressing]:
    """A function that is told (what, done, of how many): a bar for each `what`; nothing without a terminal."""
    columns = (TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as drawn:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = drawn.add_task(what, total=total)
            drawn.update(tasks[what], completed=done, total=total)

        yield show
