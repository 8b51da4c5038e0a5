"""The sandbox as a worker sees it: start once, then one call per file that always comes back with an `Outcome`.

For: running one entry (`module:function`) on one file in a confined child, several at once.
Not for: queues and retries (chassis/jobs). On failure: a lost zygote is started again at the next run; only a sandbox
that cannot start at all raises (`SandboxUnavailableError`). One that may rest (`idle_s`) has no zygote, and takes no memory,
while nobody asks it for anything.
"""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from filemill.chassis import faults
from filemill.chassis.sandbox.errors import SandboxUnavailableError
from filemill.chassis.sandbox.one_run import OneRun, Progress
from filemill.chassis.sandbox.outcome import Level, Limits, Outcome
from filemill.chassis.sandbox.probe import ENTRY as PROBE_ENTRY
from filemill.chassis.sandbox.process import ZygoteProcess, spawn
from filemill.chassis.sandbox.session import Session
from filemill.chassis.telemetry import metrics, spans, tracing

_LOOK_EVERY_S = 0.5
# Fewer than the user ids a root zygote can hand out.
_CONCURRENT_MAX = 256
_TOO_LITTLE_BYTES = 1 << 20
_NO_WALLS = (
    "This machine cannot keep a parser off the network (no seccomp filter). "
    "Set FILEMILL_SANDBOX=reduced to process files without that wall."
)


class Sandbox:
    """One zygote beside one worker process; start it from a thread that lives as long as the process."""

    def __init__(
        self,
        entry: str,
        *,
        preload: Sequence[str] = (),
        scratch: Path,
        required: Literal["full", "reduced"] = "full",
        ahead: bool = False,
        idle_s: float | None = None,
    ) -> None:
        """`ahead`: while there is work, the child of the next file is forked before it comes. `idle_s`: after so long without
        a run `rest` ends the zygote, and the next run starts another.
        """
        self._entry = entry
        self._preload = tuple(preload)
        self._scratch = scratch.absolute()
        self._required = required
        self._ahead = ahead
        self._idle_s = idle_s
        self._users = 0
        self._used_s = time.monotonic()
        self._level = Level("none")
        self._zygote: ZygoteProcess | None = None
        self._ending: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._room = asyncio.Semaphore(_CONCURRENT_MAX)
        self._run_ids = itertools.count(1)

    async def start(self) -> None:
        """Start the zygote; raise `SandboxUnavailableError` when the walls this machine has are not enough."""
        async with self._starting:
            if self._zygote is None or self._zygote.lost:
                await self._replace()

    async def warm_up(self) -> None:
        """Be ready for work that is on its way: what rests is started, and does not rest again before `idle_s`.

        Raises `SandboxUnavailableError`.
        """
        self._used_s = time.monotonic()
        await self.start()

    async def try_out(self) -> None:
        """See whether the walls of this machine are enough, with a zygote that loads nothing and is gone afterwards.

        Raises `SandboxUnavailableError`.
        """
        async with self._starting:
            zygote = await self._spawn(PROBE_ENTRY, ())
            await zygote.stop()

    async def rest(self, look_every_s: float = _LOOK_EVERY_S) -> None:
        """End the zygote whenever nothing ran for `idle_s`, for ever: a loop beside the worker."""
        while True:
            await asyncio.sleep(look_every_s)
            await self._end_idle()

    async def stop(self) -> None:
        """End the zygote and every child; runs in work come back as `cancelled`."""
        async with self._starting:
            zygote, self._zygote = self._zygote, None
            if zygote is not None:
                await zygote.stop()
            if self._ending is not None:
                await self._ending

    @property
    def level(self) -> Level:
        """How well children are confined; `none` before the start."""
        return self._level

    @property
    def zygote_pid(self) -> int | None:
        """The process id of the zygote, for health pages and tests; None before the start."""
        return self._zygote.pid if self._zygote else None

    async def run(
        self,
        request: dict[str, Any],
        *,
        source: Path,
        work_dir: Path,
        limits: Limits,
        on_progress: Progress | None = None,
    ) -> Outcome:
        """Run the entry on one file; `work_dir` (made if missing) must lie inside the scratch folder.

        Cancelling the call kills the child and everything it started within a second.
        """
        source, work_dir = self._prepare(source, work_dir)
        async with self._room:
            self._users += 1  # before the zygote is looked for: it does not end between
            try:
                with tracing.span(spans.SANDBOX, {"filemill.entry": self._entry}) as span:
                    zygote = await self._living()
                    run = OneRun(zygote, next(self._run_ids), _in_force(limits), on_progress)
                    outcome = await run.complete(request, source, work_dir)
                    self._count(outcome, span)
                    return outcome
            finally:
                self._leave()

    def _count(self, outcome: Outcome, span: tracing.Span) -> None:
        """What became of a child; one that was ended, or that ended itself, is what an operator wants to know of."""
        metrics.SANDBOX_RUNS.labels(entry=self._entry, outcome=outcome.state).inc()
        span.note({"filemill.outcome": outcome.state, "filemill.peak_memory_bytes": outcome.peak_rss_bytes})
        if outcome.state != "ok":
            span.fail(outcome.code or outcome.state)

    async def open(self, *, source: Path, work_dir: Path, limits: Limits) -> Session:
        """Fork a child that answers one question after another with the entry, in memory that stays, until it is closed.

        It may read `source` (a file, or a folder and what is below) and write in `work_dir`; `wall_s` is its whole life.
        """
        source, work_dir = self._prepare(source, work_dir)
        self._users += 1
        try:
            zygote = await self._living()
            session = await Session.open(zygote, next(self._run_ids), source, work_dir, _in_force(limits))
        except BaseException:
            self._leave()
            raise
        session.when_over(self._leave)
        return session

    async def _living(self) -> ZygoteProcess:
        zygote = self._zygote
        if zygote is None or zygote.lost:
            await self.start()
            zygote = self._zygote
        assert zygote is not None
        return zygote

    def _leave(self) -> None:
        self._users -= 1
        self._used_s = time.monotonic()

    async def _end_idle(self) -> None:
        async with self._starting:
            is_used = self._users > 0 or self._zygote is None
            if is_used or self._idle_s is None or time.monotonic() - self._used_s < self._idle_s:
                return
            # No await between the look and this: who comes now starts another.
            zygote, self._zygote = self._zygote, None
            if zygote is not None:
                self._ending = asyncio.create_task(zygote.stop())
                await asyncio.shield(self._ending)  # also where the loop is cancelled meanwhile: `stop` waits for it

    def _prepare(self, source: Path, work_dir: Path) -> tuple[Path, Path]:
        work_dir = work_dir.absolute()
        if self._scratch not in work_dir.parents:
            raise ValueError("the work folder of a run must lie inside the sandbox's scratch folder")
        work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return source.absolute(), work_dir

    async def _replace(self) -> None:
        old, self._zygote = self._zygote, None
        if old is not None:
            await old.stop()
        self._zygote = await self._spawn(self._entry, self._preload)

    async def _spawn(self, entry: str, preload: Sequence[str]) -> ZygoteProcess:
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        zygote = await spawn(entry, preload=preload, scratch=self._scratch, ahead=self._ahead)
        if not zygote.level.has_no_network and self._required == "full":
            await zygote.stop()
            raise SandboxUnavailableError(_NO_WALLS)
        self._level = zygote.level
        return zygote


def _in_force(limits: Limits) -> Limits:
    """What a run may use: nothing worth the name while somebody wants to see models die."""
    return replace(limits, memory_bytes=_TOO_LITTLE_BYTES) if faults.is_on("model-crash") else limits
