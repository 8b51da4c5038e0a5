"""`filemill upload`: files and folders, several at a time, with a bar each and a line each.

A run that was interrupted, or in which a file failed, can be repeated: what is there is not sent again, and what was half-sent
goes on (`client.memory`). Once a run has ended well a later one sends anew. One bad file never stops another; a mill that
nobody can reach stops the run.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from filemill.cli import screen
from filemill.cli.api import Api, CallFailed
from filemill.cli.choose import Chosen, shown
from filemill.cli.findings import found_lines
from filemill.client import AsyncMill, File, MillError, UploadMemory

HOPELESS = frozenset({"unreachable", "unauthenticated", "storage-full", "quota-exceeded", "not-a-filemill"})
"""What the next file would meet as well: it is not tried."""
AGAIN = "run the same command again: it goes on where it was"
FIXES = {
    "unauthenticated": "set FILEMILL_KEY",
    "forbidden": "use a key that may upload",
    "storage-full": "make room at the mill, then " + AGAIN,
    "empty-file": "leave it out",
    "type-not-allowed": "what is taken is at /api/upload/limits",
    "file-changed": "send it again once nobody writes to it",
    "timeout": "wait longer with --timeout",
}
"""What to do, where the detail of an error does not say it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one file ended. `code` and `error` say why it did not end well; `tried` is False where the run was given up."""

    path: Path
    file: File | None = None
    error: str | None = None
    code: str | None = None
    tried: bool = True

    @property
    def well(self) -> bool:
        return self.error is None and self.file is not None and self.file.status not in ("failed", "quarantined")


@dataclass(slots=True)
class Run:
    """One run over the chosen files. `wait_s`: how long to wait for each to be processed and analysed; None: do not."""

    chosen: list[Chosen]
    wait_s: float | None
    parallel: int
    as_json: bool
    memory: UploadMemory = field(default_factory=lambda: UploadMemory.of_user(keep_done=True))
    ended: list[Ended] = field(default_factory=list)
    _hopeless: MillError | None = None

    def to_end(self) -> int:
        """Send all; returns the exit status. Raises `CallFailed` if there is no mill."""
        _check_mill()
        try:
            asyncio.run(self._all())
        except KeyboardInterrupt:
            there = sum(one.file is not None for one in self.ended)
            screen.fail(f"stopped; {there} of {len(self.chosen)} files are there. {AGAIN.capitalize()}")
            return 130
        bad = sum(not one.well for one in self.ended)
        if not bad:
            self.memory.clear_done()
        elif not self.as_json:
            untried = sum(not one.tried for one in self.ended)
            screen.fail(
                f"{bad} of {len(self.ended)} files did not end well"
                + (f", {untried} were not tried" if untried else "")
            )
        return 1 if bad else 0

    async def _all(self) -> None:
        with _drawn(self.chosen, visible=not self.as_json) as drawn:
            async with AsyncMill(memory=self.memory) as mill, asyncio.TaskGroup() as group:
                waiting = iter(self.chosen)
                for _ in range(min(self.parallel, len(self.chosen))):
                    group.create_task(self._some(mill, waiting, drawn))

    async def _some(self, mill: AsyncMill, waiting: Iterator[Chosen], drawn: "Drawn") -> None:
        for one in waiting:
            with drawn.bar(one) as moved:
                ended = await self._one(mill, one, moved)
            self.ended.append(ended)
            try:
                self._report(ended)
            except SystemExit:
                continue  # whoever read it has left, and no more is printed; the files are to be there all the same

    async def _one(self, mill: AsyncMill, one: Chosen, moved: "Moved") -> Ended:
        file: File | None = None
        if one.trouble is not None:
            return Ended(one.path, error=one.trouble, code="unreadable")
        if self._hopeless is not None:
            return Ended(one.path, error=str(self._hopeless), code=self._hopeless.code, tried=False)
        try:
            metadata = {"path": one.place} if one.place else None
            file = await mill.upload(one.path, metadata=metadata, on_progress=lambda sent, _total: moved(sent, ""))
            if self.wait_s is not None:
                moved(one.size_bytes, " · processing")
                file = await mill.wait(file.file_id, self.wait_s)
            return Ended(one.path, file)
        except MillError as error:
            if error.code in HOPELESS and file is None:
                self._hopeless = error
            return Ended(one.path, file, _with_fix(error), error.code)
        except OSError as error:
            return Ended(one.path, error=f"cannot read it: {error.strerror}", code="unreadable")

    def _report(self, ended: Ended) -> None:
        if self.as_json:
            document = dict(ended.file.document) if ended.file else None
            screen.json_line({"path": shown(ended.path), "error": ended.error, "code": ended.code, "file": document})
            return
        file = ended.file
        if file is not None:
            screen.say(f"{file.filename}  {file.file_id}  {screen.size(file.size)}  ", screen.state(file.status))
            if file.document.get("status_reason"):
                screen.say(f"    {file.document['status_reason']['detail']}")
            for line in found_lines(dict(file.document)) if self.wait_s is not None else ():
                screen.say(f"    {line}")
        if ended.error and ended.tried:
            screen.fail(f"{shown(ended.path)}: {ended.error}")


def _check_mill() -> None:
    """Say at once, not after many tries, that nobody is there; whatever else is wrong the uploads find out."""
    try:
        Api().get("/api/upload/limits")
    except CallFailed as error:
        if error.code in ("unreachable", "bad-address", "stranger", "unauthenticated"):
            raise


def _with_fix(error: MillError) -> str:
    fix = FIXES.get(error.code) or (AGAIN if error.retryable else None)
    return f"{error}; {fix}" if fix else str(error)


Moved = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The bars: one for each file that moves, and one for all."""

    bars: Progress
    all: TaskID

    @contextmanager
    def bar(self, one: Chosen) -> Iterator[Moved]:
        """A bar while a file is under way; the function yielded takes bytes and a word behind the name."""
        if self.bars.disable:
            yield lambda _sent, _word: None
            return
        name, last = shown(Path(one.path.name)), 0
        task = self.bars.add_task(name, total=one.size_bytes)

        def moved(sent: int, word: str) -> None:
            nonlocal last
            self.bars.update(task, completed=sent, description=name + word)
            self.bars.advance(self.all, sent - last)
            last = sent

        try:
            yield moved
        finally:
            moved(one.size_bytes, "")
            self.bars.remove_task(task)


@contextmanager
def _drawn(chosen: list[Chosen], *, visible: bool) -> Iterator[Drawn]:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(
        *columns, console=screen.err, disable=not (visible and screen.err.is_terminal), transient=True
    ) as bars:
        total = sum(one.size_bytes for one in chosen)
        yield Drawn(bars, bars.add_task(f"{len(chosen)} files", total=total, visible=len(chosen) > 1))
