"""The sandbox as a worker sees it: start once, then one call per file that always comes back with an `Outcome`.

For: running one entry (`module:function`) on one file in a confined child, several at once.
Not for: queues and retries (chassis/jobs). On failure: a lost zygote is started again at the next run; only a sandbox
that cannot start at all raises (`SandboxUnavailableError`).
"""

import asyncio
import itertools
import json
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from filemill.chassis.sandbox import messages
from filemill.chassis.sandbox.errors import SandboxUnavailableError
from filemill.chassis.sandbox.lines import next_line, parse
from filemill.chassis.sandbox.outcome import Level, Limits, Outcome
from filemill.chassis.sandbox.process import ZygoteProcess, spawn
from filemill.chassis.sandbox.session import Session
from filemill.chassis.sandbox.verdict import Ended, judge

Progress = Callable[[dict[str, Any]], None]

# After its own deadline the zygote gets this long to report, then it is taken for dead itself.
_ZYGOTE_GRACE_S = 5.0
# A cancelled run is waited for this long, so that its work folder is quiet when `run` returns.
_CANCEL_WAIT_S = 1.0
# Fewer than the user ids a root zygote can hand out.
_CONCURRENT_MAX = 256
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
    ) -> None:
        """`ahead`: while there is work, the child of the next file is forked before it comes."""
        self._entry = entry
        self._preload = tuple(preload)
        self._scratch = scratch.absolute()
        self._required = required
        self._ahead = ahead
        self._zygote: ZygoteProcess | None = None
        self._starting = asyncio.Lock()
        self._room = asyncio.Semaphore(_CONCURRENT_MAX)
        self._run_ids = itertools.count(1)

    async def start(self) -> None:
        """Start the zygote; raise `SandboxUnavailableError` when the walls this machine has are not enough."""
        async with self._starting:
            if self._zygote is None or self._zygote.lost:
                await self._replace()

    async def stop(self) -> None:
        """End the zygote and every child; runs in work come back as `cancelled`."""
        async with self._starting:
            zygote, self._zygote = self._zygote, None
            if zygote is not None:
                await zygote.stop()

    @property
    def level(self) -> Level:
        """How well children are confined; `none` before the start."""
        return self._zygote.level if self._zygote else Level("none")

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
            zygote = await self._living()
            run = _Run(zygote, next(self._run_ids), limits, on_progress)
            return await run.complete(request, source, work_dir)

    async def open(self, *, source: Path, work_dir: Path, limits: Limits) -> Session:
        """Fork a child that answers one question after another with the entry, in memory that stays, until it is closed.

        It may read `source` (a file, or a folder and what is below) and write in `work_dir`; `wall_s` is its whole life.
        """
        source, work_dir = self._prepare(source, work_dir)
        zygote = await self._living()
        return await Session.open(zygote, next(self._run_ids), source, work_dir, limits)

    async def _living(self) -> ZygoteProcess:
        zygote = self._zygote
        if zygote is None or zygote.lost:
            await self.start()
            zygote = self._zygote
        assert zygote is not None
        return zygote

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
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        zygote = await spawn(self._entry, preload=self._preload, scratch=self._scratch, ahead=self._ahead)
        if not zygote.level.has_no_network and self._required == "full":
            await zygote.stop()
            raise SandboxUnavailableError(_NO_WALLS)
        self._zygote = zygote


class _Run:
    """One child: its channel, its messages, its end."""

    def __init__(self, zygote: ZygoteProcess, run_id: int, limits: Limits, on_progress: Progress | None) -> None:
        self._zygote = zygote
        self._run_id = run_id
        self._limits = limits
        self._on_progress = on_progress
        self._too_large = False

    async def complete(self, request: dict[str, Any], source: Path, work_dir: Path) -> Outcome:
        started = time.perf_counter()
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours, limit=messages.LINE_MAX_BYTES)
        with theirs:
            message = messages.run_message(self._run_id, str(source), str(work_dir), self._limits)
            ended = self._zygote.submit(message, theirs)
        hearing = asyncio.create_task(self._hear(reader))
        try:
            writer.write(json.dumps(request).encode() + b"\n")
            writer.write_eof()  # one question
            how = await self._wait_for_end(ended, hearing)
            answer = await hearing
        except BaseException:
            # Cancelled, or on_progress raised: the child must not outlive the call.
            self._zygote.kill_run(self._run_id)
            await asyncio.wait({ended}, timeout=_CANCEL_WAIT_S)
            hearing.cancel()
            raise
        finally:
            writer.close()
        duration_ms = (time.perf_counter() - started) * 1000
        if self._too_large and how is not None:
            how = Ended(how.status, "output-too-large", how.peak_rss_bytes, how.cpu_s, how.stderr)
        return judge(how, answer, self._limits, duration_ms=duration_ms)

    async def _wait_for_end(self, ended: asyncio.Future[Ended | None], hearing: asyncio.Task[Any]) -> Ended | None:
        # asyncio.wait, not await: a cancelled await would cancel the future we still need.
        give_up_at = time.monotonic() + self._limits.wall_s + _ZYGOTE_GRACE_S
        await asyncio.wait({ended, hearing}, timeout=give_up_at - time.monotonic(), return_when=asyncio.FIRST_COMPLETED)
        if hearing.done():
            hearing.result()  # an error of on_progress ends the run now, not when the child pleases
        done, _ = await asyncio.wait({ended}, timeout=max(0.0, give_up_at - time.monotonic()))
        if not done:
            self._zygote.kill()
            await asyncio.wait({ended})
        return ended.result()

    async def _hear(self, reader: asyncio.StreamReader) -> dict[str, Any]:
        """Read the child's lines to their end; return the last that is not progress, bounded in every way."""
        answer: dict[str, Any] = {}
        heard_bytes = 0
        while line := await next_line(reader):
            heard_bytes += len(line)
            if len(line) > messages.LINE_MAX_BYTES or heard_bytes > messages.CHANNEL_MAX_BYTES:
                return self._refuse()
            message = parse(line)
            progress = message.get("progress")
            if not isinstance(progress, dict):
                answer = message
            elif self._on_progress is not None:
                self._on_progress(progress)
        return answer

    def _refuse(self) -> dict[str, Any]:
        self._too_large = True
        self._zygote.kill_run(self._run_id)
        return {}
