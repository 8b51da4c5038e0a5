"""One run of an entry on one file: its child's channel, its messages, its end.

Not for: the zygote that forks it (client.py), nor a child that answers often (session.py). On failure: every end of the child
is an `Outcome`; a call that is cancelled takes its child along.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filemill.chassis.sandbox import messages
from filemill.chassis.sandbox.lines import next_line, parse
from filemill.chassis.sandbox.outcome import Limits, Outcome
from filemill.chassis.sandbox.process import ZygoteProcess
from filemill.chassis.sandbox.verdict import Ended, judge

Progress = Callable[[dict[str, Any]], None]

# After its own deadline the zygote gets this long to report, then it is taken for dead itself.
_ZYGOTE_GRACE_S = 5.0
# A cancelled run is waited for this long, so that its work folder is quiet when `run` returns.
_CANCEL_WAIT_S = 1.0


class OneRun:
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
            writer.write(messages.question(request))
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
